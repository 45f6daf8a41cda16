"""What really happened, for tests and for judging models; never part of the exports."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np

from simulator import campaigns, catalogue, hazard, portal, rescues, success_team
from simulator.accounts import Accounts
from simulator.billing import Columns
from simulator.database import load
from simulator.defects import Defects
from simulator.files import write_query
from simulator.life import PRICE_RISE, History
from simulator.settings import NEVER, Settings
from simulator.talks import Team


def _write(session: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str) -> None:
    write_query(session, query, folder / f"{name}.parquet", "parquet")


def write_truth(
    session: duckdb.DuckDBPyConnection,
    folder: Path,
    settings: Settings,
    accounts: Accounts,
    history: History,
    defects: Defects,
) -> None:
    """Write the truth files into `folder`.

    accounts_truth: an account a row; latent values, hazard of the 30 days after the window (null: has left), last
        notice, end and cause.
    departures: a row each time an account gave notice (it may come back), with the cause.
    hazard_by_month: account and month under risk; probability of notice in the month and its terms (log-odds).
    person_truth: a row for each pair of login and device, and for each anonymous visitor (user_id null); person_id
        says who is the same person (null: a robot). A device with is_shared belongs to more than one person.
    event_deliveries: events that came late, again, or by a wrong clock, with the true time and the one in the export.
    texts: a ticket, or answer to a survey with a comment, a row; the topics (between ';') and tone (-1, 0, 1; null: it cannot be told) that
        were meant, and the language (null: there is no text).
    incidents: features that failed, with days and severity. broken_rows: see `Defects`.
    success_team_truth, interventions_truth, device_trouble: see `write_success_truth`.
    settings.json: settings, coefficients, price rise, what interventions do.

    An account that an intervention kept (see simulator/rescues.py) has no departure, and no hazard from the month after the
    one in which its notice would have come.
    """
    calendar = settings.calendar
    _accounts(session, folder, settings, accounts, history)
    departures: Columns = {
        **history.departures,
        "notice_on": calendar.timestamps(history.departures["notice_day"]).astype("datetime64[D]"),
        "ended_on": calendar.timestamps(history.departures["end_day"]).astype("datetime64[D]"),
    }
    load(session, "departure", departures)
    _write(
        session, folder, "departures",
        "select customer_id, notice_on, ended_on, cause from departure inner join company using (account) order by customer_id, notice_on",
    )  # fmt: skip
    load(session, "hazard_row", history.hazards)
    load(session, "month", {
        "month": np.arange(len(calendar.months)),
        "label": np.array([month.label for month in calendar.months], dtype=object),
    })  # fmt: skip
    term_columns = ", ".join(f"{name} as term_{name}" for name in hazard.TERMS)
    _write(
        session, folder, "hazard_by_month",
        f"""select customer_id, label as month, hazard, {term_columns}
        from hazard_row inner join company using (account) inner join month using (month) order by customer_id, month""",
    )  # fmt: skip
    _write(
        session, folder, "person_truth",
        """
        with owner as (
            select visitor_id, count(distinct person_id) > 1 as is_shared
            from device inner join person_user using (user_no) group by visitor_id
        )
        select person_id, user_id, visitor_id, customer_id, is_shared, identified.user_no is not null as is_seen_together
        from device
        inner join person_user using (user_no)
        inner join company using (account)
        inner join owner using (visitor_id)
        left join identified using (user_no, visitor_id)
        union all
        select person_id, null, visitor_id, null, false, false from stranger
        union all
        select person_id, user_id, visitor_id, customer_id, false, sign_in_day is not null and sign_in_day < to_day
        from shopper where not is_own_device
        order by person_id, user_id, visitor_id
        """,
    )  # fmt: skip
    _write(
        session, folder, "event_deliveries",
        """
        select event_id, visitor_id, kind, true_at, occurred_at, received_at, clock_error(visitor_id) as clock_error_seconds
        from delivery order by event_id, kind, received_at
        """,
    )  # fmt: skip
    _write(
        session, folder, "texts",
        """
        select 'ticket' as record_type, printf('tic-%06d', ticket + 1) as record_id, topics::varchar as topics, tone::integer as tone,
            language::varchar as language
        from ticket
        union all
        select 'survey_answer', printf('srv-%06d', answer + 1), topics::varchar, tone::integer, language::varchar
        from answer where comment is not null
        order by record_type, record_id
        """,
    )  # fmt: skip
    incidents = history.incidents
    load(session, "incident", {
        "incident": np.arange(1, len(incidents) + 1),
        "feature_name": np.array([catalogue.FEATURES[item.feature] for item in incidents], dtype=object),
        "first_day": calendar.timestamps(np.array([item.first_day for item in incidents], dtype="int64")).astype("datetime64[D]"),
        "days": np.array([item.days for item in incidents], dtype="int64"),
        "severity": np.array([item.severity for item in incidents], dtype=float),
    })  # fmt: skip
    _write(
        session, folder, "incidents",
        """
        select incident, feature_name, first_day, (first_day + (days - 1)::integer)::date as last_day, severity,
            severity as share_of_uses_failing, 0.45 * severity * days / 3 as extra_tickets_per_month_and_root_of_users,
            -0.12 * severity * days / 3 as effect_on_log_use
        from incident order by incident
        """,
    )  # fmt: skip
    records = sorted(defects.records)
    load(session, "broken", {
        "file": np.array([row[0] for row in records], dtype=object).astype("U"),
        "line": np.array([row[1] for row in records], dtype="int64"),
        "kind": np.array([row[2] for row in records], dtype=object).astype("U"),
        "should_be": np.array([row[3] for row in records], dtype=object).astype("U"),
        "row_id": np.array([row[4] for row in records], dtype=object).astype("U"),
    })  # fmt: skip
    _write(session, folder, "broken_rows", "select * from broken order by file, line")
    rise = calendar.timestamps(np.array(history.price_rise_day)).astype("datetime64[D]")
    described = {
        **settings.as_json(),
        "start": settings.start.isoformat(),
        "price_rise": {"from": str(rise), "factor": PRICE_RISE},
        "campaigns": {
            "base_purchases_a_person_and_week": campaigns.BASE * campaigns.PACE_OF_COMPANY,
            "pace": campaigns.PACE_OF_COMPANY,
            "channels": {channel.name: [asdict(step) for step in channel.steps] for channel in campaigns.CHANNELS},
        },
        "interventions": {
            "averts_share_of_departures": rescues.SAVES,
            "within_days_of_its_beginning": rescues.WITHIN_DAYS,
            "log_odds_a_month": success_team.INTERVENES,
            "rest_days": success_team.REST_DAYS,
            "differs_by_type": False,
        },
        "hazard": {
            "form": "1 - (1 - logistic(base + sum of terms)) * (1 - outside), for 30 days",
            "base_log_odds": dict(zip(catalogue.TIERS, hazard.BASE, strict=True)),
            "outside": hazard.OUTSIDE,
            "terms": {name: {"coefficient": value, "visible": where} for name, (value, where) in hazard.TERMS.items()},
        },
    }
    (folder / "settings.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")


def write_success_truth(
    session: duckdb.DuckDBPyConnection,
    folder: Path,
    settings: Settings,
    accounts: Accounts,
    team: Team,
    rescued: Columns,
) -> None:
    """Write what is planted about the customer-success team, the portal and the devices.

    success_team_truth: an account a row; whether anybody ever talks to it, its pace, whether and from when it uses the portal.
    interventions_truth: an intervention a row; the log-odds with which it came that month (from what the team could see), and
        the notice that it averted, with the cause (null: none). Each averts a notice of the following days with one known
        probability, see settings.json. A discount does not show in the bills.
    device_trouble: a spell of trouble a row. Devices have no part in why accounts leave, and goals none either: a goal is
        reached more often with good fit and engagement, which the hazard knows too.
    """
    calendar = settings.calendar
    uses, from_day = portal.draw_portal(settings, accounts)
    load(session, "team_truth", {
        "account": np.arange(len(accounts)),
        "is_engaged": team.is_engaged,
        "pace_of_engagement": team.pace,
        "uses_portal": uses,
        "portal_from": calendar.timestamps(np.where(uses, from_day, NEVER)).astype("datetime64[D]"),
    })  # fmt: skip
    _write(
        session, folder, "success_team_truth",
        "select customer_id, team_truth.* exclude (account) from team_truth inner join company using (account) order by customer_id",
    )  # fmt: skip
    load(session, "rescued", {
        "intervention": rescued["intervention"],
        "averted_notice_on": calendar.timestamps(rescued["notice_day"]).astype("datetime64[D]"),
        "averted_end_on": calendar.timestamps(rescued["end_day"]).astype("datetime64[D]"),
        "averted_cause": rescued["cause"].astype("U"),
    })  # fmt: skip
    _write(
        session, folder, "interventions_truth",
        """
        select printf('int-%05d', intervention + 1) as intervention_id, customer_id, log_odds,
            averted_notice_on, averted_end_on, averted_cause
        from intervention inner join company using (account) left join rescued using (intervention)
        order by intervention_id
        """,
    )  # fmt: skip
    _write(
        session, folder, "device_trouble",
        """
        select printf('dev-%05d', device + 1) as device_id, moment(from_day, 0)::date as from_day, moment(to_day - 1, 0)::date as last_day, severity
        from device_spell inner join device_unit using (device)
        where from_day < retired_day order by device_id, from_day, last_day, severity
        """,
    )  # fmt: skip


def _accounts(
    session: duckdb.DuckDBPyConnection, folder: Path, settings: Settings, accounts: Accounts, history: History
) -> None:
    calendar = settings.calendar
    last_cause = np.full(len(accounts), None, dtype=object)
    last_cause[history.departures["account"]] = history.departures[
        "cause"
    ]  # rows are in order of time: the last one stays
    last_cause[history.end_day == NEVER] = None
    failed = history.contracts.failed_trial & (history.end_day != NEVER)
    last_cause[failed] = "trial_not_converted"
    load(
        session,
        "account_truth",
        {
            "account": np.arange(len(accounts)),
            "fit": accounts.fit,
            "onboarding_quality": accounts.onboarding,
            "price_sensitivity": accounts.price_sensitivity,
            "hidden_pull": accounts.hidden_pull,
            "is_locked_in": accounts.is_locked_in,
            "payment_trouble": accounts.payment_trouble,
            "usual_activity_log": accounts.activity,
            "champion_loss_on": calendar.timestamps(accounts.champion_loss_day).astype("datetime64[D]"),
            "engagement_at_end": history.engagement,
            "features_adopted": accounts.features_adopted,
            "is_silent": accounts.is_silent,
            "hazard_at_end": history.last_hazard,
            "is_churned": history.end_day != NEVER,
            "notice_on": calendar.timestamps(history.notice_day).astype("datetime64[D]"),
            "churned_on": calendar.timestamps(history.end_day).astype("datetime64[D]"),
            "cause": last_cause,
        },
    )
    _write(
        session, folder, "accounts_truth",
        """select customer_id, account_truth.* exclude (account)
        replace (case when not isnan(hazard_at_end) then hazard_at_end end as hazard_at_end),
        is_ghost as is_missing_in_accounts, is_test
        from account_truth inner join company using (account) order by customer_id""",
    )  # fmt: skip
