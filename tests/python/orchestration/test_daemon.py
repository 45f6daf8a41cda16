"""The real thing: UI, daemon and code server as `make dagster` starts them, a sensor that is switched on, a file that comes in, a run that begins."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.contracts import PROJECT_DIR

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

SENSOR = """mutation($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) {
    __typename ... on Sensor { sensorState { status } } ... on PythonError { message } } }"""
LOCATIONS = """{ repositoriesOrError { __typename ... on RepositoryConnection { nodes {
    name location { name } sensors { name } schedules { name scheduleState { status } } } } } }"""
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
SELECTOR = {
    "repositoryLocationName": "orchestration.definitions",
    "repositoryName": "__repository__",
    "sensorName": "landing_files",
}


class Dagster:
    """What the UI's own interface answers."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def locations(self) -> list[dict[str, Any]]:
        try:
            return self.ask(LOCATIONS)["repositoriesOrError"].get("nodes", [])
        except (urllib.error.URLError, OSError):
            return []

    def runs(self) -> list[dict[str, Any]]:
        return self.ask(RUNS)["runsOrError"]["results"]


def _eventually(look: Callable[[], Any], seconds: float) -> Any:
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(1)
    return found


@pytest.fixture
def started(flow, tmp_path: Path) -> Iterator[tuple[Dagster, Path]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DAGSTER_HOME": ""}
    command = [sys.executable, "-m", "orchestration", "--port", str(port)]
    log = (tmp_path / "log.txt").open("w")
    process = subprocess.Popen(
        command, cwd=PROJECT_DIR, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield Dagster(port), tmp_path
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def test_a_file_that_comes_in_starts_one_run(started: tuple[Dagster, Path]):
    dagster, folder = started
    (location,) = _eventually(dagster.locations, 300)
    assert {schedule["scheduleState"]["status"] for schedule in location["schedules"]} == {"STOPPED"}
    assert dagster.ask(SENSOR, sensor=SELECTOR)["startSensor"]["sensorState"]["status"] == "RUNNING"
    landing = folder / "landing" / "files" / "accounts"
    landing.mkdir(parents=True)
    for number in range(5):
        (landing / f"{number}.csv").write_text("customer_id,customer_name\n" + f"acc-{number},Account {number}\n")
    (run,) = _eventually(lambda: [run for run in dagster.runs() if run["status"] == "STARTED"], 300)
    assert run["jobName"] == "refresh_everything"
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert (tags["dagster/sensor_name"], tags["landing_files"]) == ("landing_files", "5")
    time.sleep(65)
    assert len(dagster.runs()) == 1, "nothing more has come in"
