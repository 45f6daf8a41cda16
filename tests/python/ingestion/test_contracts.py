"""A contract may only name columns that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.contracts import ConfigurationError, read_contracts

CONTRACT = """
models:
  - name: bronze__things
    description: "Things."
    config: {meta: {input_contract: things, kind: entity, grain: [source_system, thing_id], one_of: [[thing_id, owner_id]]}}
    columns:
      - {name: thing_id, data_type: varchar}
      - {name: owner_id, data_type: varchar, config: {meta: {otherwise: [source_system, thing_id, "'nobody'"]}}}
"""


def read(folder: Path, text: str) -> None:
    (folder / "models/bronze/things").mkdir(parents=True)
    (folder / "models/bronze/things/bronze__things.yml").write_text(text)
    contract = read_contracts(folder)["things"]
    assert contract.one_of == (("thing_id", "owner_id"),)
    assert contract.columns[1].otherwise == ("source_system", "thing_id", "'nobody'")


def test_a_contract_is_read(tmp_path: Path) -> None:
    read(tmp_path, CONTRACT)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[source_system, thing_id],", "[source_system, thing],", "grain names thing,"),
        ("[[thing_id, owner_id]]", "[[thing_id, owner]]", "one_of names owner,"),
        ("\"'nobody'\"", "nobody", "otherwise of owner_id names nobody,"),
    ],
)
def test_a_name_that_is_no_column_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert CONTRACT.count(old) == 1
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path, CONTRACT.replace(old, new))
