"""The step on a warehouse: planted laws come out again, the hold-out adds up, small data is refused, and a failure leaves everything as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from intelligence.lifetime_value import step
from intelligence.lifetime_value.bgnbd import BgNbd
from intelligence.lifetime_value.step import STEP, TABLES
from intelligence.warehouse import StepError
from tests.python.lifetime_value.test_repeat_buying import drawn

AS_OF = pd.Timestamp("2026-06-30 12:00:00")
MONTH = 365.25 / 12
LAW = BgNbd(r=0.8, alpha=8.0, a=0.8, b=5.0)


def purchases(customers: int, seed: int = 0, weeks: float = 52) -> pd.DataFrame:
    """A log from a law that is known, with `weeks` up to as_of and as many after it."""
    rng = np.random.default_rng(seed)
    log = drawn(LAW, customers, 2 * weeks, seed)
    start = AS_OF.normalize() - pd.Timedelta(weeks=weeks)
    log["purchased_on"] = (start + pd.to_timedelta(log["week"] * 7, unit="D")).dt.normalize()
    mean = rng.gamma(6.0, 10.0, customers)
    log["value_usd"] = rng.gamma(4.0, mean[log["customer_id"]] / 4.0)
    log["person_key"] = "p" + log["customer_id"].astype(str).str.zfill(6)
    log["golden_customer_id"] = log["person_key"].where(log["customer_id"] % 2 == 0)
    days = log.groupby(["person_key", "golden_customer_id", "purchased_on"], as_index=False, dropna=False)
    return days["value_usd"].sum().assign(is_purchase_day=True)


def spells(accounts: int, seed: int = 0) -> pd.DataFrame:
    """Accounts of two tiers, of which one leaves more often, as known at as_of and 180 days before."""
    rng = np.random.default_rng(seed)
    tier = np.where(np.arange(accounts) % 2 == 0, "SMB", "Enterprise")
    began = rng.uniform(1, 48, accounts)
    life = rng.geometric(np.where(tier == "SMB", rng.beta(2, 48, accounts), rng.beta(1, 99, accounts))).astype(float)
    margin = rng.lognormal(5, 1, accounts)
    parts = []
    for is_past, ago in ((True, 180 / MONTH), (False, 0.0)):
        there = began > ago
        tenure = began[there] - ago
        left = life[there] <= tenure
        kept = np.minimum(np.maximum(life[there] - tenure, 0), ago)
        running = ~left & is_past
        parts.append(
            pd.DataFrame(
                {
                    "is_past": is_past,
                    "seen_at": AS_OF - pd.Timedelta(days=180 if is_past else 0),
                    "customer_id": [f"acc-{number:05d}" for number in np.flatnonzero(there)],
                    "spell_number": 1,
                    "customer_tier": tier[there],
                    "entry_months": 0.0,
                    "tenure_months": np.where(left, life[there], tenure),
                    "has_ended": left,
                    "months_to_notice": np.nan,
                    "months_kept": np.where(running, kept, np.nan),
                    "has_left_since": pd.Series(np.where(running, life[there] <= began[there], None), dtype="boolean"),
                    "monthly_margin_usd": np.where(left, 0.0, margin[there]),
                    "margin_kept_usd": np.where(running, kept * margin[there], np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def fill(warehouse: Path, log: pd.DataFrame, known: pd.DataFrame) -> None:
    """Put what there is where the step reads it, with types of its own also where there is no row."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema if not exists silver")
        con.register("log", log)
        con.register("known", known)
        con.execute(
            "create or replace table silver.purchase_days as select person_key::varchar as person_key, "
            "golden_customer_id::varchar as golden_customer_id, purchased_on::date as purchased_on, "
            "value_usd::decimal(18, 4) as value_usd, is_purchase_day::boolean as is_purchase_day from log"
        )
        con.execute(
            "create or replace table silver.subscription_spells as select * replace (has_left_since::boolean as has_left_since, "
            "months_kept::double as months_kept, months_to_notice::double as months_to_notice) from known"
        )
        con.execute(
            f"create or replace table silver.lifetime_value_settings as select timestamp '{AS_OF}' as as_of, 12::bigint as horizon_months, "
            "0.1::double as discount_rate, 180::bigint as holdout_days, 0.8::double as gross_margin"
        )


def ask(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def planted() -> tuple[pd.DataFrame, pd.DataFrame]:
    return purchases(3_000), spells(1_500)


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, planted: tuple[pd.DataFrame, pd.DataFrame]
) -> tuple[Path, step.LifetimeValueReport]:
    warehouse = tmp_path_factory.mktemp("value") / "warehouse.duckdb"
    log, known = planted
    fill(warehouse, log[log["purchased_on"] <= AS_OF], known)
    return warehouse, STEP.run(warehouse)


