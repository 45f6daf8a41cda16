"""Nothing appears in Dagster, or goes from it, without somebody having looked at it."""

from __future__ import annotations

import difflib
import importlib.util
from pathlib import Path


def test_definitions_are_those_that_were_committed(flow):
    spec = importlib.util.spec_from_file_location("snapshot", Path(__file__).with_name("snapshot.py"))
    snapshot = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(snapshot)
    committed, now = snapshot.COMMITTED.read_text().splitlines(), list(snapshot.lines(flow.defs))
    changes = list(difflib.unified_diff(committed, now, "committed", "now", lineterm="", n=0))
    assert not changes, (
        "If this is meant, write it down: .venv/bin/python tests/python/orchestration/snapshot.py\n"
        + "\n".join(changes)
    )
