"""A file that is held back stays out, in whatever order things are tried, until it is replaced, taken out, or accepted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest

from command_line.quality_commands import QualityError, accept_results
from data_quality.acceptance import acceptance_file, accepted_ids
from data_quality.holding import HELD
from data_quality.runner import QualityReport, check_landing, check_marts
from ingestion.contracts import current_catalogue
from ingestion.landing import ingest
from tests.python.data_quality.conftest import NEXT, Flow, accounts, as_csv

FEW = 7


def _held(flow: Flow) -> list[tuple[str, int, int]]:
    return flow.query(
        f"select source_file, rows_landed, rows_unreadable from landing.files where status = 'quarantined' and reason like '{HELD}%'"
    )


def _landed(flow: Flow) -> int:
    """Rows of the new month that a build would see."""
    return flow.query(
        "select count(*) from landing.files__accounts inner join landing.files on file_id = landed_file_id "
        f"where path like '%{NEXT}%'"
    )[0][0]


def _plain_load(flow: Flow) -> None:
    """What a plain `dbt build` does first."""
    with duckdb.connect(str(flow.data / "warehouse.duckdb")) as con:
        ingest(con, flow.data / "landing", current_catalogue())


def _ids(report: QualityReport) -> set[str | None]:
    return {one.accept_id for one in report.blocking}


@pytest.fixture
def poisoned(flow: Flow) -> tuple[Flow, Path, QualityReport]:
    """A flow whose last export of accounts is nearly empty."""
    path = flow.put("files/accounts", NEXT, accounts(NEXT)[:FEW])
    return flow, path, flow.check()


def test_it_blocks_until_it_is_replaced(poisoned: tuple[Flow, Path, QualityReport]) -> None:
    flow, path, report = poisoned
    assert [one.expectation for one in report.blocking] == ["rows_not_collapsed"]
    # Nothing of it is there to be built, and the ledger's sum stays right: what landed was set aside.
    assert _landed(flow) == 0
    assert _held(flow) == [(f"files/accounts/accounts_{NEXT}.csv", FEW, FEW)]
    _plain_load(flow)
    os.utime(path, (1, 1))
    again = flow.check()
    assert _ids(again) == _ids(report) and again.message == report.message
    assert _landed(flow) == 0
    path.write_text(as_csv(accounts(NEXT)))
    assert flow.check().blocking == []
    assert _landed(flow) == len(accounts(NEXT))
    assert _held(flow) == []


def test_it_blocks_while_it_lies_there(poisoned: tuple[Flow, Path, QualityReport], tmp_path: Path) -> None:
    flow, path, report = poisoned
    path.rename(tmp_path / "aside.csv")
    assert flow.check().blocking == []
    # It came in and was counted: the register still says so.
    assert len(_held(flow)) == 1
    (tmp_path / "aside.csv").rename(path)
    assert _ids(flow.check()) == _ids(report)
    assert _landed(flow) == 0


def test_it_is_let_in_if_somebody_accepts_it(poisoned: tuple[Flow, Path, QualityReport]) -> None:
    flow, path, report = poisoned
    (one,) = _ids(report)
    assert one
    with pytest.raises(QualityError, match="no failed expectation with the id 0123"):
        accept_results(flow.data, ["0123"], "maria", "")
    acceptance_file(flow.data).parent.mkdir(parents=True)
    acceptance_file(flow.data).write_text('{"half a line')
    (said,) = accept_results(flow.data, [one], "maria", "we sold the rest")
    assert "maria accepts rows_not_collapsed" in said
    assert accepted_ids(flow.data) == {one: "maria"}
    assert json.loads(acceptance_file(flow.data).read_text().splitlines()[1])["note"] == "we sold the rest"
    accepted = flow.check()
    assert accepted.blocking == []
    assert [(result.success, result.is_accepted) for result in accepted.results if result.accept_id == one] == [
        (False, True)
    ]
    assert _landed(flow) == FEW
    # It stays accepted, and once it is published nobody asks again.
    assert flow.check().blocking == []
    flow.publish()
    assert flow.check().results == []
    # Other content is another matter.
    path.write_text(as_csv([{**row, "customer_id": "acc-0001"} for row in accounts(NEXT)]))
    assert flow.check().blocking and one not in _ids(flow.check())


def test_other_limits_let_it_in(
    poisoned: tuple[Flow, Path, QualityReport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from data_quality import settings

    flow, _, _ = poisoned
    text = settings.SETTINGS_FILE.read_text().replace(
        "severity: blocking\n    share_of_smallest: 0.1",
        "severity: blocking\n    share_of_smallest: 0.1\n    tables: {files__accounts: {share_of_smallest: 0.02}}",
    )
    (tmp_path / "expectations.yml").write_text(text)
    changed = settings.read_settings(tmp_path / "expectations.yml")
    monkeypatch.setattr("data_quality.runner.read_settings", lambda: changed)
    assert flow.check().blocking == []
    assert _landed(flow) == FEW


def test_what_was_built_unjudged_is_not_published(flow: Flow) -> None:
    flow.put("files/accounts", NEXT, accounts(NEXT)[:FEW])
    _plain_load(flow)
    load_id = flow.query("select max(load_id) from landing.files")[0][0]
    flow.query("create schema bronze")
    flow.query(f"create table bronze.accounts as select {load_id} as load_id")
    report = check_marts(flow.data)
    assert "rows_not_collapsed" in {one.expectation for one in report.blocking if one.boundary == "landing"}
    assert report.needs_rebuild and "--full-refresh" in report.message
    # The next build asks for a rebuild: the rows are gone from landing, but not from what was built of them.
    assert flow.query("select setting from landing.build_settings where name = 'unfinished_rebuild'") == [("true",)]
    assert _landed(flow) == 0
    assert check_landing(flow.data, load=False).blocking