def test_what_is_foretold_of_purchases_comes(
    done: tuple[Path, step.LifetimeValueReport], planted: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    warehouse, report = done
    log = planted[0]
    assert report.states["non_contractual"] == "current"
    foretold = pd.DataFrame(
        ask(
            warehouse,
            "select customer_id, expected_purchases, expected_usd, low_usd, high_usd from lifetime_value.predictions "
            "where kind = 'non_contractual'",
        ),
        columns=["customer_id", "purchases", "expected", "low", "high"],
    ).set_index("customer_id")
    after = log[(log["purchased_on"] > AS_OF) & (log["purchased_on"] <= AS_OF + pd.Timedelta(days=365))]
    came = after.groupby("person_key")["value_usd"].agg(["size", "sum"]).reindex(foretold.index).fillna(0.0)
    assert len(foretold) == log.loc[log["purchased_on"] <= AS_OF, "person_key"].nunique()
    assert foretold["purchases"].sum() == pytest.approx(came["size"].sum(), rel=0.08)
    worth = 0.8 * came["sum"] / 1.1**0.45
    assert foretold["expected"].sum() == pytest.approx(worth.sum(), rel=0.1)
    assert (foretold["low"] <= foretold["high"]).all()
    assert ((foretold["low"] <= worth) & (worth <= foretold["high"])).mean() > 0.78


def test_what_is_foretold_of_subscriptions_comes(
    done: tuple[Path, step.LifetimeValueReport], planted: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    warehouse, report = done
    known = planted[1]
    assert report.states["contractual"] == "current"
    running = known[~known["is_past"] & ~known["has_ended"]]
    assert report.foretold["contractual"] == len(running)
    ((foretold, observed, naive),) = ask(
        warehouse,
        "select foretold_events, observed_events, naive_events from lifetime_value.models where kind = 'contractual'",
    )
    assert (naive, observed) == (0, int(known.loc[known["is_past"], "has_left_since"].sum()))
    assert foretold == pytest.approx(observed, rel=0.25)
    assert ask(
        warehouse,
        "select bool_and(low_usd <= high_usd and expected_usd >= 0 and probability_kept between 0 and 1) from lifetime_value.predictions "
        "where kind = 'contractual'",
    ) == [(True,)]
    kept = dict(
        ask(
            warehouse,
            "select customer_tier, avg(probability_kept) from lifetime_value.predictions "
            "inner join silver.subscription_spells using (customer_id) where not is_past group by 1",
        )
    )
    assert kept["SMB"] < kept["Enterprise"]


def test_the_hold_out_adds_up(done: tuple[Path, step.LifetimeValueReport]) -> None:
    warehouse, _ = done
    sums = ask(
        warehouse,
        "select kind, grouped_by, sum(customers), round(sum(foretold_usd), 2), sum(observed_events), round(sum(observed_usd), 2) "
        "from lifetime_value.holdout group by 1, 2 order by 1, 2",
    )
    assert len(sums) == 7
    for kind in ("contractual", "non_contractual"):
        assert len({row[2:] for row in sums if row[0] == kind}) == 1
    assert ask(
        warehouse,
        "select count(*) from lifetime_value.models inner join lifetime_value.holdout as of_all using (model_id) "
        "where grouped_by = 'all' and holdout_customers = of_all.customers and abs(models.observed_usd - of_all.observed_usd) < 1e-6",
    ) == [(2,)]


def test_what_is_paid_after_the_hold_out_began_teaches_what_is_judged_nothing(
    done: tuple[Path, step.LifetimeValueReport], planted: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    """With all that came in the hold-out ten times as dear, the same is foretold for it."""
    warehouse, _ = done
    log, known = planted
    ((began,),) = ask(warehouse, "select holdout_from from lifetime_value.models where kind = 'non_contractual'")
    seen = log[log["purchased_on"] <= AS_OF]
    dearer = seen.assign(value_usd=seen["value_usd"] * np.where(seen["purchased_on"] > began, 10, 1))
    other = tmp_path / "warehouse.duckdb"
    fill(other, dearer, known)
    STEP.run(other)
    query = "select foretold_usd, foretold_events from lifetime_value.models where kind = 'non_contractual'"
    (one,), (another,) = ask(warehouse, query), ask(other, query)
    assert one == pytest.approx(another, rel=1e-9)


def test_little_is_refused_with_its_number(
    done: tuple[Path, step.LifetimeValueReport], planted: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(done[0].read_bytes())
    log, known = planted
    few = log[log["person_key"].isin(sorted(set(log["person_key"]))[:20])]
    stays = known[~known["has_ended"]]
    for purchases_there, spells_there, sentence in (
        (
            few[few["purchased_on"] <= AS_OF],
            stays.head(5),
            r"Of 20 customers \d+ bought on two days or more; 50 are needed",
        ),
        (log.head(0), known.head(0), "Of 0 customers 0 bought on two days or more"),
        (log.head(1), stays.tail(1), "Of 1 customers 0 bought on two days or more"),
    ):
        fill(warehouse, purchases_there, spells_there)
        report = STEP.run(warehouse)
        assert set(report.states.values()) == {"too few"}
        assert ask(
            warehouse,
            "select count(*) from lifetime_value.predictions union all select count(*) from lifetime_value.holdout",
        ) == [
            (0,),
            (0,),
        ]
        (contractual,), (bought,) = ask(warehouse, "select reason from lifetime_value.models order by kind")
        assert "0 left; 20 are needed" in contractual
        assert pd.Series([bought]).str.contains(sentence).all()


def test_a_failure_leaves_everything_as_it_was(
    done: tuple[Path, step.LifetimeValueReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(done[0].read_bytes())
    before = {table: ask(warehouse, f"select * from lifetime_value.{table} order by all") for table in TABLES}

    def broken(*_: object) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(step, "_purchases", broken)
    with pytest.raises(StepError, match=r"The lifetime value step failed: no room\."):
        STEP.run(warehouse)
    assert {table: ask(warehouse, f"select * from lifetime_value.{table} order by all") for table in TABLES} == before


def test_the_same_twice_is_the_same(done: tuple[Path, step.LifetimeValueReport], tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(done[0].read_bytes())
    STEP.run(warehouse)
    for table in TABLES:
        assert ask(warehouse, f"select * from lifetime_value.{table} order by all") == ask(
            done[0], f"select * from lifetime_value.{table} order by all"
        )
