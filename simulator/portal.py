"""The analytics portal: who of the users works in it, on what, and how well it goes; one month at a time, set-based."""

from __future__ import annotations

import duckdb
import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns
from simulator.database import load, sql_list
from simulator.exports import iso
from simulator.files import Landing
from simulator.life import History
from simulator.settings import Array, Month, Settings

USERS_OF_PORTAL = 0.6  # share of the accounts
#: What the users of an account would do in 30 days if each could come more than once a day; some 50 are left of it.
ACTIVITIES = 105.0
_A_SESSION = 3.4
#: activity -> (share, features it can use)
ACTIVITY_TYPES: dict[str, tuple[float, tuple[str, ...]]] = {
    "dashboard_view": (0.42, ("standard_dashboard", "standard_dashboard", "custom_dashboard", "mobile_view")),
    "query_execution": (0.27, ("query_builder", "query_builder", "advanced_query", "saved_query")),
    "deep_analysis": (0.1, ("cohort_analysis", "segmentation", "funnel_analysis")),
    "insight_generation": (0.09, ("anomaly_detection", "forecast")),
    "insight_sharing": (0.07, ("sharing", "export")),
    "workflow_automation": (0.05, ("scheduled_report", "alert_rule")),
}


def draw_portal(settings: Settings, accounts: Accounts) -> tuple[Array, Array]:
    """Which accounts use the portal at all, and from which day on."""
    stream, count = settings.stream, len(accounts)
    uses = (stream("portal").random(count) < USERS_OF_PORTAL) & ~accounts.is_silent
    wait = np.where(stream("portal at once").random(count) < 0.7, 0, stream("portal later").exponential(200.0, count))
    return uses, accounts.created_day + wait.astype("int64")


def prepare(session: duckdb.DuckDBPyConnection, settings: Settings, accounts: Accounts, history: History) -> None:
    """Load `portal_user` and `portal_state` (what drives the account in a month); needs `person_user` and `company`."""
    uses, from_day = draw_portal(settings, accounts)
    load(session, "portal_account", {"account": np.flatnonzero(uses), "portal_day": from_day[uses]})
    states = history.states
    rows = np.flatnonzero(uses[states["account"]])
    who = states["account"][rows]
    warmth = -states["disengaged"][rows] + 0.3
    skill = 1.2 * (accounts.onboarding[who] - 0.6) + 0.35 * warmth
    volume = settings.stream("portal volume").lognormal(-0.12, 0.5, len(accounts))[who]
    state: Columns = {
        "account": who,
        "month": states["month"][rows],
        "from_day": states["from_day"][rows],
        "to_day": states["to_day"][rows],
        "pace": ACTIVITIES * volume * np.exp(0.45 * warmth + 0.9 * (accounts.onboarding[who] - 0.6)),
        "skill": skill,
    }
    load(session, "portal_state", state)
    session.execute(
        """
        create table portal_user as
        with chosen as (
            select user_no, person_user.account, user_id, customer_id, left_day,
                greatest(person_user.created_day + 1, portal_day) as from_day, mix(mix(first_key(), user_no), 620000000) as user_key,
                0.3 + draw(user_key, 'weight') ** 2 as weight
            from person_user inner join portal_account using (account) inner join company using (account)
            where is_first or draw(user_key, 'portal') < 0.6
        )
        select *, weight / sum(weight) over (partition by account) as share, from_day < 0 as is_known,
            row_number() over (partition by account order by user_no) as place, count(*) over (partition by account) as users
        from chosen
        """
    )
    session.execute("create table portal_seen as select user_no from portal_user where is_known")


