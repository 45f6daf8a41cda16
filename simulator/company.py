"""A simulated business-to-business software company: its exports, and beside them what really happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from simulator import (
    campaigns,
    deliveries,
    devices,
    event_files,
    events,
    exports,
    marketing,
    person_life,
    portal,
    success_team,
)
from simulator.accounts import draw_accounts
from simulator.customer_base import draw_customer_base
from simulator.database import open_session
from simulator.defects import Defects
from simulator.files import Landing, put_in_place
from simulator.life import live_through
from simulator.people import draw_people
from simulator.person_truth import load_people, write_person_truth
from simulator.rescues import rescue
from simulator.settings import Settings
from simulator.talks import draw_team
from simulator.truth import write_success_truth, write_truth


@dataclass(frozen=True)
class SimulationSummary:
    """What a simulation wrote.

    Attributes:
        rows: rows a contract table, defective ones included; headers are not rows.
        files: number of export files.
        seconds: time taken, in seconds.
    """

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    seconds: float = 0.0


def simulate(
    *,
    accounts: int = 300,
    days: int = 365,
    seed: int = 7,
    out: Path,
    end: date = date(2026, 10, 31),
    broken: bool = True,
    intent_strength: float = 1.0,
    progress: Callable[[str], None] | None = None,
) -> SimulationSummary:
    """Write the exports of a simulated company to `out`/landing/files and the truth to `out`/truth.

    The same settings give the same files, byte for byte. Files are written to a folder beside and moved into place at
    the end; an earlier output of this function is replaced, other files are never touched.

    Args:
        accounts: number of accounts, 1 to 1,000,000. Some 4 events an account and day come of it.
        days: length of the window in days, 1 to 7,300.
        seed: whole number from 0 on.
        out: folder to write into; made if missing.
        end: last day of the window, inclusive.
        broken: whether a few broken rows are planted (listed in truth/broken_rows.parquet), and events come late, twice or by wrong
            clocks (listed in truth/event_deliveries.parquet).
        intent_strength: how much a hidden intent drives both being touched and buying, 0 to 2 (see simulator/campaigns.py).
        progress: called with one line of text a step.

    Returns:
        Rows a table, number of files and seconds taken.

    Raises:
        ValueError: a setting is out of range; the message names it, its value and what is allowed.
        FileExistsError: `out` holds files in landing/files or truth that the simulator did not write.
    """
    settings = Settings(
        accounts=accounts, days=days, seed=seed, end=end, broken=broken, intent_strength=intent_strength
    )
    tell = progress or (lambda text: None)
    began = time.perf_counter()
    with put_in_place(Path(out), settings.as_json()) as folder:
        landing = _write_company(settings, folder, tell)
    rows = dict(sorted(landing.rows.items()))
    return SimulationSummary(rows=rows, files=landing.files, seconds=time.perf_counter() - began)


def _write_company(settings: Settings, folder: Path, tell: Callable[[str], None]) -> Landing:
    company = draw_accounts(settings)
    people = draw_people(settings, company)
    tell(f"{len(company)} accounts with {len(people)} logins; letting {settings.days} days pass")
    team = draw_team(settings, company)
    history = live_through(settings, company, people, team)
    interventions = success_team.draw_interventions(settings, company, team, history)
    rescued = rescue(settings, company, people, team, history, interventions)
    defects = Defects(settings)
    calendar, months = settings.calendar, len(settings.calendar.months)
    with open_session(settings, folder / "spill") as session:
        landing = Landing(session, folder / "landing" / "files", defects)
        events.prepare(session, settings, company, people, history)
        exports.prepare(session, settings, company, history)
        success_team.prepare(session, settings, company, team, history, interventions)
        devices.prepare(session, settings, company, history)
        portal.prepare(session, settings, company, history)
        known = draw_customer_base(session, settings, company, people)
        load_people(known)
        person_life.prepare(session, settings)
        deliveries.prepare(session, settings.broken)
        campaigns.shoppers_of_company(session, settings.accounts, settings.days)
        campaigns.live(session, settings.days, settings.intent_strength, pace=campaigns.PACE_OF_COMPANY)
        campaigns.prepare_events(session)
        for month in calendar.months:
            events.sessions_of_month(session, month)
            events.events_of_sessions(session)
            marketing.visits_of_month(session, settings, month)
            marketing.add_site_events(session)
            campaigns.add_events(session, month)
            events.remember_logins(session)
            count = event_files.write_month(session, landing, defects, month, months, events.end_of_window(calendar))
            day = month.end_date.isoformat()
            landing.write("accounts", f"accounts_{day}.csv", exports.accounts_query(month), month)
            landing.write("users", f"users_{day}.csv", exports.users_query(month, months), month)
            landing.write(
                "subscriptions", f"subscriptions_{month.label}.csv", exports.subscriptions_query(month, calendar), month
            )
            landing.write("invoices", f"invoices_{month.label}.csv", exports.invoices_query(month), month)
            landing.write("payments", f"payments_{month.label}.jsonl.gz", exports.payments_query(month), month)
            landing.write(
                "support_tickets", f"support_tickets_{month.label}.csv", exports.tickets_query(month, months), month
            )
            landing.write(
                "survey_responses", f"survey_responses_{month.label}.csv", exports.surveys_query(month), month
            )
            landing.write(
                "survey_invitations", f"survey_invitations_{month.label}.csv", exports.questions_query(month), month
            )
            known.write_month(landing, month, calendar)
            person_life.write_month(session, landing, month, calendar)
            campaigns.write_month(landing, month)
            success_team.write_month(landing, month, is_last=month.number == months - 1)
            devices.write_month(landing, month)
            portal.write_month(session, landing, month)
            if month.number == 0:
                landing.write("features", f"features_{day}.csv", exports.features_query(settings), month)
            tell(f"{month.label}: {count} events")
        write_person_truth(known, folder / "truth")
        campaigns.write_campaign_truth(session, folder / "truth")
        write_success_truth(session, folder / "truth", settings, company, team, rescued)
        write_truth(session, folder / "truth", settings, company, history, defects)
    return landing
