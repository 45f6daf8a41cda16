"""Devices at some of the accounts, and what they report once a day.

A device gets into trouble in spells, the likelier the longer its last maintenance is ago; a spell ends by itself, by the next
maintenance or by a repair, which is one too. Devices and leaving have nothing to do with each other.
"""

from __future__ import annotations

import duckdb
import numpy as np

from simulator.accounts import Accounts
from simulator.billing import Columns
from simulator.database import load, sql_list
from simulator.files import Landing
from simulator.life import History
from simulator.settings import NEVER, Array, Month, Settings, blanked

#: Share of the accounts of an industry with devices; OTHERS: of those not named, and of those whose industry nobody knows.
OWNERS = {"Logistics": 0.5, "Manufacturing": 0.5, "Energy": 0.6, "Healthcare": 0.45}
OTHERS = 0.06
_MEAN_BY_TIER = np.array([1.5, 2.5, 4.5])
TYPES = ("gateway", "sensor", "terminal", "scanner")
MODELS = (("G1", "G2"), ("S3", "S4"), ("T10", "T20"), ("C5", "C6"))
_REVENUE = np.array([40.0, 9.0, 25.0, 14.0])
INTERVALS = (90, 180, 365)
#: Spells a year of a device that is maintained in time, and their length in days if nobody ends them.
SPELLS_A_YEAR, SPELL_DAYS = 2.2, 11.0


