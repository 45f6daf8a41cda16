"""The doctor finds what is wrong, names it and what to do, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from command_line.main import app
from ingestion.contracts import PROJECT_DIR
from operations import doctor
from operations.doctor import Finding, ago, examine, variable_problems
from operations.freshness import freshness
from tests.python.operations.conftest import DAMAGES, contents


def found(data: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine(data)}


def test_a_sound_folder(data: Path) -> None:
    before = contents(data)
    findings = examine(data)
    assert contents(data) == before
    assert {finding.check for finding in findings if finding.status == "fail"} == set()
    assert {finding.check for finding in findings if finding.status == "warn"} <= {"backups", "disk", "packages"}
    assert all(finding.to_do for finding in findings if finding.status != "ok")
    result = CliRunner().invoke(app, ["doctor", "--json", "--data-dir", str(data)])
    assert [check["check"] for check in json.loads(result.stdout)["checks"]] == [one.check for one in findings]
    assert result.exit_code == 0


def _poke_release(data: Path) -> None:
    path = next((data / "published" / "releases").glob("2*")) / "release.json"
    path.write_text(path.read_text().replace('"entity.entity_customers": 1', '"entity.entity_customers": 7'))


def _cut_release(data: Path) -> None:
    path = next((data / "published" / "releases").glob("2*")) / "marts.duckdb"
    path.write_bytes(path.read_bytes()[:5000])


def _tear_release(data: Path) -> None:
    (data / "published" / "current" / "release.json").write_text('{"rel')


def _date_release(time: datetime) -> Callable[[Path], None]:
    def change(data: Path) -> None:
        path = next((data / "published" / "releases").glob("2*")) / "release.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "published_at": time.isoformat()}))

    return change


def _unread(data: Path) -> None:
    (data / "landing" / "loose.csv").write_text("a\n1\n")


WRONG: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    **{f"warehouse {name}": (lambda data, name=name: DAMAGES[name](data / "warehouse.duckdb"), "warehouse", "fail", "is damaged") for name in ("truncated", "empty", "log")},
    "rows": (_poke_release, "releases", "fail", "has 1 rows, release.json says 7"),
    "cut": (_cut_release, "releases", "fail", "marts.duckdb"),
    "torn": (_tear_release, "release", "fail", "cannot be read"),
    "clock": (_date_release(datetime.now(UTC) + timedelta(days=2)), "clock", "fail", "the release that is out"),
    "late": (_date_release(datetime.now(UTC) - timedelta(days=20)), "release", "warn", "published 20 days ago"),
    "killed": (lambda data: (data / "published" / "releases" / ".20260101T000000-000000").mkdir(), "leftovers", "warn", "killed"),
    "unread": (_unread, "landing", "warn", "nobody reads 1 of 2 files"),
    "changed": (lambda data: (data / "landing/files/accounts/accounts.csv").write_text("customer_id\n"), "register", "warn", "1 changed"),
    "gone": (lambda data: (data / "landing/files/accounts/accounts.csv").rename(data / "landing/files/accounts/b.csv"), "register", "warn", "1 new (files/accounts/b.csv), 1 no longer there"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found(data: Path, name: str) -> None:
    harm, check, status, words = WRONG[name]
    harm(data)
    # The one check that is meant: all of them take seconds.
    examined = {"register": "landing", "release": "releases"}.get(check, check)
    (finding,) = [one for one in getattr(doctor, f"_{examined}")(data) if one.check == check]
    assert (finding.status, words in finding.found, bool(finding.to_do)) == (status, True, True), finding


def test_no_folder_at_all(tmp_path: Path) -> None:
    findings = examine(tmp_path / "nothing")
    assert "fail" not in {finding.status for finding in findings if finding.check not in ("packages", "disk")}
    assert not (tmp_path / "nothing").exists()


def test_who_has_the_warehouse_open(data: Path) -> None:
    code = "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(data / "warehouse.duckdb")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline()
        findings = found(data)
        assert f"process {process.pid}" in findings["locks"].found
        assert findings["warehouse"].status == "ok"
        assert "fail" not in {finding.status for finding in findings.values()}
    finally:
        process.kill()
        process.wait()


def test_variables_are_judged_as_a_run_judges_them(tmp_path: Path) -> None:
    assert variable_problems(PROJECT_DIR) == []
    (tmp_path / "macros").symlink_to(PROJECT_DIR / "macros")
    settings = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())
    settings["vars"] |= {"session_timeout_minutes": 0, "as_of": "2026-02-31", "keep_log_days": None, "sesion": 1}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    problems = " ".join(variable_problems(tmp_path))
    for words in (
        *("'session_timeout_minutes' is 0; it must be a whole number from 1 to 1440", "'as_of' is"),
        *("'keep_log_days' is empty", "'sesion' does not exist"),
    ):
        assert words in problems


def test_packages_that_are_not_as_locked(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = doctor.locked_versions(PROJECT_DIR / "requirements.lock")
    assert wanted["duckdb"] == duckdb.__version__
    assert "psutil" not in wanted or sys.platform == "win32"
    monkeypatch.setattr(doctor, "locked_versions", lambda lock: {**wanted, "duckdb": "9.9.9"})
    (finding,) = doctor._packages(data)
    assert (finding.status, finding.to_do) == ("fail", "make setup")
    assert f"duckdb is {duckdb.__version__}, not 9.9.9" in finding.found


def test_nothing_was_published_hours_from_now() -> None:
    assert ago(timedelta(hours=3)) == "3 hours ago"
    assert ago(timedelta(seconds=-2)) == "0 seconds ago"
    assert ago(timedelta(hours=-3)).startswith("3 hours ahead of this machine's clock")


@pytest.mark.parametrize(("hours", "overdue"), [(30, False), (50, True)])
def test_freshness_is_beside_what_is_usual(data: Path, hours: int, overdue: bool) -> None:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        (one,) = freshness(con, datetime(2026, 10, 31, tzinfo=UTC) + timedelta(hours=hours))
    assert (one.name, one.usual, one.overdue) == ("customer_success", timedelta(days=1), overdue)
