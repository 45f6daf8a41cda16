"""What holds for every file under version control."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from ingestion.contracts import read_contracts
from tests.python.project.conftest import PROJECT_DIR
from tests.python.project.layering import clock_reads, target_reads

# Put together here, so that this file does not name what it forbids.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmjs", "com"),
        ("anaconda", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("rubygems", "org"),
        ("repo1", "maven", "org"),
        ("hub", "getdbt", "com"),
        ("ghcr", "io"),
        ("docker", "io"),
    )
)
HOST = re.compile(r"(?<![\w-])(?:[\w-]+\.)*(?:" + "|".join(map(re.escape, HOSTS)) + r")\b", re.IGNORECASE)
OUTSIDE = re.compile(r"\.\./" + r"shared\b|/work/" + r"shared\b")
MAY_NAME_THE_OUTSIDE = {".ci/run"}
LETTERS = {".sql", ".py", ".md", ".yml", ".yaml", ".toml", ".cfg", ".sh", ".txt", ".lock", ".csv", ".json", ".html", ""}


def tracked() -> list[Path]:
    """Files under version control, and those that would be with the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [PROJECT_DIR / name for name in listed.split("\0") if name and (PROJECT_DIR / name).is_file()]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(PROJECT_DIR)}:{number}: {line.strip()[:120]}"
        for path in paths
        if path.suffix in LETTERS
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def sql_files(*folders: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".sql" and path.relative_to(PROJECT_DIR).parts[0] in folders]


def test_there_are_files_to_look_at() -> None:
    assert len(tracked()) > 100


def test_no_file_names_a_package_registry() -> None:
    wrong = lines_with(HOST, tracked())
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_registry_is_found() -> None:
    assert all(HOST.search(f"index-url = https://{host}/simple") for host in HOSTS)
    assert HOST.search("https://files." + HOSTS[1])
    assert not HOST.search("docs.example.org, crates_io, pypi")


def test_only_the_ci_script_names_what_lies_outside_the_repository() -> None:
    wrong = lines_with(
        OUTSIDE, [path for path in tracked() if str(path.relative_to(PROJECT_DIR)) not in MAY_NAME_THE_OUTSIDE]
    )
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_sql_reads_the_clock() -> None:
    files = sql_files("models", "macros", "tests")
    assert len(files) > 60
    wrong = [f"{path.relative_to(PROJECT_DIR)}: {read}" for path in files for read in clock_reads(path.read_text())]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_sql_is_chosen_by_the_engine() -> None:
    wrong = [
        f"{path.relative_to(PROJECT_DIR)}: {read}"
        for path in sql_files("models", "macros", "tests")
        for read in target_reads(path.read_text())
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_there_is_no_dbt_model_in_python() -> None:
    assert not [
        path for path in tracked() if path.suffix == ".py" and path.relative_to(PROJECT_DIR).parts[0] == "models"
    ]


def without_jinja_comments(text: str) -> str:
    """The text with its line numbers kept."""
    return re.sub(r"\{#.*?#\}", lambda comment: "\n" * comment.group(0).count("\n"), text, flags=re.S)


def test_sql_is_indented_in_steps_of_four_spaces() -> None:
    wrong = [
        f"{path.relative_to(PROJECT_DIR)}:{number}"
        for path in sql_files("models", "macros", "tests")
        for number, line in enumerate(without_jinja_comments(path.read_text()).splitlines(), 1)
        if "\t" in line or (line.strip() and (len(line) - len(line.lstrip(" "))) % 4)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_line_of_sql_is_longer_than_160_characters() -> None:
    wrong = [
        f"{path.relative_to(PROJECT_DIR)}:{number}: {len(line)}"
        for path in sql_files("models", "tests")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert not wrong, "\n" + "\n".join(wrong)


#: Two spaces where one would do, a space before a comma or at the end, none behind a comma or on a side of an operator.
SPACING = re.compile(r"\S\s{2,}\S|\s,|\s$|,\S|\w(?:[<>!]?=|<>|<|>|\|\||\+|/)|(?:[<>!]?=|<>|[^-]>|<|\|\||\+|/)\w")
#: What has spacing of its own: what is written for Jinja, strings and comments.
ELSEWHERE = re.compile(r"\{\{ config\(.*?\) \}\}\n|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|'(?:[^']|'')*'|--[^\n]*", re.S)


def badly_spaced(sql: str) -> list[int]:
    """Numbers of the lines."""
    bare = ELSEWHERE.sub(lambda found: "x" + "\n" * found.group(0).count("\n"), sql)
    return [number for number, line in enumerate(bare.splitlines(), 1) if SPACING.search(line)]


@pytest.mark.parametrize("sql", ["a  as b", "a , b", "a,b", "a =b", "a= b", "a<> b", "a||b", "f(x) ", "x +y"])
def test_bad_spacing_is_seen(sql: str) -> None:
    assert badly_spaced(f"select\n    {sql}\nfrom t") == [2]


@pytest.mark.parametrize(
    "sql", ["a - b, -1", "count(*)", "'a,b  c' || x", "{{ f(a=1,  b) }}", "a -> 'b'", "x::int", "a >= b -- a,  b"]
)
def test_good_spacing_is_not(sql: str) -> None:
    assert badly_spaced(f"select\n    {sql}\nfrom t") == []


def test_sql_is_spaced() -> None:
    files = sql_files("models", "tests")
    wrong = [f"{path.relative_to(PROJECT_DIR)}:{number}" for path in files for number in badly_spaced(path.read_text())]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CONTRIBUTING.md", "pyproject.toml", "Makefile", ".ci/run"])
def test_what_a_reader_looks_for_is_there(name: str) -> None:
    assert (PROJECT_DIR / name).is_file()


def test_personal_data_is_tagged_wherever_it_goes() -> None:
    columns = [
        (path.name, model["name"], column["name"], "personal_data" in column.get("config", {}).get("tags", []))
        for path in sorted((PROJECT_DIR / "models").rglob("*.yml"))
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", [])
        for column in model.get("columns", [])
        if path.parent.parent.name != "connectors"
    ]
    personal = {name for _, _, name, tagged in columns if tagged}
    assert {"email", "full_name", "customer_name", "page_url", "landed_record"} <= personal
    assert [column for column in columns if column[2] in personal and not column[3]] == []


def test_connectors_tag_what_the_contract_calls_personal() -> None:
    personal = {
        (name, column.name)
        for name, contract in read_contracts(PROJECT_DIR).items()
        for column in contract.columns
        if column.personal
    }
    columns = [
        (model["name"], column["name"], "personal_data" in column.get("config", {}).get("tags", []))
        for path in sorted((PROJECT_DIR / "models" / "connectors").rglob("*__*.yml"))
        if not path.name.startswith("_")
        for model in yaml.safe_load(path.read_text())["models"]
        for column in model["columns"]
    ]
    assert sum(tagged for _, _, tagged in columns) > 30
    assert [row for row in columns if row[2] != ((row[0].split("__")[1], row[1]) in personal)] == []
