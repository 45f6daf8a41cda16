"""The sensor on the landing folder: one run for many files, none for half a file, none where nothing changed."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    folder = tmp_path / "landing" / "files" / "accounts"
    folder.mkdir(parents=True)
    return folder


class Watch:
    """The sensor as the daemon calls it: each look gets what the last one wrote down, and nothing else."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.cursor: str | None = None

    def look(self) -> list[dg.RunRequest]:
        from orchestration.definitions import defs
        from orchestration.landing_sensor import landing_files

        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=defs.get_repository_def()
        )
        said = landing_files.evaluate_tick(context)
        self.cursor = said.cursor
        assert bool(said.run_requests) != bool(said.skip_message)
        return list(said.run_requests)


@pytest.fixture
def watch(flow, landing: Path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watch(instance)


def test_many_files_are_one_run_and_only_after_the_last_has_stopped_growing(landing: Path, watch: Watch):
    assert watch.look() == []
    for number in range(20):
        (landing / f"{number}.csv").write_text("customer_id\n")
    assert watch.look() == [], "they have only just come"
    with (landing / "0.csv").open("a") as growing:
        growing.write("acc-1\n")
    assert watch.look() == [], "one of them is growing"
    (request,) = watch.look()
    assert request.tags["landing_files"] == "20"
    assert watch.look() == []
    assert watch.look() == []


def test_what_was_seen_is_kept_over_a_restart(landing: Path, watch: Watch):
    (landing / "a.csv").write_text("customer_id\n")
    watch.look()
    assert len(watch.look()) == 1
    after_restart = Watch(watch.instance)
    after_restart.cursor = watch.cursor
    assert after_restart.look() == []


def test_changed_and_replaced_files_ask_for_another_run_with_a_key_of_its_own(landing: Path, watch: Watch):
    file = landing / "a.csv"
    keys = []
    for content in ("one\n", "two, longer\n", "one\n"):
        file.write_text(content)
        os.utime(file, ns=(1, len(content)))
        watch.look()
        keys += [request.run_key for request in watch.look()]
    assert len(keys) == len(set(keys)) == 3


def test_files_on_their_way_are_not_seen(landing: Path, watch: Watch):
    (landing / ".a.csv.part").write_text("customer_id\n")
    (landing / ".tmp").mkdir()
    (landing / ".tmp" / "b.csv").write_text("customer_id\n")
    assert [watch.look(), watch.look(), watch.look()] == [[], [], []]


def test_a_run_that_waits_in_the_queue_loads_them_too(landing: Path, watch: Watch):
    from dagster._core.test_utils import create_run_for_test

    create_run_for_test(watch.instance, job_name="refresh_everything", status=dg.DagsterRunStatus.NOT_STARTED)
    (landing / "a.csv").write_text("customer_id\n")
    watch.look()
    assert watch.look() == []
    assert watch.look() == []


def test_a_cursor_that_nobody_understands_is_begun_anew(landing: Path, watch: Watch):
    (landing / "a.csv").write_text("customer_id\n")
    watch.cursor = "2024-01-01"
    watch.look()
    assert len(watch.look()) == 1
