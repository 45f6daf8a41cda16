"""Reports over releases that are laid out by hand: their numbers, what they say when there is nothing, and names that would break a document."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
import yaml

from publishing.reading import open_release
from reporting.contents import Chart, Column
from reporting.drawing import draw
from reporting.reports import FORMATS, REPORTS, ReportError, mail_report, write_report
from tests.python.alerting.conftest import Mailbox, mailbox  # noqa: F401

EVIL = [
    "=1+1",
    "<script>alert(1)</script> & \"Sons' #let x = 1",
    "X" * 300,
    "漢字 😀 مرحبا $x_1$ $",
    "a\x00b\x1b",
    "@SUM(A1)",
    "#panic() *bold* _it_ \\ `code`",
]
SCHEMA = """
create schema entity; create schema metrics; create schema gold; create schema reference;
create table reference.score_bands as from (values ('health', 'Healthy', 80), ('health', 'Neutral', 60), ('health', 'At Risk', 40), ('health', 'Critical', 0))
    as bands (score, band, lower_bound);
create table reference.alert_rules (rule varchar, is_on boolean);
create table entity.entity_customers (customer_id varchar, customer_name varchar, customer_tier varchar, csm_owner varchar, is_active boolean,
    monthly_recurring_revenue decimal(18, 4), health_category varchar, renewal_date date);
create table entity.entity_customers_daily (customer_id varchar, date date, is_customer boolean, customer_health_score double);
create table gold.fct_score_contributions (score varchar, customer_id varchar, date_day date, signal varchar, contribution double);
create table metrics.churn_risk_report (place bigint, customer_id varchar, customer_name varchar, customer_tier varchar, csm_owner varchar,
    monthly_recurring_revenue decimal(18, 4), renewal_date date, churn_risk_score double, churn_risk_change_30d double, health_score double,
    first_reason varchar, recommended_action varchar);
create table metrics.next_best_action (customer_id varchar, words varchar, leaving_probability double, probability_from varchar);
create table metrics.alerts (alert_key varchar, rule varchar, title varchar, severity varchar, customer_id varchar, holds_since date, holds boolean);
create table metrics.revenue (month date, is_complete boolean, opening_mrr decimal(18, 4), new_mrr decimal(18, 4), expansion_mrr decimal(18, 4),
    reactivation_mrr decimal(18, 4), contraction_mrr decimal(18, 4), churned_mrr decimal(18, 4), closing_mrr decimal(18, 4), arr decimal(18, 4),
    net_revenue_retention_12m double, gross_revenue_retention_12m double, logo_churn_rate double, closing_customers bigint);
