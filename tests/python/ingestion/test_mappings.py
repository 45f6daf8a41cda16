"""A wrong mapping is told before anything is loaded: which file, what stands there, what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import ConfigurationError, read_catalogue

GOOD = "tables: [{contract: accounts, files: accounts, columns: {customer_id: id}}]"
# name of the file, its text, words of the message
WRONG = {
    "unknown contract": (
        "acme.yml", "tables: [{contract: custmers, files: a, columns: {customer_id: id}}]", ["contract 'custmers' does not exist", "accounts", "users"],
    ),
    "unknown column": (
        "acme.yml", "tables: [{contract: accounts, files: a, columns: {custmer_id: id}}]", ["'accounts' has no column custmer_id", "customer_id"],
    ),
    "from and value": (
        "acme.yml", "tables: [{contract: accounts, files: a, columns: {customer_id: {from: id, value: 1}}}]", ["customer_id", "either `from`", "or `value`"],
    ),
    "neither from nor value": (
        "acme.yml", "tables: [{contract: accounts, files: a, columns: {customer_id: {format: '%d'}}}]", ["customer_id", "either `from`"],
    ),
    "unknown key": ("acme.yml", GOOD.replace("columns", "colums"), ["colums"]),
    "no table": ("acme.yml", "", ["tables", "required"]),
    "a list": ("acme.yml", "- contract: accounts\n", ["dictionary"]),
    "one set of files for two contracts": (
        "acme.yml",
        "tables: [{contract: accounts, files: a, columns: {customer_id: id}}, {contract: users, files: A, columns: {user_id: id}}]",
        ["files 'A' are mapped twice"],
    ),
    "bad YAML": ("acme.yml", "tables: [{", ["not valid YAML"]),
    "tab in YAML": ("acme.yml", "tables:\n\t- contract: accounts\n", ["not valid YAML"]),
    "name of a connector": ("stripe.yml", GOOD, ["'stripe' is a connector's name"]),
    "name of the contracts' folder": ("files.yml", GOOD, ["'files' is a connector's name"]),
    "name that is no identifier": ("my-crm.yml", GOOD, ["it is 'my-crm'", "lower-case letters"]),
    "not UTF-8": ("acme.yml", b"# M\xfcller\n" + GOOD.encode(), ["UTF-8"]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_mapping_says_what_is_wrong_and_what_may_be(
    tmp_path: Path, name: str, text: str | bytes, words: list[str]
) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(mappings_dir=tmp_path)
    for word in [name, *words]:
        assert word in str(caught.value)


@pytest.fixture
def remap(tmp_path: Path) -> Callable[[Any, str], None]:
    """Puts a mapping of the system `acme` in place of the one before."""

    def put(landing: Any, text: str) -> None:
        (tmp_path / "mappings").mkdir(exist_ok=True)
        (tmp_path / "mappings" / "acme.yml").write_text(text)
        landing.catalogue = read_catalogue(mappings_dir=tmp_path / "mappings")

    return put


def test_a_file_nobody_read_is_loaded_once_a_mapping_comes(landing: Any, remap: Callable[[Any, str], None]) -> None:
    landing.put("acme/accounts.csv", "id\n1\n2\n")
    landing.load()
    assert landing.file("acme/accounts.csv")["status"] == "not_read"
    assert landing.file("acme/accounts.csv")["rows_landed"] == 2
    remap(landing, GOOD)
    landing.load()
    assert landing.file("acme/accounts.csv")["status"] == "loaded"
    assert landing.rows("acme__accounts") == [(2, "1"), (3, "2")]


def test_a_file_set_aside_for_a_wrong_mapping_is_loaded_once_the_mapping_is_mended(
    landing: Any, remap: Callable[[Any, str], None]
) -> None:
    landing.put("acme/accounts.csv", "id\n1\n2\n")
    remap(landing, GOOD.replace(": id}", ": account_no}"))
    landing.load()
    assert "names none of the columns" in landing.file("acme/accounts.csv")["reason"]
    remap(landing, GOOD)
    landing.load()
    assert landing.file("acme/accounts.csv")["status"] == "loaded"


def test_files_follow_when_a_mapping_gives_them_another_table(landing: Any, remap: Callable[[Any, str], None]) -> None:
    landing.put("acme/accounts/2026.csv", "id\n1\n2\n")
    remap(landing, GOOD)
    landing.load()
    remap(landing, GOOD.replace("files: accounts", "files: account"))
    landing.load()
    assert [row[1] for row in landing.rows("acme__account")] == ["1", "2"]


def test_something_may_stand_in_front_of_a_file_name(landing: Any, remap: Callable[[Any, str], None]) -> None:
    landing.put("acme/acmecorp_accounts.csv", "id\n1\n")
    landing.put("acme/accounts_of_others.csv", "id\n2\n")
    remap(landing, GOOD)
    landing.load()
    assert landing.rows("acme__accounts") == [(2, "1")]
    assert landing.file("acme/accounts_of_others.csv")["status"] == "not_read"
