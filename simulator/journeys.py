"""Touchpoints and purchases alone, at any scale, with what caused them: what attribution is judged on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from simulator import campaigns, deliveries
from simulator.company import SimulationSummary
from simulator.database import open_session
from simulator.defects import Defects
from simulator.files import Landing, put_in_place
from simulator.settings import Settings


def simulate_campaigns(
    people: int,
    days: int,
    seed: int,
    intent_strength: float,
    out: Path,
    *,
    end: date = date(2026, 10, 31),
    without: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> SimulationSummary:
    """Write touchpoints and site events of people, and nothing else, to `out`/landing/files, and their causes to `out`/truth.

    landing/files: `touchpoints` and `customer_events`, one Parquet file a month. truth: see `campaigns.write_campaign_truth`. No row is
    broken or late. A person leaves some 6 touchpoints and 5 events in 90 days; a million people take some 50 s of CPU and 5 GB or a spill.

    Args:
        people: number of people, 1 to 50,000,000.
        days: length of the window in days, 1 to 7,300.
        seed: whole number from 0 on; the same settings give the same files, byte for byte.
        intent_strength: how much a hidden intent drives both being touched and buying, 0 to 2.
        out: folder to write into; an earlier output of the simulator is replaced, other files are never touched.
        end: last day of the window, inclusive.
        without: channels that do nothing. Everything else happens as it would with them, so that two runs are an experiment.
        progress: called with one line of text a step.

    Raises:
        ValueError: a setting is out of range; the message names it, its value and what is allowed.
        FileExistsError: `out` holds files in landing/files or truth that the simulator did not write.
    """
    if isinstance(people, bool) or not isinstance(people, int) or not 1 <= people <= 50_000_000:
        raise ValueError(f"people is {people!r}; allowed is a whole number from 1 to 50000000.")
    settings = Settings(accounts=1, days=days, seed=seed, end=end, broken=False, intent_strength=intent_strength)
    tell = progress or (lambda text: None)
    began = time.perf_counter()
    described = {
        "people": people,
        "days": days,
        "seed": seed,
        "end": end.isoformat(),
        "intent_strength": intent_strength,
        "without": list(without),
    }
    with put_in_place(Path(out), described) as folder, open_session(settings, folder / "spill") as session:
        landing = Landing(session, folder / "landing" / "files", Defects(settings))
        deliveries.prepare(session, is_on=False)
        campaigns.shoppers_alone(session, people, days)
        campaigns.live(session, days, intent_strength, without)
        tell(f"{people} people were touched and bought")
        campaigns.prepare_events(session)
        for month in settings.calendar.months:
            campaigns.write_month(landing, month, "parquet")
            landing.write(
                "customer_events", f"customer_events_{month.label}.parquet", campaigns.events_query(month), month
            )
            tell(f"{month.label}: {landing.rows.get('touchpoints', 0)} touchpoints")
        campaigns.write_campaign_truth(session, folder / "truth")
        model = {"base": campaigns.BASE, "channels": {item.name: asdict(item) for item in campaigns.CHANNELS}}
        (folder / "truth" / "settings.json").write_text(json.dumps({**described, **model}, indent=1) + "\n", "utf-8")
    return SimulationSummary(
        rows=dict(sorted(landing.rows.items())), files=landing.files, seconds=time.perf_counter() - began
    )
