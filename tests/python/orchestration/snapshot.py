"""What Dagster shows, as lines of text: assets with group and owner, checks by kind, jobs, schedules, sensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

COMMITTED = Path(__file__).with_name("definitions.txt")


def lines(defs: dg.Definitions) -> Iterator[str]:
    """One line for each thing; checks are counted by asset layer, kind and severity."""
    from orchestration.project import MANIFEST

    graph = defs.resolve_asset_graph()
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        partitions = (
            f" by {node.partitions_def.name}" if isinstance(node.partitions_def, dg.DynamicPartitionsDefinition) else ""
        )
        fresh = node.freshness_policy.fail_window.to_timedelta() if node.freshness_policy else None
        until = f" red after {int(fresh.total_seconds() // 3600)} hours" if fresh else ""
        yield f"asset {key.to_user_string()}: {node.group_name}, {', '.join(node.owners)}{partitions}{until}"
    kinds: Counter[str] = Counter()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        test = MANIFEST["nodes"].get(spec.metadata.get("dagster_dbt/unique_id"), {})
        kind = (test.get("test_metadata") or {}).get("name") or ("singular" if test else "of a step")
        kinds[f"{kind}, {'blocking' if spec.blocking else 'warning'}"] += 1
    for kind, count in sorted(kinds.items()):
        yield f"checks {kind}: {count}"
    repository = defs.get_repository_def()
    for job in sorted(repository.get_all_jobs(), key=lambda job: job.name):
        if not job.name.startswith("__"):
            yield f"job {job.name}: {len(job.asset_layer.selected_asset_keys)} assets"
    for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name):
        yield f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}, {schedule.job_name}, {schedule.default_status.value}"
    for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name):
        target = ", ".join(sorted(t.job_name for t in sensor.targets))
        yield f"sensor {sensor.name}: every {sensor.minimum_interval_seconds} s, {target or 'any job'}, {sensor.default_status.value}"


def renew() -> None:
    """Write down what Dagster shows now."""
    from orchestration.definitions import defs

    COMMITTED.write_text("\n".join(lines(defs)) + "\n")


if __name__ == "__main__":
    renew()
