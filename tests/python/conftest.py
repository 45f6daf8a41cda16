"""Which tests run in one process, and in what order."""

from __future__ import annotations

import os
import sys

import pytest
from xdist.scheduler import LoadFileScheduling

# What dbt writes about itself takes a tenth of a small build, and few tests read it: those switch it on.
os.environ.update(DBT_WRITE_JSON="false", DBT_LOG_LEVEL_FILE="none")
# Where there is a core for each test process and no more, each keeps to its own: builds side by side take a tenth less than moving about.
_WORKER, _WORKERS = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
if _WORKER and sys.platform == "linux" and len(_cores := sorted(os.sched_getaffinity(0))) == _WORKERS:
    os.sched_setaffinity(0, {_cores[int(_WORKER.removeprefix("gw"))]})

#: Files whose tests share a build that takes a minute or more, by the fixture that makes it (`flow`: the definitions, for
#: which dbt reads the project). They run in one process, and first.
SHARED = {
    "published": ("scenarios/test_alerts_and_reports", "scenarios/test_broken_input", "scenarios/test_columns", "scenarios/test_explain_account", "scenarios/test_failing_check", "scenarios/test_killed_midway", "scenarios/test_no_look_ahead"),
    "compiled": ("project/test_layering", "project/test_portability"),
    "flow": ("orchestration/test_automation", "orchestration/test_daemon", "orchestration/test_days", "orchestration/test_definitions", "orchestration/test_landing_sensor", "orchestration/test_quality_checks", "orchestration/test_refresh", "orchestration/test_snapshot"),
}  # fmt: skip
#: Other files that take minutes. They come next.
LONG = (
    "scenarios/test_incremental_equals_rebuild",
    "scenarios/test_event_sequences",
    "scenarios/test_own_files",
)
GROUPS = {f"tests/python/{name}.py": fixture for fixture, names in SHARED.items() for name in names}


class TogetherByBuild(LoadFileScheduling):
    """Gives a process whole files, and all files that share a build."""

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return GROUPS.get(path, path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> TogetherByBuild:
    """The scheduler of `pytest -n`, whatever --dist says."""
    return TogetherByBuild(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no process waits for the other at the end."""
    shared, long = list(SHARED), [f"tests/python/{name}.py" for name in LONG]
    # While the first process reads the project, the other does what needs no reading.
    first = [shared[0], "tests/python/identity/test_matching.py", *shared[1:], *long]

    def place(item: pytest.Item) -> int:
        path = item.nodeid.split("::")[0]
        name = GROUPS.get(path, path)
        return first.index(name) if name in first else len(first)

    items.sort(key=place)