create table metrics.executive_report (month date, avg_health_score double, nps_score double);
create table metrics.cohort_retention_report (cohort_month date, months_since bigint, accounts bigint, first_mrr decimal(18, 4), net_revenue_retention double);
"""
Lay = Callable[..., Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """A data folder with a release of these statements."""

    def make(*statements: str, parameters: Any = None) -> Path:
        folder = tmp_path / "published"
        folder.mkdir()
        with duckdb.connect(str(folder / "marts.duckdb")) as con:
            con.execute(SCHEMA)
            for statement in statements:
                con.execute(statement)
            if parameters:
                con.executemany(
                    "insert into entity.entity_customers values (?, ?, 'SMB', ?, true, 100, 'Critical', '2026-11-15')", parameters
                )  # fmt: skip
                con.execute(
                    "insert into metrics.churn_risk_report select row_number() over (order by customer_id), customer_id, customer_name, customer_tier, "
                    "csm_owner, monthly_recurring_revenue, renewal_date, 70, 5, 30, customer_name, customer_name from entity.entity_customers"
                )
                con.execute(
                    "insert into metrics.next_best_action select customer_id, customer_name, 0.5, 'model' from entity.entity_customers"
                )
                con.execute(
                    "insert into entity.entity_customers_daily select customer_id, day, true, score from entity.entity_customers "
                    "cross join (values (date '2026-10-24', 62.0), (date '2026-10-31', 30.0)) as days (day, score)"
                )
        (folder / "release.json").write_text(
            json.dumps({"release_id": "20261101T000000-000001", "as_of": "2026-10-31 23:24:48"})
        )
        return tmp_path

    return make


class Words(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def read_page(path: Path) -> Words:
    page = Words()
    page.feed(path.read_text())
    return page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("at_risk_accounts", "There are no customers yet, so nobody is at risk."),
        ("health_changes", "so nothing can be compared"),
        ("retention", "Nobody has paid yet"),
    ],
)
def test_an_empty_company_is_told_in_words(lay: Lay, name: str, words: str) -> None:
    page, document, workbook = write_report(lay(), name)
    assert words in " ".join(read_page(page).words)
    assert document.read_bytes().startswith(b"%PDF")
    assert words in str(openpyxl.load_workbook(workbook)["Summary"]["A3"].value)


def test_nobody_at_risk_is_told_in_words(lay: Lay) -> None:
    data = lay("insert into entity.entity_customers values ('a', 'A', 'SMB', 'Kim', true, 100, 'Healthy', null)")
    (page,) = write_report(data, "at_risk_accounts", ["html"])
    words = " ".join(read_page(page).words)
    assert "None of the 1 customers is at risk today." in words
    assert "No alert is open." in words


@pytest.mark.parametrize("name", list(REPORTS))
def test_names_are_names_in_every_format(lay: Lay, name: str) -> None:
    data = lay(parameters=[(f"id{place}", name, name) for place, name in enumerate(EVIL)])
    page, document, workbook = write_report(data, name)
    read = read_page(page)
    assert "script" not in [tag for tag, _ in read.tags]
    # Nothing is fetched from anywhere.
    assert not [
        attributes
        for _, attributes in read.tags
        for key in ("src", "href")
        if (attributes.get(key) or "").startswith(("http", "//"))
    ]
    assert EVIL[1] in read.words
    assert b"\x00" not in page.read_bytes()
    assert document.read_bytes().startswith(b"%PDF")
    book = openpyxl.load_workbook(workbook)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    values = [cell.value for cell in cells]
    assert {"=1+1", "@SUM(A1)", EVIL[1], EVIL[2]} <= set(values)
    assert "20261101T000000-000001" in values
    with zipfile.ZipFile(workbook) as archive:
        # Nobody has paid here, so there is nothing to draw of retention.
        assert any(file.startswith("xl/charts/") for file in archive.namelist()) == (name != "retention")


def test_numbers_and_dates_are_real_in_the_workbook_and_add_up(lay: Lay) -> None:
    data = lay(parameters=[("a", "A", "Kim"), ("b", "B", None)])
    (path,) = write_report(data, "at_risk_accounts", ["xlsx"])
    sheet = openpyxl.load_workbook(path)["At risk"]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    by_name = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["MRR (USD)"] for row in by_name] == [100, 100]
    assert by_name[0]["Renewal"] == datetime(2026, 11, 15)
    assert by_name[1]["Owner"] is None
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:L3"


def test_health_changes_say_who_why_and_both_ways(lay: Lay) -> None:
    data = lay(
        "insert into entity.entity_customers select id, id, 'SMB', 'Kim', true, 50, 'Neutral', null from unnest(['worse', 'better', 'same', 'new']) as r (id)",
        "insert into entity.entity_customers_daily values ('worse', '2026-10-24', true, 82), ('worse', '2026-10-31', true, 70), "
        "('better', '2026-10-24', true, 58), ('better', '2026-10-31', true, 61), ('same', '2026-10-24', true, 61), ('same', '2026-10-31', true, 65.9), "
        "('new', '2026-10-31', true, 10), ('left', '2026-10-24', true, 90), ('left', '2026-10-31', false, 90)",
        "insert into gold.fct_score_contributions values ('health', 'worse', '2026-10-24', 'login_frequency', 20), "
        "('health', 'worse', '2026-10-31', 'login_frequency', 5), ('health', 'worse', '2026-10-24', 'nps', 1), ('health', 'worse', '2026-10-31', 'nps', 6), "
        "('health', 'worse', '2026-10-24', 'tickets', 2), ('churn_risk', 'worse', '2026-10-24', 'other', 50)",
    )
    with open_release(data) as release:
        report = REPORTS["health_changes"].make(release)
    assert (
        report.summary
        == "In 7 days 1 of 3 customers got worse (1 into a lower band) and 1 got better (1 into a higher band)."
    )
    _, worse, better = report.sections
    assert worse.table is not None
    assert better.table is not None
    (row,) = worse.table.frame.to_dict("records")
    assert (row["customer_id"], row["change"], row["bands"]) == ("worse", -12, "Healthy → Neutral")
    assert row["why"] == "login frequency -15.0; tickets -2.0 (became unknown)"
    assert list(better.table.frame["customer_id"]) == ["better"]


def test_retention_shows_what_stands_in_the_release(lay: Lay) -> None:
    data = lay(
        "insert into metrics.revenue values ('2026-09-01', true, 900, 100, 0, 0, 0, 0, 1000, 12000, 1.1, 0.9, 0.02, 10), "
        "('2026-10-01', false, 1000, 0, 50, 0, -10, -40, 1000, 12000, 1.2, 0.85, 0.1, 9)",
        "insert into metrics.cohort_retention_report values ('2026-09-01', 0, 4, 500, 1.0), ('2026-09-01', 1, 4, 500, 0.5)",
        "insert into entity.entity_customers values ('a', 'A', 'SMB', 'Kim', true, 300, 'Neutral', '2026-11-15'), ('b', 'B', null, 'Kim', true, 100, 'Neutral', null)",
        "insert into metrics.next_best_action values ('a', 'Call', 0.5, 'model'), ('b', 'Call', 0.1, 'churn risk by rule')",
    )
    page, _, workbook = write_report(data, "retention")
    with open_release(data) as release:
        report = REPORTS["retention"].make(release)
    assert [(figure.title, figure.value) for figure in report.figures] == [
        ("Net revenue retention", 1.2), ("Gross revenue retention", 0.85), ("Logo churn", 0.02), ("Annual recurring revenue", 12000),
        ("Expected to be lost", 160),
    ]  # fmt: skip
    words = " ".join(read_page(page).words)
    assert "Logo churn 2.0% in September 2026" in re.sub(r"\s+", " ", words)
    assert "Release 20261101T000000-000001, as of 2026-10-31 23:24 UTC." in words
    assert "metrics.cohort_retention_report" in words
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames == ["Summary", "Months", "Cohorts", "Forecast", "Renewals", "Chart data", "Notes"]
    assert [cell.value for cell in book["Cohorts"][2]][:4] == [datetime(2026, 9, 1), 4, 1, 0.5]


@pytest.mark.parametrize(
    ("highest", "kind", "axis"),
    [
        (14_000, "money", ["0", "4k", "8k", "12k"]),
        (11_000, "money", ["0", "2.5k", "5.0k", "7.5k", "10.0k"]),
        (4_000, "money", ["0", "1,000", "2,000", "3,000", "4,000"]),
        (1, "points", ["0", "0.25", "0.50", "0.75", "1.00"]),
        (0.08, "share", ["0%", "2%", "4%", "6%", "8%"]),
    ],
)
def test_the_numbers_of_an_axis_are_of_one_kind(highest: float, kind: str, axis: list[str]) -> None:
    months = pd.DataFrame({"month": pd.to_datetime(["2026-09-01", "2026-10-01"]), "value": [0.0, highest]})
    drawn = draw(Chart("", "stacked", months, Column("month", "Month", "month"), {"value": "Value"}, kind))
    assert [words for words in re.findall(r"<text[^>]*>([^<]*)</text>", drawn) if words[0].isdigit()] == axis


def test_the_same_release_gives_the_same_page(lay: Lay, tmp_path: Path) -> None:
    data = lay(parameters=[("a", "A", "Kim")])
    first, second = (
        write_report(data, "at_risk_accounts", ["html"], tmp_path / folder)[0].read_bytes() for folder in ("one", "two")
    )
    assert first == second
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["at_risk_accounts.html"]


def test_what_cannot_be_written_says_why(lay: Lay, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="There is no release"):
        write_report(tmp_path, "retention")
    data = lay()
    with pytest.raises(
        ReportError, match="There is no report 'x'; there are at_risk_accounts, health_changes, retention"
    ):
        write_report(data, "x")
    with pytest.raises(ReportError, match="The format is 'doc'; it may be some of html, pdf, xlsx"):
        write_report(data, "retention", ["pdf", "doc"])
    (tmp_path / "file").write_text("")
    for folder, why in ((tmp_path / "file", "File exists"), (Path("/proc/x"), "No such file or directory")):
        for form in FORMATS:
            with pytest.raises(ReportError) as caught:
                write_report(data, "retention", [form], folder)
            assert (
                str(caught.value)
                == f"The report retention was not written: {folder} cannot be made or written ({why}): name another folder with --out."
            )


def test_a_report_is_mailed_as_attachments(lay: Lay, mailbox: Mailbox) -> None:  # noqa: F811
    from email import message_from_bytes, policy

    data = lay()
    files = write_report(data, "retention")
    mail = {"name": "board", "kind": "mail", "host": "127.0.0.1", "port": mailbox.port, "security": "none", "sender": "a@firm.test", "recipients": ["b@firm.test"]}  # fmt: skip
    (data / "alerts.yml").write_text(yaml.safe_dump({"channels": [mail]}))
    assert mail_report(data, "retention", files).sent == []
    (data / "alerts.yml").write_text(yaml.safe_dump({"channels": [{**mail, "reports": ["retention"]}]}))
    assert mail_report(data, "retention", files).sent == ["board"]
    (envelope,) = mailbox.mails
    sent = message_from_bytes(envelope.content, policy=policy.default)
    attached = {part.get_filename(): part.get_content() for part in sent.iter_attachments()}
    assert set(attached) == {"retention.html", "retention.pdf", "retention.xlsx"}
    assert attached["retention.pdf"] == files[1].read_bytes()
    (data / "alerts.yml").write_text("keep_days: none")
    with pytest.raises(ReportError, match="was written but not mailed: .* keep_days is 'none'"):
        mail_report(data, "retention", files)
