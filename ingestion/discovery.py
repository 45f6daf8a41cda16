"""The landing folder: which files lie in it, and which table of which system each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.contracts import CONTRACT_SYSTEM, Catalogue, SourceTable, normalise_name
from ingestion.reading import FORMATS, file_format

_MARKERS = re.compile(r"(_data|_export|_part|_?v?\d+|_\d{4}_\d{2}(_\d{2})?)$")


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing folder and the table it belongs to (None: nothing reads it, `reason` says why)."""

    path: Path
    relative: str
    system: str
    table_name: str
    table: SourceTable | None
    reason: str | None = None


def candidate_names(name: str, system: str) -> Iterator[str]:
    """Names under which a folder or file name may be known: without system prefix, date, part number, `_data`, plural s."""
    plain = normalise_name(name)
    seen: set[str] = set()
    waiting = [plain, plain.removeprefix(f"{system}_")]
    while waiting:
        candidate = waiting.pop(0)
        if not candidate or candidate in seen:
            continue
        seen.add(candidate)
        yield candidate
        shorter = _MARKERS.sub("", candidate)
        waiting += [shorter, shorter.removeprefix(f"{system}_"), candidate.removesuffix("s"), f"{candidate}s"]
        if len(seen) > 40:
            return


def discover(landing_dir: Path, catalogue: Catalogue) -> list[LandedFile]:
    """Every file of the landing folder, in the order of their names, with the table each belongs to."""
    found: list[LandedFile] = []
    if not landing_dir.is_dir():
        return found
    known = (*catalogue.systems, *catalogue.mappings)
    for entry in sorted(landing_dir.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            misplaced = "the file lies outside any system's folder: it belongs into landing/<system>/<table>/"
            found.append(LandedFile(entry, entry.name, "unknown", normalise_name(entry.stem), None, misplaced))
            continue
        system = normalise_name(entry.name)
        for path in _files_below(entry):
            relative = path.relative_to(landing_dir)
            inside = relative.parts[1:]
            name = inside[0] if len(inside) > 1 else inside[0].split(".")[0]
            reason: str | None = None
            table = None
            if system not in known:
                reason = f"no connector or mapping is called '{system}'; known are {', '.join(sorted(set(known)))}"
            elif path.is_dir():
                reason = "a directory where a file should be"
            elif path.exists() and not path.is_file():
                reason = "neither a file nor a folder (a pipe, a socket or a device)"
            elif file_format(path) is None:
                reason = f"the ending '{path.suffix}' is none of {', '.join(FORMATS)} (or these with .gz)"
            else:
                table = _table_for(name, system, catalogue)
                if table is None:
                    reason = f"nothing reads a table '{normalise_name(name)}' of '{system}'"
            found.append(
                LandedFile(
                    path, relative.as_posix(), system, table.table if table else normalise_name(name), table, reason
                )
            )
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "mapping.yml":
            continue
        if path.is_dir() and file_format(path) is None:
            yield from _files_below(path)
        else:
            yield path


def _table_for(name: str, system: str, catalogue: Catalogue) -> SourceTable | None:
    tables = [table for table in catalogue.source_tables if table.system == system]
    candidates = list(candidate_names(name, system))
    for candidate in candidates:
        for table in tables:
            if candidate in table.patterns:
                return table
    if system != CONTRACT_SYSTEM and system not in catalogue.mappings:
        return None
    # Files of one's own often carry the name of the company in front; the longest name that fits at the end decides.
    fitting = {
        table.relation: (max(len(pattern) for pattern in table.patterns), table)
        for table in tables
        if any(candidate.endswith(f"_{pattern}") for candidate in candidates for pattern in table.patterns)
    }
    return max(fitting.values(), key=lambda found: found[0])[1] if fitting else None
