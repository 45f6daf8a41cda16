"""What may come in: the input contracts, the vendors' tables and the mappings of other systems.

All three are read from the YAML that dbt itself uses (`models/bronze`, `models/connectors`) and from `mappings/*.yml`, so
that the loader, the command line and dbt cannot disagree.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingestion.quoting import sql_literal

PROJECT_DIR = Path(__file__).resolve().parents[1]
CONTRACT_SYSTEM = "files"
SYSTEM_COLUMNS = ("source_system", "source_table", "source_file", "source_line", "load_id")


class ConfigurationError(Exception):
    """A setting or mapping is wrong; the message names it, its value and what is allowed."""


@dataclass(frozen=True)
class ContractColumn:
    """One column of an input contract."""

    name: str
    data_type: str
    description: str
    required: bool = False
    unit: str | None = None
    example: str | None = None
    accepted: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    personal: bool = False
    minimum: float | None = None
    maximum: float | None = None
    #: A time that cannot lie after the load of its file.
    past_only: bool = False
    #: A time by the clock of a device, which is put right before it is judged.
    device_clock: bool = False


@dataclass(frozen=True)
class Contract:
    """One kind of source row: what a `bronze` table promises and what `landing/files/<name>/` takes."""

    name: str
    domain: str
    kind: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[ContractColumn, ...]
    one_of: tuple[tuple[str, ...], ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class SourceTable:
    """A table that some reader of the landing folder knows: files of it are loaded, others are set aside.

    `patterns` are normalised names (see `normalise_name`) under which its files may lie; `columns` are those that the SQL
    reads and which therefore exist in the landing table even if no file has them.
    """

    system: str
    table: str
    relation: str
    columns: tuple[str, ...]
    patterns: tuple[str, ...]


class MappedColumn(BaseModel):
    """How one column of a contract is filled from a file: a rename, a constant, and little else."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: str | None = Field(default=None, alias="from")
    value: str | int | float | bool | None = None
    values: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    scale: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"from": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> MappedColumn:
        if (self.source is None) == (self.value is None):
            raise ValueError("give either `from` (a column of the file) or `value` (a constant)")
        return self


class MappedTable(BaseModel):
    """One table of a mapped system: which files fill which contract."""

    model_config = ConfigDict(extra="forbid")

    contract: str
    files: str
    columns: dict[str, MappedColumn]


class Mapping(BaseModel):
    """A mapping file: `mappings/<system>.yml`."""

    model_config = ConfigDict(extra="forbid")

    tables: list[MappedTable]


@dataclass(frozen=True)
class Catalogue:
    """Everything the loader knows how to read."""

    contracts: dict[str, Contract]
    source_tables: tuple[SourceTable, ...]
    mappings: dict[str, Mapping] = field(default_factory=dict)

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(sorted({table.system for table in self.source_tables}))


@lru_cache(maxsize=100_000)
def normalise_name(name: str) -> str:
    """Name of a column, table or folder as SQL sees it: lower case, words joined by `_`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.strip())
    return re.sub(r"[\W_]+", "_", spaced.lower()).strip("_") or "column"


def _read_yaml(path: Path) -> Any:
    # libyaml reads ten times as fast; where it is not at hand, Python's reader does.
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.yml"))


def read_contracts(project_dir: Path = PROJECT_DIR) -> dict[str, Contract]:
    """All input contracts, keyed by name, in the order of their domains.

    Raises ConfigurationError when one names a column that it does not have.
    """
    contracts: dict[str, Contract] = {}
    for path in _yaml_files(project_dir / "models" / "bronze"):
        for model in (_read_yaml(path) or {}).get("models", []):
            meta = model.get("config", {}).get("meta", {})
            if "input_contract" not in meta:
                continue
            columns = tuple(
                _contract_column(column, project_dir)
                for column in model["columns"]
                if column["name"] not in SYSTEM_COLUMNS
            )
            contract = Contract(
                name=meta["input_contract"],
                domain=path.parent.name,
                kind=meta["kind"],
                description=" ".join(model["description"].split()),
                grain=tuple(meta["grain"]),
                columns=columns,
                one_of=tuple(tuple(names) for names in meta.get("one_of", ())),
            )
            _check_names(path, contract)
            contracts[contract.name] = contract
    return contracts


def _check_names(path: Path, contract: Contract) -> None:
    """Raise ConfigurationError where `grain`, `one_of` or `otherwise` names what is no column of the contract."""
    known = {*contract.column_names, *SYSTEM_COLUMNS}
    named = [("grain", contract.grain), *(("one_of", names) for names in contract.one_of)]
    named += [
        (f"otherwise of {column.name}", tuple(name for name in column.otherwise if not re.fullmatch("'[^']*'", name)))
        for column in contract.columns
    ]
    for setting, names in named:
        for name in names:
            if name not in known:
                raise ConfigurationError(
                    f"{path}: {setting} names {name}, which is no column of the contract '{contract.name}'; it has "
                    f"{', '.join(contract.column_names)}."
                )


def _contract_column(column: dict[str, Any], project_dir: Path) -> ContractColumn:
    config = column.get("config", {})
    meta = config.get("meta", {})
    return ContractColumn(
        name=column["name"],
        data_type=column["data_type"],
        description=_resolve_doc(column.get("description", ""), project_dir),
        required=bool(meta.get("required", False)),
        unit=meta.get("unit"),
        example=None if meta.get("example") is None else str(meta["example"]),
        accepted=tuple(meta.get("accepted", ())),
        otherwise=tuple(meta.get("otherwise", ())),
        personal="personal_data" in config.get("tags", []),
        minimum=meta.get("min"),
        maximum=meta.get("max"),
        past_only=bool(meta.get("past_only", False)),
        device_clock="device_clock" in meta,
    )


def _resolve_doc(description: str, project_dir: Path) -> str:
    match = re.fullmatch(r"\s*\{\{\s*doc\('(\w+)'\)\s*\}\}\s*", description)
    if match:
        shared = (project_dir / "models" / "bronze" / "shared_columns.md").read_text()
        block = re.search(rf"\{{% docs {match.group(1)} %\}}(.*?)\{{% enddocs %\}}", shared, re.S)
        description = block.group(1) if block else ""
    return " ".join(description.split())


def project_variables(project_dir: Path = PROJECT_DIR) -> dict[str, Any]:
    """The dbt variables of the project, as dbt_project.yml has them; a run's `--vars` are not in it."""
    return dict(_read_yaml(project_dir / "dbt_project.yml")["vars"])


