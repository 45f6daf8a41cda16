"""Which part of a run a call of dbt is, told from the tables it builds and those that Python steps read and write."""

from __future__ import annotations

import pytest

from orchestration.parts import Part, part_of_run

STAGES = [
    {("identity.links",): ("silver.records",), ("texts.tones",): ("silver.texts",)},
    {("churn.predictions", "churn.models"): ("gold.observations", "silver.texts")},
]


@pytest.mark.parametrize(
    ("made", "name", "waits"),
    [
        (
            {"silver.records", "silver.texts"},
            "first",
            ["identity.links", "texts.tones", "churn.predictions", "churn.models"],
        ),
        ({"gold.observations", "silver.links"}, "middle", ["churn.predictions", "churn.models"]),
        ({"gold.churn"}, "last", []),
    ],
)
def test_tests_wait_for_the_steps_that_come_later(made: set[str], name: str, waits: list[str]):
    part = part_of_run(made, STAGES)
    assert part.name == name
    after = part.arguments[-1].split() if waits else []
    assert sorted(after) == sorted(f"source:{table}+" for table in waits)
    assert part.arguments[:2] == ["--indirect-selection", "eager"]


def test_a_build_of_its_own_leaves_the_tests_to_dbt():
    assert Part() == Part("", [])