def activities_query(month: Month) -> str:
    """What users did in the portal in the month; the first activity of one who was never there before is first_login."""
    names = sql_list(list(ACTIVITY_TYPES))
    features = "[" + ", ".join(sql_list(list(words)) for _, words in ACTIVITY_TYPES.values()) + "]"
    edges = np.cumsum([share for share, _ in ACTIVITY_TYPES.values()])[:-1].round(4).tolist()
    kind = "case " + " ".join(f"when luck < {edge} then {place}" for place, edge in enumerate(edges))
    kind += f" else {len(edges)} end"
    return f"""
        with present as (
            select portal_user.*, pace, skill, greatest(portal_state.from_day, portal_user.from_day) as begin_day,
                least(portal_state.to_day, left_day) as end_day
            from portal_state inner join portal_user using (account)
            where month = {month.number}
        ),
        opened as materialized (
            select present.*, day, mix(mix(user_key, day), 1) as session_key,
                1 + floor(-ln(1 - draw(session_key, 'activities')) * {_A_SESSION - 0.6})::bigint as activities,
                25200 + 36000 * draw(session_key, 'begins') as begin_second
            from present
            inner join day_weight on day between {month.first_day} and {month.last_day} and day >= begin_day and day < end_day
            where draw(mix(mix(user_key, day), 1), 'opens') < 1 - exp(-pace / 30 / {_A_SESSION} * share * day_weight.weight)
        ),
        session as (
            select *, round(activities * (2 + 7 * draw(session_key, 'pace')), 1) as minutes,
                user_no not in (select user_no from portal_seen)
                    and row_number() over (partition by user_no order by day) = 1 as is_first_session
            from opened
        ),
        step as (
            select *, unnest(range(case when is_first_session then -1 else 0 end, activities)) as number, mix(session_key, number + 7) as step_key
            from session
        ),
        shaped as (
            select *, least(0.9999, greatest(0, draw(step_key, 'type') + 0.06 * skill)) as luck, {kind} as kind,
                moment(day, begin_second + 60 * minutes * (number + 1 + draw(step_key, 'second')) / (activities + 2)) as activity_at
            from step
        ),
        judged as (
            select *, number = -1 as is_login, draw(step_key, 'works') < 1 / (1 + exp(-(1.7 + skill - 0.35 * (kind = 2)::integer))) as works
            from shaped
        )
        select
            'act-' || to_hex(step_key) as activity_id, customer_id, judged.user_id, {iso("activity_at")} as activity_at,
            case when is_login then 'first_login' else ({names})[kind + 1] end as activity_type,
            case when not is_login then one_of(({features})[kind + 1], step_key, 'feature') end as feature_used,
            case when kind = 0 and not is_login then printf('dash-%02d', 1 + floor(12 * draw(
                mix(hash(customer_id), floor(4 * draw(step_key, 'dashboard'))), 'd'))::bigint) end as dashboard_id,
            case when kind in (1, 2) and not is_login then printf('qry-%05d', floor(99999 * draw(step_key, 'query'))::bigint) end as query_id,
            minutes as session_duration_minutes,
            is_login or works as success_indicator,
            not is_login and draw(step_key, 'help') < case when works then 0.008 else 0.14 end as support_ticket_created,
            not is_login and works and draw(step_key, 'value') < (case when kind in (2, 3) then 0.3 else 0.06 end) * exp(0.4 * skill)
                as marked_as_valuable,
            case when kind = 4 and not is_login and works and users > 1 then other.user_id end as shared_with_colleagues
        from judged
        left join (select account as other_account, place as other_place, user_id from portal_user) as other
            on judged.account = other_account
            and other_place = 1 + (place + floor((users - 1) * draw(step_key, 'colleague'))::bigint) % users
        order by activity_at, activity_id
    """


def write_month(session: duckdb.DuckDBPyConnection, landing: Landing, month: Month) -> None:
    """The activity log of the month."""
    session.execute(f"create or replace temp table portal_activity as {activities_query(month)}")
    name = f"customer_activity_log_{month.label}.jsonl.gz"
    landing.write("customer_activity_log", name, "select * from portal_activity", month)
    session.execute(
        """insert into portal_seen select distinct user_no from portal_activity inner join portal_user using (user_id)
        where activity_type = 'first_login'"""
    )