def draw_devices(settings: Settings, accounts: Accounts) -> tuple[Columns, Columns, Columns]:
    """Devices, the days of their maintenance, and their spells of trouble inside the window.

    Returns:
        devices (device, account, kind, model, installed_day, retired_day, interval, revenue), visits (device, day) and
        spells (device, from_day, to_day, severity).
    """
    rng, count = settings.stream("devices"), len(accounts)
    share = np.array([OWNERS.get(str(name), OTHERS) for name in accounts.industry])
    has = (rng.random(count) < share) & ~accounts.is_ghost
    number = np.clip(rng.geometric(1 / _MEAN_BY_TIER[accounts.tier]), 1, 12)
    account = np.repeat(np.arange(count), np.where(has, number, 0))
    total = len(account)
    kind = rng.choice(4, total, p=(0.3, 0.35, 0.2, 0.15))
    installed = accounts.created_day[account] + 5 + rng.exponential(60.0, total).astype("int64")
    lasts = 60 + rng.exponential(2600.0, total).astype("int64")
    interval = np.array(INTERVALS)[rng.choice(3, total, p=(0.25, 0.55, 0.2))]
    revenue = np.round(_REVENUE[kind] * rng.lognormal(0.0, 0.25, total), 2)
    rounds = 2 + (settings.days + 1600) // min(INTERVALS)
    pause = interval[:, None] * rng.lognormal(0.0, 0.18, (total, rounds))  # some come late
    planned = installed[:, None] + np.cumsum(pause, axis=1).astype("int64")
    device, place = np.nonzero(planned < settings.days)
    visit_day = planned[device, place]

    spells = rng.poisson(3 * SPELLS_A_YEAR * settings.days / 365, total)
    hit = np.repeat(np.arange(total), spells)
    begin = rng.integers(0, settings.days, len(hit))
    keys = np.sort(
        np.concatenate([device, np.arange(total)]) * 1_000_000 + 100_000 + np.concatenate([visit_day, installed])
    )
    before = np.searchsorted(keys, hit * 1_000_000 + 100_000 + begin, side="right") - 1
    since = hit * 1_000_000 + 100_000 + begin - keys[np.maximum(before, 0)]
    wear = np.clip(since / interval[hit], 0, 1.5)
    real = (begin >= installed[hit]) & (rng.random(len(hit)) < wear / 1.5)
    hit, begin, before = hit[real], begin[real], before[real]
    length = 2 + rng.exponential(SPELL_DAYS, len(hit)).astype("int64")
    after = keys[np.minimum(before + 1, len(keys) - 1)] if len(keys) else hit
    next_visit = np.where((before + 1 < len(keys)) & (after // 1_000_000 == hit), after % 1_000_000 - 100_000, NEVER)
    end = np.minimum(begin + length, np.maximum(next_visit, begin + 1))
    repaired = (rng.random(len(hit)) < 0.4) & (end < np.minimum(next_visit, settings.days))
    devices: Columns = {
        "device": np.arange(total),
        "account": account,
        "kind": kind,
        "model": rng.integers(0, 2, total),
        "installed_day": installed,
        "retired_day": np.where(installed + lasts < settings.days, installed + lasts, NEVER),
        "interval": interval,
        "revenue": blanked(revenue, rng.random(total) < 0.05),
    }
    visits: Columns = {
        "device": np.concatenate([device, hit[repaired]]),
        "day": np.concatenate([visit_day, end[repaired]]),
    }
    troubled: Columns = {"device": hit, "from_day": begin, "to_day": end, "severity": rng.beta(2.0, 2.5, len(hit))}
    return devices, visits, troubled


def prepare(session: duckdb.DuckDBPyConnection, settings: Settings, accounts: Accounts, history: History) -> None:
    """Load `device_unit`, `device_visit`, `device_spell`; needs `company`. A device goes when its account does."""
    devices, visits, spells = draw_devices(settings, accounts)
    gone: Array = history.end_day[devices["account"]]
    devices["retired_day"] = np.minimum(devices["retired_day"], gone)
    kept = devices["installed_day"] < np.minimum(devices["retired_day"], settings.days)
    load(session, "device_unit", {name: values[kept] for name, values in devices.items()})
    load(session, "device_visit", visits)
    load(session, "device_spell", spells)


def devices_query(month: Month) -> str:
    """All devices known at the end of the month."""
    last = month.last_day
    models = "[" + ", ".join(sql_list(list(pair)) for pair in MODELS) + "]"
    return f"""
        with visit as (
            select device, max(day) as visit_day from device_visit inner join device_unit using (device)
            where day <= {last} and day < retired_day group by device
        )
        select printf('dev-%05d', device + 1) as device_id, customer_id, ({sql_list(list(TYPES))})[kind + 1] as device_type,
            ({models})[kind + 1][model + 1] as model, moment(installed_day, 28800) as installed_at,
            case when retired_day <= {last} then moment(retired_day, 28800) end as retired_at,
            moment(visit_day, 43200) as last_maintained_at, "interval" as maintenance_interval_days,
            revenue::decimal(18, 2) as monthly_revenue, 'USD' as currency, is_test,
            greatest(moment(installed_day, 28800), moment(visit_day, 43200), case when retired_day <= {last} then moment(retired_day, 28800) end)
                as updated_at
        from device_unit inner join company using (account) left join visit using (device)
        where installed_day <= {last}
        order by device_id
    """


def telemetry_query(month: Month) -> str:
    """A reading a device and day; now and then one is missing."""
    return f"""
        with trouble as (
            select device, day, max(severity) as severity
            from device_spell, unnest(range(greatest(from_day, {month.first_day}), least(to_day, {month.last_day + 1}))) as days (day)
            group by device, day
        ),
        reading as (
            select device_unit.*, day_weight.day, weight, coalesce(severity, 0) as severity,
                mix(mix(mix(first_key(), 610000000), device_unit.device), day_weight.day) as key
            from device_unit
            inner join day_weight on day between {month.first_day} and {month.last_day} and day > installed_day and day < retired_day
            left join trouble on device_unit.device = trouble.device and day_weight.day = trouble.day
            where draw(key, 'lost') >= 0.01
        ),
        measured as (
            select *, draw(key, 'online') >= 0.004 + 0.4 * severity as is_online,
                case when is_online then 1 - least(1, draw(key, 'down') ** 3 * (0.02 + 0.6 * severity)) else 0.6 * draw(key, 'down') end as uptime
            from reading
        )
        select printf('dev-%05d', device + 1) as device_id, moment(day, 21600 + floor(600 * draw(key, 'second'))) as recorded_at,
            is_online, round(uptime, 4) as uptime_ratio,
            case when is_online then
                round(90 * (0.5 + draw(hash(device), 'volume')) * (0.35 + 0.65 * weight) * uptime * (0.85 + 0.3 * draw(key, 'volume')))::bigint
                end as usage_volume,
            floor(-ln(1 - draw(key, 'errors')) * (0.22 + 9 * severity))::bigint as errors,
            case when kind in (1, 3) then round(35 + 65 * abs(2 * ((day / 41.0 + draw(hash(device), 'charge')) % 1) - 1))::bigint end as battery_pct
        from measured
        order by device_id, recorded_at
    """


def write_month(landing: Landing, month: Month) -> None:
    """The list of devices and the readings of the month."""
    landing.write("devices", f"devices_{month.end_date.isoformat()}.csv", devices_query(month), month)
    landing.write("device_telemetry", f"device_telemetry_{month.label}.csv.gz", telemetry_query(month), month)