def current_catalogue() -> Catalogue:
    """What the loader reads by; the environment variable MAPPINGS_DIR names another folder of mappings.

    Raises ConfigurationError as `read_catalogue` does.
    """
    mappings = os.environ.get("MAPPINGS_DIR")
    return read_catalogue(mappings_dir=Path(mappings) if mappings else None)


def read_catalogue(project_dir: Path = PROJECT_DIR, mappings_dir: Path | None = None) -> Catalogue:
    """The contracts, the tables of every connector and the mapped systems.

    Raises ConfigurationError when a mapping names a contract or column that does not exist.
    """
    contracts = read_contracts(project_dir)
    tables = [
        SourceTable(CONTRACT_SYSTEM, name, f"{CONTRACT_SYSTEM}__{name}", contract.column_names, (name,))
        for name, contract in contracts.items()
    ]
    for path in _yaml_files(project_dir / "models" / "connectors"):
        for source in (_read_yaml(path) or {}).get("sources", []):
            if source["name"] == CONTRACT_SYSTEM:
                continue
            for table in source["tables"]:
                aliases = table.get("config", {}).get("meta", {}).get("aliases", [])
                tables.append(
                    SourceTable(
                        source["name"],
                        table["name"],
                        table["identifier"],
                        tuple(column["name"] for column in table.get("columns", [])),
                        (table["name"], *aliases),
                    )
                )
    mappings = read_mappings(mappings_dir or project_dir / "mappings", contracts, {table.system for table in tables})
    for system, mapping in mappings.items():
        for mapped in mapping.tables:
            used = {column.source for column in mapped.columns.values() if column.source}
            tables.append(
                SourceTable(
                    system,
                    normalise_name(mapped.files),
                    f"{system}__{normalise_name(mapped.files)}",
                    tuple(sorted(normalise_name(name) for name in used)),
                    (normalise_name(mapped.files),),
                )
            )
    return Catalogue(contracts, tuple(tables), mappings)


def read_mappings(folder: Path, contracts: dict[str, Contract], taken: set[str]) -> dict[str, Mapping]:
    """The mapped systems, keyed by system: every `<system>.yml` of the folder."""
    return {path.stem: read_mapping(path, contracts, taken) for path in sorted(folder.glob("*.yml"))}


def read_mapping(path: Path, contracts: dict[str, Contract], taken: set[str]) -> Mapping:
    """One mapping file, checked against the contracts."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        raise ConfigurationError(
            f"{path}: the name of a mapping file is the name of the system and may hold lower-case letters, digits and _ "
            f"only, beginning with a letter; it is '{path.stem}'."
        )
    if path.stem in taken:
        raise ConfigurationError(f"{path}: '{path.stem}' is a connector's name; choose another name for the system.")
    try:
        mapping = Mapping.model_validate(_read_yaml(path) or {})
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:5]]
        raise ConfigurationError(f"{path}: {'; '.join(faults)}.") from error
    seen: set[str] = set()
    for table in mapping.tables:
        if table.contract not in contracts:
            raise ConfigurationError(
                f"{path}: contract '{table.contract}' does not exist; it may be one of {', '.join(sorted(contracts))}."
            )
        unknown = sorted(set(table.columns) - set(contracts[table.contract].column_names))
        if unknown:
            raise ConfigurationError(
                f"{path}: contract '{table.contract}' has no column {', '.join(unknown)}; it has "
                f"{', '.join(contracts[table.contract].column_names)}."
            )
        if normalise_name(table.files) in seen:
            raise ConfigurationError(
                f"{path}: files '{table.files}' are mapped twice; one set of files fills one contract."
            )
        seen.add(normalise_name(table.files))
    return mapping


def mapped_expression(column: MappedColumn) -> str:
    """SQL that fills a contract column from the landing table of a mapped system, as text.

    What cannot be read by `format` or `scale` stays as it came, so that the contract sets it aside with its value.
    """
    if column.source is None:
        return sql_literal(str(column.value).lower() if isinstance(column.value, bool) else str(column.value))
    expression = f'"{normalise_name(column.source)}"'
    if column.values:
        cases = " ".join(
            f"when lower(trim({expression})) = {sql_literal(old.lower())} then {sql_literal(new)}"
            for old, new in column.values.items()
        )
        expression = f"case {cases} else {expression} end"
    if column.format:
        expression = (
            f"coalesce(cast(try_strptime(trim({expression}), {sql_literal(column.format)}) as varchar), {expression})"
        )
    if column.scale is not None:
        scaled = f"cast(try_cast({expression} as decimal(24, 6)) * {column.scale} as decimal(24, 6))"
        expression = f"coalesce(cast({scaled} as varchar), {expression})"
    return expression
