"""The shipped rule books on the bundled market: the deaths of LUNA and FTT are inside."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from tests.indices.worlds import Json, follow, list_levels, read_book

from assay import backtest, markets
from assay.indices.books import load_rule_books
from assay.indices.compute.accounting import ENDED
from assay.indices.compute.features import STALE_DAYS
from assay.indices.judging import Watcher, create_watcher
from assay.indices.types import RuleBook
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.publishing import load_facts

pytestmark = pytest.mark.slow

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LUNA, FTT = 100103, "FTT"


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Watcher:
    home = Home(tmp_path_factory.mktemp("sample") / "home").create()
    markets.ensure_ready(home, FixedClock(NOW), SilentProgress())
    return create_watcher(load_facts(home, date(2022, 12, 31), NOW))


def find_book(slug: str) -> RuleBook:
    return next(book for book in load_rule_books() if book.slug == slug)


def start_on(book: RuleBook, day: date) -> RuleBook:
    return replace(book, start=day)


def list_trades(rows: list[Json], first: date, token_id: int) -> list[tuple[date, Json]]:
    return [
        (first + timedelta(days=n), trade)
        for n, row in enumerate(rows)
        for trade in row["transactions"]
        if trade["token_id"] == token_id
    ]


def compare_with_backtest(rows: list[Json], first: date, watcher: Watcher) -> None:
    """The levels are those of the back-tester, told when a silent coin was given up."""
    panel = watcher.features.panel
    window = slice(panel.column(first), panel.column(first) + len(rows))
    closes = np.where(watcher.features.has_bar, watcher.features.filled, np.nan)[:, window]
    weights = np.full(closes.shape, np.nan)
    ends = np.full(panel.n_tokens, closes.shape[1])
    for day, row in enumerate(rows):
        for trade in row["transactions"]:
            if trade["reason"] == ENDED:
                ends[panel.row(trade["token_id"])] = day - 1
        if row["orders"] is not None:
            weights[:, day] = 0.0
            for target in row["orders"]["targets"]:
                weights[panel.row(target["token_id"]), day] = float(target["weight"])
    run = backtest.run_weights(closes, weights, fee_bps=10.0, last_bars=ends)
    assert list_levels(rows) / 1000.0 == pytest.approx(run.equity, rel=1e-6)


def test_luna_is_lost_and_sold_at_its_last_price(watcher: Watcher) -> None:
    first = date(2022, 4, 20)
    rows = follow(start_on(find_book("top-25"), first), watcher, 45)
    held = next(item for item in rows[5]["holdings"] if item["token_id"] == LUNA)
    assert held["symbol"] == "LUNA"
    assert float(held["weight"]) > 0.01
    sold = [item for item in list_trades(rows, first, LUNA) if item[1]["action"] == "sell"]
    day, trade = sold[-1]
    assert trade["reason"] == ENDED
    assert date(2022, 5, 13) <= day <= date(2022, 5, 13) + timedelta(days=STALE_DAYS)
    assert float(trade["price"]) < 0.001
    assert float(trade["weight_to"]) == 0.0
    lost = 1.0 - list_levels(rows)[20:30].min() / list_levels(rows)[5]
    assert lost > float(held["weight"])
    compare_with_backtest(rows, first, watcher)


def test_ftt_falls_inside_an_index_that_holds_it(watcher: Watcher) -> None:
    first = date(2022, 10, 20)
    text = """
    slug = "exchanges"
    name = "Exchanges"
    every_days = 60
    [basket]
    members = ["BNB", "FTT", "CAKE", "UNI"]
    """
    rows = follow(start_on(read_book(text), first), watcher, 40)
    panel = watcher.features.panel
    ftt = next(item["token_id"] for item in rows[2]["holdings"] if item["symbol"] == FTT)
    entered = next(t for _, t in list_trades(rows, first, ftt))
    assert float(entered["weight_to"]) == pytest.approx(0.25, abs=0.001)
    crash = float(rows[25]["level"]) / float(rows[15]["level"]) - 1.0
    assert crash < -0.2
    last_price = float(list_trades(rows, first, ftt)[-1][1]["price"])
    assert last_price < 0.1 * float(entered["price"])
    assert ftt not in {item["token_id"] for item in rows[-1]["holdings"]}
    bars = np.flatnonzero(watcher.features.has_bar[panel.row(ftt)])
    assert panel.day(int(bars[-1])) < first + timedelta(days=40)
    compare_with_backtest(rows, first, watcher)


def test_the_cash_rule_is_out_in_may_2022(watcher: Watcher) -> None:
    book = start_on(find_book("steady-25"), date(2022, 3, 25))
    rows = follow(book, watcher, 60)
    states = [row["regime"]["state"] for row in rows]
    assert states[5] != "cash"
    assert states[-1] == "cash"
    assert rows[-1]["cash_share"] == "1.000000"
    assert rows[-1]["return_1d"] == "0.000000"


def test_every_index_has_ten_liquid_coins_and_keeps_its_cap(watcher: Watcher) -> None:
    for slug in ("top-10", "top-25", "top-100", "defi", "layer-1", "computing"):
        book = start_on(find_book(slug), date(2022, 1, 3))
        rows = follow(book, watcher, 40)
        for row in rows:
            for target in (row["orders"] or {"targets": []})["targets"]:
                assert float(target["weight"]) <= book.weights.cap
        assert all(row["coins"] >= 10 for row in rows[1:])
        assert all(row["name"].endswith(" by volume") for row in rows)
