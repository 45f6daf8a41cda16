"""The customer-success team: what it does for the troubled, which goals are agreed, and the files it keeps of that and of its talks."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns, Ledger, joined
from simulator.database import load, sql_list
from simulator.files import Landing
from simulator.life import History
from simulator.settings import NEVER, Month, Settings
from simulator.talks import EMAIL, KINDS, OUTCOMES, PLANNED, STATUSES, Team, chance, planned_talks

POOL = "Pooled Team"

#: What pushes a month's log-odds that something is done for an account; all of it can be seen by the team.
INTERVENES = {"base": -4.1, "open_urgent_tickets": 1.3, "usage_drop": 1.7, "tier": 0.45}
REST_DAYS = 90  # between two interventions for one account
INTERVENTION_TYPES = ("executive_call", "training", "discount", "health_plan")

SUBJECTS = (
    "Check-in", "Quarterly review", "Visit", "Follow-up", "How it goes", "Your question", "Demo of what is coming", "Training", "Webinar",
)  # fmt: skip
GOALS = (
    "All regions report weekly", "Month-end report in one day", "Half of the team active", "Forecast in use", "Old reports switched off",
    "Data import automated", "One dashboard for the board", "Alerts instead of mails",
)  # fmt: skip


def draw_interventions(settings: Settings, accounts: Accounts, team: Team, history: History) -> Columns:
    """What the team does for accounts that look troubled to it, with luck in it: not all who look so get something.

    Returns:
        one row an intervention, by time: account, start_day, end_day, kind, reason and outcome (indexes), log_odds of the month.
    """
    rng, states, found = settings.stream("interventions"), history.states, Ledger()
    last_start = np.full(len(accounts), -NEVER)
    for month in settings.calendar.months:
        rows = np.flatnonzero(states["month"] == month.number)
        who, urgent, drop = (states[name][rows] for name in ("account", "open_urgent_tickets", "usage_drop"))
        log_odds = INTERVENES["base"] + INTERVENES["open_urgent_tickets"] * urgent + INTERVENES["usage_drop"] * drop
        log_odds = log_odds + INTERVENES["tier"] * accounts.tier[who]
        acts = rng.random(len(who)) < chance(log_odds) * month.days / 30
        day = month.first_day + (rng.random(len(who)) * month.days).astype("int64")
        acts &= team.is_engaged[who] & (day >= np.maximum(states["from_day"][rows], accounts.paid_day[who]))
        acts &= (day < states["notice_day"][rows]) & (day >= last_start[who] + REST_DAYS)
        last_start[who[acts]] = day[acts]
        total = int(acts.sum())
        is_ticket = 1.3 * urgent[acts] > 1.7 * drop[acts]
        reason = np.where(np.maximum(urgent[acts], drop[acts]) < 0.15, 2, np.where(is_ticket, 0, 1))
        usual = np.array([[0.45, 0.05, 0.15, 0.35], [0.2, 0.4, 0.15, 0.25], [0.3, 0.2, 0.2, 0.3]])[reason].cumsum(
            axis=1
        )
        found.add(
            account=who[acts],
            start_day=day[acts],
            end_day=day[acts] + rng.integers(7, 46, total),
            kind=(rng.random((total, 1)) > usual[:, :3]).sum(axis=1),
            reason=reason,
            outcome=(rng.random((total, 1)) > np.array([[0.45, 0.85]])).sum(axis=1),
            log_odds=log_odds[acts],
        )
    return found.columns()


def draw_goals(settings: Settings, accounts: Accounts, team: Team, history: History) -> tuple[Columns, Columns]:
    """Goals agreed at onboarding and at renewals, at most four an account, and how far each was at the end of each month.

    A goal moves a little every month: more with good fit, and with engagement in that month.

    Returns:
        goals (goal, account, created_day, target_day, name) and standings (goal, month, progress 0-1, achieved_day,
        abandoned_day; NEVER: not); a goal has a standing for each month until it is closed.
    """
    rng, states, calendar = settings.stream("goals"), history.states, settings.calendar
    count = len(accounts)
    wanted = np.minimum(rng.poisson(1.1, (count, 3)), np.array([[2, 1, 1]]))
    offset = np.array([[8, 365, 730]]) + rng.integers(0, 25, (count, 3))
    created = accounts.created_day[:, None] + offset
    oldest = -400  # who agreed on goals before that has closed them before the window
    used = (
        team.is_engaged[:, None] & (created < np.minimum(history.end_day, settings.days)[:, None]) & (created > oldest)
    )
    wanted = np.where(used, wanted, 0)
    who, occasion = np.repeat(np.indices((count, 3)).reshape(2, -1), wanted.ravel(), axis=1)
    total = len(who)
    created_day = created[who, occasion]
    target_day = created_day + np.array([60, 90, 120, 180])[rng.integers(0, 4, total)]
    goals: Columns = {
        "goal": np.arange(total),
        "account": who,
        "created_day": created_day,
        "target_day": target_day,
        "name": rng.integers(0, len(GOALS), total),
    }
    need = np.maximum(target_day - created_day, 30)
    strength = 0.35 * accounts.fit[who] + 0.9 * (accounts.onboarding[who] - 0.6) + rng.normal(0.0, 0.35, total)
    progress = np.clip(-created_day, 0, None) / need * 0.7 * np.exp(strength) * rng.uniform(0.4, 1.0, total)
    achieved, abandoned = np.full(total, NEVER), np.full(total, NEVER)
    early = progress >= 1  # reached before the window
    achieved[early] = np.minimum(created_day + (need / np.maximum(progress, 1.0)).astype("int64"), -1)[early]
    standings = Ledger()
    for month in calendar.months:
        rows = np.flatnonzero(states["month"] == month.number)
        warmth, present = np.zeros(count), np.zeros(count, dtype=bool)
        warmth[states["account"][rows]] = -states["disengaged"][rows]
        present[states["account"][rows]] = True
        known = created_day <= month.last_day
        runs = known & present[who] & (achieved == NEVER) & (abandoned == NEVER)
        days = np.clip(month.last_day + 1 - np.maximum(created_day, month.first_day), 0, month.days)
        step = 0.75 * np.exp(strength + 0.45 * (warmth[who] + 0.3)) * rng.gamma(4.0, 0.25, total) * days / need
        progress = np.where(runs, progress + step, progress)
        done = runs & (progress >= 1)
        when = month.last_day + 1 - np.ceil(rng.random(total) * np.maximum(days, 1)).astype("int64")
        achieved[done] = when[done]
        gives_up = rng.random(total) < chance(-4.2 - 0.8 * (warmth[who] + 0.3) + 1.2 * (month.last_day > target_day))
        dropped = runs & ~done & gives_up & (when > created_day)
        abandoned[dropped] = when[dropped]
        told = runs | (known & (month.number == 0))
        standings.add(
            goal=np.flatnonzero(told),
            month=np.full(int(told.sum()), month.number),
            progress=np.minimum(progress, 1.0)[told],
            achieved_day=achieved[told],
            abandoned_day=abandoned[told],
        )
    return goals, standings.columns()


def prepare(
    session: duckdb.DuckDBPyConnection,
    settings: Settings,
    accounts: Accounts,
    team: Team,
    history: History,
    interventions: Columns,
) -> None:
    """Load what the months are cut from: `engagement`, `goal`, `goal_standing`, `intervention`; needs `company`."""
    planned = planned_talks(settings, accounts, team, history.end_day, history.talks)
    engagements = joined([history.talks, planned])
    load(session, "engagement", {"engagement": np.arange(len(engagements["account"])), **engagements})
    goals, standings = draw_goals(settings, accounts, team, history)
    load(session, "goal", goals)
    load(session, "goal_standing", standings)
    load(session, "intervention", {"intervention": np.arange(len(interventions["account"])), **interventions})
    session.execute(
        f"""create or replace macro owner_on(owner, successor, change_day, day, customer) as
        coalesce(case when change_day <= day then successor else owner end,
            case when draw(hash(customer), 'pool') < 0.5 then '{POOL}' end)"""
    )


def _word(words: tuple[str, ...], index: str) -> str:
    return f"({sql_list(list(words))})[{index} + 1]"


def _known(column: str, form: str = "bigint") -> str:
    return f"case when {column} >= 0 then {column}::{form} end"


def engagements_query(month: Month, is_last: bool) -> str:
    """Talks held, missed or answered in the month, as they stood at its end; the last file adds those planned ahead."""
    begin, end = f"moment({month.first_day}, 0)", f"moment({month.last_day + 1}, 0)"
    planned = f"status = {PLANNED}"
    return f"""
        with version as (
            select engagement.*, case when responded_at < {end} then responded_at end as answered_at,
                greatest(updated_at, answered_at) as changed_at
            from engagement where ({planned}) <= {is_last}
        )
        select printf('eng-%06d', engagement + 1) as engagement_id, customer_id, {_word(KINDS, "kind")} as engagement_type,
            occurred_at, {_word(STATUSES, "status")} as status,
            case when is_outbound then 'outbound' else 'inbound' end as direction, expects_answer as is_response_expected,
            answered_at as responded_at,
            case when kind <> {EMAIL} or not expects_answer or answered_at is not null
                then case when outcome >= 0 then {_word(OUTCOMES, "outcome")} end end as outcome,
            {_known("minutes")} as duration_minutes,
            owner_on(csm_owner, next_owner, owner_change_day, day, customer_id) as csm_owner,
            {_known("invited")} as stakeholders_invited, {_known("attended")} as stakeholders_attended,
            {_known("champion", "boolean")} as is_champion_present, {_known("decision_maker", "boolean")} as is_decision_maker_present,
            case when is_heard then {_known("competitor", "boolean")} end as mentions_competitor,
            case when is_heard then {_known("pricing", "boolean")} end as discusses_pricing,
            case when is_heard then {_known("budget", "boolean")} end as mentions_budget_constraints,
            case when is_heard then {_known("feature", "boolean")} end as requests_feature,
            {_word(SUBJECTS, "kind")} as subject,
            case when not is_heard then null when competitor = 1 then 'Compares us with another vendor' when pricing = 1 then 'Finds it dear'
                when budget = 1 then 'Budget is short this year' when feature = 1 then 'Misses a feature' end as notes,
            is_test, changed_at as updated_at
        from (select *, kind <> {EMAIL} or not expects_answer or answered_at is not null as is_heard from version) as version
        inner join company using (account)
        where changed_at >= {begin} and changed_at < {end}
        order by changed_at, engagement_id
    """


def goals_query(month: Month) -> str:
    """Goals that are open or were closed in the month, as they stood at its end (in the first file: all that are known)."""
    return f"""
        select printf('goa-%05d', goal + 1) as goal_id, customer_id, {_word(GOALS, "name")} as goal_name,
            moment(goal.created_day, 36000) as created_at, moment(target_day, 0) as target_at,
            case when achieved_day < {NEVER} then moment(achieved_day, 54000) end as achieved_at,
            case when abandoned_day < {NEVER} then moment(abandoned_day, 54000) end as abandoned_at,
            round(progress, 2) as progress_ratio,
            owner_on(csm_owner, next_owner, owner_change_day, {month.last_day}, customer_id) as csm_owner,
            moment(case when least(achieved_day, abandoned_day) < {NEVER} then least(achieved_day, abandoned_day) else {month.last_day} end, 64800)
                as updated_at
        from goal_standing inner join goal using (goal) inner join company using (account)
        where month = {month.number}
        order by goal_id
    """


def interventions_query(month: Month) -> str:
    """Interventions that began or ended in the month, as they stood at its end."""
    last = month.last_day
    return f"""
        select printf('int-%05d', intervention + 1) as intervention_id, customer_id,
            {_word(INTERVENTION_TYPES, "kind")} as intervention_type, moment(start_day, 32400) as started_at,
            case when end_day <= {last} then moment(end_day, 61200) end as ended_at,
            (['open urgent tickets', 'drop of use', 'review of the account'])[reason + 1] as reason,
            case when end_day <= {last} then (['completed', 'no change seen', 'no contact'])[outcome + 1] end as outcome,
            owner_on(csm_owner, next_owner, owner_change_day, start_day, customer_id) as csm_owner, is_test,
            coalesce(ended_at, started_at) as updated_at
        from intervention inner join company using (account)
        where start_day between {month.first_day} and {last} or end_day between {month.first_day} and {last}
        order by intervention_id
    """


def write_month(landing: Landing, month: Month, is_last: bool) -> None:
    """The three files of the team."""
    queries: dict[str, Any] = {
        "engagements": engagements_query(month, is_last),
        "goals": goals_query(month),
        "interventions": interventions_query(month),
    }
    for contract, query in queries.items():
        landing.write(contract, f"{contract}_{month.label}.csv", query, month)
