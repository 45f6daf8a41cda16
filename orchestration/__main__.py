"""Starts the Dagster UI, its daemon and this project: `python -m orchestration [--port 3000]`. There is nothing to set up.

What Dagster keeps lies in `dagster/` of the data folder, so that a run's history stays with the tables it made.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from ingestion.contracts import PROJECT_DIR
from ingestion.dbt_plugin import data_dir

SETTINGS = Path(__file__).with_name("dagster.yaml")


def environment() -> dict[str, str]:
    """The environment Dagster runs in; makes its home folder. A DAGSTER_HOME that is set stays, with the settings in it."""
    folder = data_dir().resolve()
    given = os.environ.get("DAGSTER_HOME")
    home = Path(given).resolve() if given else folder / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    if not given or not (home / SETTINGS.name).exists():
        shutil.copyfile(SETTINGS, home / SETTINGS.name)
    return {
        **os.environ,
        "DATA_DIR": str(folder),
        "DAGSTER_HOME": str(home),
        "DBT_TARGET_PATH": os.environ.get("DBT_TARGET_PATH") or str(home / "dbt"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def main() -> None:
    """Replace this process by `dagster dev`."""
    parser = argparse.ArgumentParser(prog="python -m orchestration", description="Start the Dagster UI.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: only this machine)")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--prepare", action="store_true", help="only make the home folder and read the project")
    given = parser.parse_args()
    settings = environment()
    os.environ.update(settings)
    if given.prepare:
        _read_project(parser)
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
        except OSError as error:
            parser.exit(
                1,
                f"error {given.host}:{given.port}: {error.strerror}. Is Dagster running already? Or take another port (make dagster PORT=3001).\n",
            )
    _read_project(parser)
    module = ["--module-name", "orchestration.definitions"]
    address = ["--host", given.host, "--port", str(given.port)]
    print(f"Dagster answers at http://{given.host}:{given.port} in half a minute; Ctrl-C ends it.", flush=True)
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]
    os.execve(sys.executable, [sys.executable, *quiet, "-m", "dagster", "dev", *module, *address], settings)


def _read_project(parser: argparse.ArgumentParser) -> None:
    """Have dbt read the project now, with a word about it: in the code server it would be a minute of silence, or its time would run out."""
    if subprocess.run([sys.executable, "-m", "orchestration.manifest"], cwd=PROJECT_DIR, check=False).returncode:
        parser.exit(1)


if __name__ == "__main__":
    main()
