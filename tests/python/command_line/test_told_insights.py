"""`customer-analytics insights`: what it shows of a release, and that verdicts are kept or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import Result

Command = Callable[..., Result]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A data folder with a release of two insights."""
    (tmp_path / "published").mkdir()
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb")) as con:
        con.execute(
            """
            create schema gold;
            create table gold.fct_insights as from (values
                (1, 'aaa', 'Sessions 70% below [what] was to be expected', '127 instead of some 423.', '-520 US dollars', 0.983, 'Check tracking first', true),
                (2, 'bbb', 'Tickets went up 20% in 26 weeks', 'From 10 to 12 a day.', null, 0.95, null, false)
            ) as found (insight_rank, insight_id, title, description, impact_words, confidence, suggested_action, is_first_time);
            create table gold.fct_exploration_suggestions as from (values ('aaa', 'Sessions by country: DE makes 54% of the change', 'select 1'))
                as found (insight_id, suggestion, rows_query);
            """
        )
    return tmp_path


def test_insights_are_shown_in_order_with_what_to_do(command: Command, release: Path) -> None:
    shown = command("insights", "--data-dir", release).stdout
    assert shown.index("1. Sessions 70% below [what] was to be expected (not told before)") < shown.index("2. Tickets")
    assert "-520 US dollars; confidence 98.3%; aaa" in shown
    assert "To do: Check tracking first" in shown
    assert "DE makes 54% of the change" in shown
    assert "2. Tickets" not in command("insights", "--top", "1", "--data-dir", release).stdout


def test_a_verdict_is_kept(command: Command, release: Path) -> None:
    said = command("insights", "--not-useful", "bbb", "--by", "maria", "--note", "we know", "--data-dir", release)
    assert said.exit_code == 0
    assert "maria found it not useful: Tickets went up 20% in 26 weeks" in said.stdout
    (line,) = (release / "feedback" / "insights.jsonl").read_text().splitlines()
    assert {**json.loads(line), "given_at": ""} == {
        "insight_id": "bbb",
        "verdict": "not_useful",
        "given_by": "maria",
        "given_at": "",
        "note": "we know",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--useful", "zzz"], "There is no insight zzz in the release"),
        (["--useful", "aaa", "--not-useful", "aaa"], "aaa is said to be useful and not useful"),
    ],
)
def test_a_verdict_that_means_nothing_is_refused(
    command: Command, release: Path, arguments: list[str], words: str
) -> None:
    result = command("insights", *arguments, "--data-dir", release)
    assert result.exit_code == 1
    assert words in " ".join(result.output.split())
    assert not (release / "feedback").exists()


def test_without_a_release_it_says_what_to_do(command: Command, tmp_path: Path) -> None:
    result = command("insights", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "run `customer-analytics run` first" in " ".join(result.output.split())
