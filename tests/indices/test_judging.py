"""From day to day: nothing from tomorrow, rows as the state, the cash rule, coins that end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.indices.worlds import (
    DAYS,
    FIRST,
    PLAIN,
    Json,
    ToyFacts,
    ToySaid,
    create_panel,
    follow,
    kill,
    list_levels,
    read_book,
    watch,
)

from assay import backtest
from assay.indices.compute.accounting import ENDED
from assay.indices.judging import judge_days
from assay.indices.types import KIND
from assay.ledger import canonical_json
from assay.publishing import FIRST_DAY

ONE_DAY = timedelta(days=1)
COLUMN = (FIRST_DAY - FIRST).days

GRADED = """
slug = "graded"
name = "Graded"
every_days = 5
[basket]
rank_by = "trader_grade"
count = 6
buffer = 0.5
[weights]
scheme = "grade"
cap = 0.4
[cash]
means = [10, 30]
band = 0.01
floor = 0.2
"""
SLEEVED = """
slug = "sleeved"
name = "Sleeved"
every_days = 20
[basket]
count = 5
[weights]
scheme = "inverse_volatility"
[volatility]
annual = 0.4
[sleeve]
volatility_share = 0.25
[sleeve.basket]
rank_by = "fall_risk"
count = 5
outside_top = 10
"""
OPTIMISED = """
slug = "optimised"
name = "Optimised"
every_days = 40
[basket]
count = 8
[weights]
scheme = "SCHEME"
cap = 0.3
days = 60
"""
BOOKS = (PLAIN, GRADED, SLEEVED)


def rows_of(text: str, seed: int = 1, days: int = 60) -> Sequence[Json]:
    panel = create_panel(seed)
    return follow(read_book(text), watch(panel), days, ToySaid().grade(panel))


@pytest.mark.slow
@settings(max_examples=12)
@given(st.sampled_from(BOOKS), st.integers(0, 50), st.integers(1, 70), st.integers(0, 9))
def test_nothing_from_tomorrow(text: str, seed: int, day: int, other: int) -> None:
    """A future that is another one, and a panel that ends today, change no byte of today."""
    panel, twin = create_panel(seed), create_panel(seed + 1000 + other)
    cut = COLUMN + day + 1
    close, volume = np.array(panel.close), np.array(panel.volume)
    close[:, cut:], volume[:, cut:] = twin.close[:, cut:], twin.volume[:, cut:]
    changed = replace(panel, close=close, volume=volume)
    short = panel.until(panel.day(cut - 1))
    said = ToySaid().grade(panel)
    book = read_book(text)
    whole = follow(book, watch(panel), day + 1, said)
    assert canonical_json(follow(book, watch(changed), day + 1, said)) == canonical_json(whole)
    assert canonical_json(follow(book, watch(short), day + 1, said)) == canonical_json(whole)


@pytest.mark.parametrize("text", BOOKS)
def test_decided_today_and_filled_tomorrow(text: str) -> None:
    rows = rows_of(text)
    assert rows[0]["orders"] is not None
    assert rows[0]["holdings"] == []
    assert rows[0]["level"] == "1000.000000"
    for before, after in pairwise(rows):
        assert after["rebalanced"] == (before["orders"] is not None)
        if before["orders"] is None:
            assert after["transactions"] == []
            assert after["cash"] == before["cash"]


@pytest.mark.parametrize("text", BOOKS)
def test_equal_to_the_back_tester_on_the_same_targets(text: str) -> None:
    panel = create_panel(4)
    rows = follow(read_book(text), watch(panel), 100, ToySaid().grade(panel))
    closes = panel.close[:, COLUMN : COLUMN + 100]
    weights = np.full(closes.shape, np.nan)
    for day, row in enumerate(rows):
        if row["orders"] is not None:
            weights[:, day] = 0.0
            for target in row["orders"]["targets"]:
                weights[panel.row(target["token_id"]), day] = float(target["weight"])
    run = backtest.run_weights(closes, weights, fee_bps=10.0)
    assert list_levels(rows) / 1000.0 == pytest.approx(run.equity, rel=1e-6)
    turned = np.cumsum(run.turnover) / 2.0
    assert [float(row["turnover"]) for row in rows] == pytest.approx(turned, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("text", BOOKS)
def test_rows_agree_with_themselves(text: str) -> None:
    assert rows_of(text)[0]["benchmarks"] == {"bitcoin": None, "equal_weight": "1000.000000"}
    for row in rows_of(text):
        level = float(row["level"])
        worth = sum(float(item["amount"]) * float(item["price"]) for item in row["holdings"])
        assert worth + float(row["cash"]) == pytest.approx(level, rel=1e-6)
        shares = sum(float(item["weight"]) for item in row["holdings"])
        assert shares + float(row["cash_share"]) == pytest.approx(1.0, abs=1e-4)
        assert float(row["peak"]) >= level - 1e-6
        assert row["coins"] == len(row["holdings"])
        assert canonical_json(row) == canonical_json(orjson.loads(canonical_json(row)))


def test_a_coin_that_falls_silent_is_sold_a_week_later() -> None:
    panel = create_panel(3)
    held = follow(read_book(PLAIN), watch(panel), 15)[14]["holdings"][0]["token_id"]
    last = FIRST_DAY + timedelta(days=14)
    dead = kill(panel, panel.row(held), last)
    rows = follow(read_book(PLAIN), watch(dead), 30)
    sold = [
        (FIRST_DAY + timedelta(days=day), trade)
        for day, row in enumerate(rows)
        for trade in row["transactions"]
        if trade["token_id"] == held and trade["reason"] == ENDED
    ]
    assert [day for day, _ in sold] == [last + timedelta(days=7)]
    price = panel.close[panel.row(held), panel.column(last)]
    assert float(sold[0][1]["price"]) == pytest.approx(price, rel=1e-6)
    assert all(held not in [item["token_id"] for item in row["holdings"]] for row in rows[21:])


def test_a_coin_whose_end_is_known_is_sold_at_once_and_never_bought() -> None:
    panel = create_panel(3)
    book = read_book(PLAIN)
    held = follow(book, watch(panel), 15)[14]["holdings"][0]["token_id"]
    last = FIRST_DAY + timedelta(days=14)
    dead = kill(panel, panel.row(held), last)
    rows = follow(book, watch(dead, {held: last}), 30)
    assert held in [trade["token_id"] for trade in rows[15]["transactions"]]
    ordered = [target for row in rows[14:] if row["orders"] for target in row["orders"]["targets"]]
    assert held not in [target["token_id"] for target in ordered]


def test_the_cash_rule_resizes_the_same_basket() -> None:
    rows = rows_of(GRADED, seed=6, days=100)
    shares = {row["regime"]["invested"] for row in rows}
    assert {"0.2000", "1.0000"} <= shares
    assert {row["regime"]["state"] for row in rows} == {"invested", "partly invested"}
    resized = [
        (before, row)
        for before, row in pairwise(rows)
        if before["orders"] and before["orders"]["why"].startswith("the cash rule")
    ]
    assert resized
    for before, after in resized:
        kept = {item["token_id"] for item in before["holdings"]}
        assert {item["token_id"] for item in after["holdings"]} == kept
        invested = 1.0 - float(after["cash_share"])
        assert invested <= float(before["orders"]["exposure"]) + 0.02
    assert "20% is always invested" in rows[0]["regime"]["rule"]


def test_without_grades_it_keeps_what_it_holds_and_says_so() -> None:
    panel = create_panel(1)
    said = ToySaid().grade(panel)
    silent = {FIRST_DAY + timedelta(days=n) for n in range(20, 40)}
    said.book = {key: rows for key, rows in said.book.items() if key[1] not in silent}
    always_invested = GRADED[: GRADED.index("[cash]")]
    rows = follow(read_book(always_invested), watch(panel), 50, said)
    assert rows[20]["note"] == "No Trader Grade stands for this day: it kept what it held."
    assert rows[20]["orders"] is None
    assert [item["token_id"] for item in rows[39]["holdings"]] != []
    assert rows[40]["note"] is None
    assert rows[40]["orders"] is not None


def test_the_sleeve_is_within_its_risk_budget_and_outside_the_top() -> None:
    panel = create_panel(2)
    rows = follow(read_book(SLEEVED), watch(panel), 3, ToySaid().grade(panel))
    orders = rows[0]["orders"]
    by_risk = [item for item in orders["targets"] if "Investor Grade" in item["reason"]]
    assert len(by_risk) == 5
    turnover = (panel.close * panel.volume)[:, COLUMN - 89 : COLUMN + 1].mean(axis=1)
    top = set(panel.token_ids[np.argsort(-turnover)[:10]].tolist())
    assert not top & {item["token_id"] for item in by_risk}
    total = sum(float(item["weight"]) for item in orders["targets"])
    returns = panel.close[:, COLUMN - 89 : COLUMN + 1] / panel.close[:, COLUMN - 90 : COLUMN] - 1.0
    places = [panel.row(item["token_id"]) for item in orders["targets"]]
    weights = np.array([float(item["weight"]) for item in orders["targets"]]) / total
    contributions = weights * (np.cov(returns[places]) @ weights)
    risky = [item in by_risk for item in orders["targets"]]
    assert contributions[risky].sum() / contributions.sum() <= 0.2501
    assert contributions[risky].sum() / contributions.sum() > 0.2


def test_published_fall_risks_rank_the_sleeve() -> None:
    panel = create_panel(2)
    said = ToySaid().grade(panel)
    for day in range(3):
        said.book["moonshots", FIRST_DAY + timedelta(days=day)] = [
            {"token_id": int(key), "no_view": None, "fall_80": {"probability": f"0.{999 - key}"}}
            for key in panel.token_ids
        ]
    orders = follow(read_book(SLEEVED), watch(panel), 1, said)[0]["orders"]
    risky = [item for item in orders["targets"] if "risk of an 80 % fall" in item["reason"]]
    best = next(item for item in risky if item["reason"].startswith("rank 1 "))
    assert best["token_id"] == max(item["token_id"] for item in risky)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["hrp", "risk_parity", "min_cvar"])
def test_optimisers_keep_the_cap_and_the_grid(scheme: str) -> None:
    panel = create_panel(7)
    text = OPTIMISED.replace("SCHEME", scheme)
    if scheme == "min_cvar":
        text += "maximum_turnover = 0.3\n"
    rows = follow(read_book(text), watch(panel), 45)
    for row in rows:
        if row["orders"]:
            weights = [float(item["weight"]) for item in row["orders"]["targets"]]
            assert all(weight <= 0.3 and round(weight * 10_000) == pytest.approx(weight * 10_000)
                       for weight in weights)  # fmt: skip
            assert 0.99 < sum(weights) <= 1.0
    assert sum(row["orders"] is not None for row in rows) == 2
    again = follow(read_book(text), watch(panel), 45)
    assert canonical_json(rows) == canonical_json(again)


@pytest.mark.slow
def test_a_day_by_itself_is_the_day_among_others() -> None:
    panel = create_panel(1)
    facts = ToyFacts(panel, {})
    days = [FIRST_DAY + n * ONE_DAY for n in range(8)]
    said = ToySaid().grade(panel)
    whole = []
    for judgement in judge_days(days, facts, said):
        said.book[KIND, judgement.day] = orjson.loads(canonical_json(list(judgement.rows)))
        whole.append(canonical_json(list(judgement.rows)))
    for day, expected in zip(days, whole, strict=True):
        short = ToyFacts(panel.until(day), {})
        alone = next(iter(judge_days([day], short, said)))
        assert canonical_json(list(alone.rows)) == expected
        assert alone.model.startswith("rules:")


def test_the_window_is_long_enough() -> None:
    assert COLUMN == 100 < DAYS


def test_a_redenomination_changes_amounts_and_prices_but_no_level() -> None:
    panel = create_panel(3)
    plain = follow(read_book(PLAIN), watch(panel), 30)
    held = plain[14]["holdings"][0]["token_id"]
    row, column = panel.row(held), COLUMN + 15
    close, volume, unit = np.array(panel.close), np.array(panel.volume), np.array(panel.unit)
    close[row, column:] /= 1000.0
    volume[row, column:] *= 1000.0
    unit[row, column:] = 1000.0
    split = follow(
        read_book(PLAIN), watch(replace(panel, close=close, volume=volume, unit=unit)), 30
    )
    assert list_levels(split) == pytest.approx(list_levels(plain), rel=1e-9)
    old = next(item for item in plain[16]["holdings"] if item["token_id"] == held)
    new = next(item for item in split[16]["holdings"] if item["token_id"] == held)
    assert float(new["amount"]) == pytest.approx(1000.0 * float(old["amount"]))
    assert float(new["price"]) == pytest.approx(float(old["price"]) / 1000.0)
    assert float(new["entry_price"]) == pytest.approx(float(old["entry_price"]) / 1000.0)
    assert new["return"] == old["return"]
