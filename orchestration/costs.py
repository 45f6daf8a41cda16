"""What the dbt steps of a run took: dbt leaves its results in one place, where the next step's take their place."""

import shutil
from pathlib import Path

from operations.run_costs import PartRun, parts_of_file
from orchestration.manifest import target_path


def keep_results(results: Path, run_id: str, part: str) -> None:
    """Keep the run_results.json of a step of a run, if there is one; those of other runs, which have ended, go."""
    folder = target_path("costs")
    for other in folder.glob("*"):
        if other.name != run_id:
            shutil.rmtree(other, ignore_errors=True)
    if results.exists():
        kept = folder / run_id
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(results, kept / f"{len(list(kept.glob('*.json')))}.{part or 'rest'}.json")


def parts_of_run(run_id: str) -> list[PartRun]:
    """What was kept of a run: a row for each model, seed and check that it built."""
    kept = sorted((target_path("costs") / run_id).glob("*.json"))
    return [part for path in kept for part in parts_of_file(path, path.stem.partition(".")[2])]
