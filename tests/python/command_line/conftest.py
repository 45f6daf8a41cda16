"""The command line run in this process, with folders of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from command_line.console import console, errors
from command_line.main import app
from tests.python.parsed_project import spare_parsing

FOLDERS = ("DATA_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH", "MAPPINGS_DIR")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data/, target/, logs/ and mappings/ that the commands work in."""
    root = tmp_path_factory.mktemp("command_line")
    (root / "data" / "landing").mkdir(parents=True)
    (root / "mappings").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        spare_parsing(root / "target", root / "data")
        for name, folder in zip(FOLDERS, ("data", "target", "logs", "mappings"), strict=True):
            patch.setenv(name, str(root / folder))
        # Both were made when the module was imported, with the width of wherever the tests were started.
        for one in (console, errors):
            patch.setattr(one, "_width", 250)
        yield root


@pytest.fixture
def command(place: Path) -> Iterator[Callable[..., Result]]:
    """Runs a command; what it sets in the environment is set back."""
    before = {name: os.environ.get(name) for name in FOLDERS}

    def run(*arguments: object) -> Result:
        if "--data-dir" in arguments and "--vars" not in arguments:
            spare_parsing(place / "target", Path(str(arguments[arguments.index("--data-dir") + 1])))
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    yield run
    for name, value in before.items():
        if value is not None:
            os.environ[name] = value
