"""Which tests run in one process, and in what order."""

from __future__ import annotations

import pytest

#: What takes a build to make and is shared by several files: their tests run in one process, the longest first.
SHARED = ("published", "built")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file, and of files that share a build, make a group (pytest-xdist); groups of shared builds come first."""
    shared: dict[str, str] = {}
    for item in items:
        for fixture in SHARED:
            if fixture in getattr(item, "fixturenames", ()):
                shared[item.path.as_posix()] = fixture
    for item in items:
        path = item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(shared.get(path, path)))
    items.sort(key=lambda item: SHARED.index(shared[path]) if (path := item.path.as_posix()) in shared else len(SHARED))
