"""Bars from trades: the venue's own to the digit, and honest where trades are missing."""

from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.feeds.compute.bars import Added, BarBuilder, Built, find_open, read_interval, roll_up
from assay.feeds.types import Candle, Trade
from assay.kit.errors import BadInput

MINUTE = 60_000
T0 = 1_667_946_660_000
"""A minute that opens: 2022-11-08 22:31 UTC."""


def trade(number: int, at_ms: int, price: float = 100.0, size: float = 1.0) -> Trade:
    return Trade("BTC", number, price, size, True, T0 + at_ms)


def feed(builder: BarBuilder, trades: Iterable[Trade]) -> list[Added]:
    return [builder.add(each) for each in trades]


def builder(**options: object) -> BarBuilder:
    return BarBuilder("BTC", **({"started_ms": T0} | options))  # type: ignore[arg-type]


def states(built: list[Built]) -> list[tuple[int, bool]]:
    return [((each.candle.open_ms - T0) // MINUTE, each.is_complete) for each in built]


class TestBars:
    def test_worked_example(self) -> None:
        bars = builder()
        feed(bars, [
            trade(1, 100, 100.0, 0.1), trade(2, 200, 103.5, 0.2), trade(3, 300, 99.25, 1.0),
            trade(4, 59_999, 101.0, 0.00000001), trade(5, 60_000, 102.0, 2.0),
        ])  # fmt: skip
        assert bars.close_until(T0 + MINUTE + 1_999) == []
        (bar,) = bars.close_until(T0 + MINUTE + 2_000)
        assert bar == Built(
            Candle(
                "BTC", "1m", T0, 100.0, 103.5, 99.25, 101.0,
                float(Decimal("1.30000001")), float(Decimal("129.95000101")), 4, True,
            ),
            True,
        )  # fmt: skip
        current = bars.current()
        assert current is not None
        assert (current.open_ms, current.close, current.is_closed) == (T0 + MINUTE, 102.0, False)

    def test_order_of_arrival_does_not_matter(self) -> None:
        trades = [
            trade(3, 50_000, 3.0),
            trade(1, 10, 1.0),
            trade(2, 10, 2.0),
            trade(4, 50_000, 4.0),
        ]
        bars = builder()
        feed(bars, trades)
        (bar,) = bars.close_until(T0 + 2 * MINUTE)
        assert (bar.candle.open, bar.candle.close, bar.is_complete) == (1.0, 4.0, True)

    def test_repeats_are_known_by_their_id(self) -> None:
        bars = builder()
        assert feed(bars, [trade(1, 10), trade(2, 20), trade(1, 10)]) == [
            Added.TAKEN, Added.TAKEN, Added.DUPLICATE,
        ]  # fmt: skip
        (bar,) = bars.close_until(T0 + 2 * MINUTE)
        assert bar.candle.trades == 2
        # A venue that repeats its last trades after a reconnect: in a closed bar, too.
        assert bars.add(trade(2, 20)) is Added.DUPLICATE
        assert states(bars.close_until(T0 + 2 * MINUTE)) == []

    def test_minutes_without_trades(self) -> None:
        bars = builder()
        assert bars.close_until(T0 + 3 * MINUTE) == []
        feed(bars, [trade(1, 3 * MINUTE, 50.0), trade(2, 6 * MINUTE, 60.0)])
        built = bars.close_until(T0 + 7 * MINUTE)
        assert states(built) == [(3, True), (4, True), (5, True)]
        empty = built[1].candle
        assert (empty.open, empty.high, empty.low, empty.close) == (50.0, 50.0, 50.0, 50.0)
        assert (empty.base_volume, empty.quote_volume, empty.trades) == (0.0, 0.0, 0)
        bars = builder(fill_empty=False)
        feed(bars, [trade(1, 0), trade(2, 2 * MINUTE)])
        assert states(bars.close_until(T0 + 4 * MINUTE)) == [(0, True), (2, True)]

    @pytest.mark.parametrize(
        "bad",
        [
            Trade("ETH", 1, 1.0, 1.0, True, T0), Trade("BTC", 1, 0.0, 1.0, True, T0),
            Trade("BTC", 1, float("nan"), 1.0, True, T0), Trade("BTC", 1, 1.0, -1.0, True, T0),
            Trade("BTC", 1, 1.0, 0.0, True, T0), Trade("BTC", 1, 1.0, float("inf"), True, T0),
            Trade("BTC", 1, 1.0, 1.0, True, -5),
        ],
    )  # fmt: skip
    def test_what_is_no_trade(self, bad: Trade) -> None:
        bars = builder()
        assert bars.add(bad) is Added.REFUSED
        assert bars.current() is None

    def test_trades_without_ids(self) -> None:
        bars = builder(is_numbered=False)
        assert feed(bars, [trade(-1, 10), trade(-1, 10)]) == [Added.TAKEN, Added.TAKEN]
        (bar,) = bars.close_until(T0 + 2 * MINUTE)
        assert (bar.candle.trades, bar.is_complete) == (2, True)


class TestGaps:
    def test_a_bar_watched_from_its_middle(self) -> None:
        bars = builder(started_ms=T0 + 1)
        feed(bars, [trade(1, 10), trade(2, MINUTE + 10)])
        built = bars.close_until(T0 + 3 * MINUTE)
        assert states(built) == [(0, False), (1, True)]
        assert built[0].reason == "watched from its middle on"
        late = BarBuilder("BTC")
        feed(late, [trade(7, 10), trade(8, MINUTE + 10)])
        assert states(late.close_until(T0 + 3 * MINUTE)) == [(0, False), (1, True)]

    def test_an_id_missing_within_a_bar(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10), trade(4, 20), trade(5, MINUTE)])
        built = bars.close_until(T0 + 3 * MINUTE)
        assert states(built) == [(0, False), (1, True)]
        assert built[0].reason == "2 trades are missing"

    def test_missing_ids_between_bars_spoil_all_they_may_belong_to(self) -> None:
        """Bars 0 to 3 were said complete; the trade that shows the hole comes in bar 4."""
        bars = builder()
        feed(bars, [trade(1, 10), trade(2, MINUTE)])
        assert states(bars.close_until(T0 + 4 * MINUTE + 2_000)) == [
            (0, True), (1, True), (2, True), (3, True),
        ]  # fmt: skip
        feed(bars, [trade(4, 4 * MINUTE + 5)])
        assert states(bars.close_until(T0 + 5 * MINUTE + 2_000)) == [
            (1, False), (2, False), (3, False), (4, False),
        ]  # fmt: skip

    def test_bars_of_hours_without_trades_are_spoilt_too(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10)])
        assert len(bars.close_until(T0 + 300 * MINUTE)) == 299
        feed(bars, [trade(3, 300 * MINUTE)])
        built = bars.close_until(T0 + 302 * MINUTE)
        assert [minute for minute, complete in states(built) if not complete] == list(range(301))

    def test_a_late_trade_spoils_its_bar_once(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10), trade(3, MINUTE)])
        assert states(bars.close_until(T0 + 2 * MINUTE + 2_000)) == [(0, False), (1, False)]
        assert bars.add(trade(2, 20)) is Added.LATE
        assert bars.close_until(T0 + 2 * MINUTE + 2_000) == []
        unnumbered = builder(is_numbered=False)
        feed(unnumbered, [trade(-1, 10)])
        assert states(unnumbered.close_until(T0 + 2 * MINUTE)) == [(0, True)]
        assert unnumbered.add(trade(-1, 20)) is Added.LATE
        assert states(unnumbered.close_until(T0 + 2 * MINUTE)) == [(0, False)]

    def test_a_trade_from_before_we_watched(self) -> None:
        bars = builder()
        feed(bars, [trade(10, 10)])
        assert bars.add(trade(9, -5 * MINUTE)) is Added.LATE
        assert states(bars.close_until(T0 + 2 * MINUTE)) == [(0, True)]

    def test_a_dropped_connection(self) -> None:
        bars = builder(is_numbered=False)
        feed(bars, [trade(-1, 10), trade(-1, 2 * MINUTE), trade(-1, 3 * MINUTE)])
        bars.mark_gap(T0 + MINUTE + 5, T0 + 2 * MINUTE + 5)
        assert states(bars.close_until(T0 + 5 * MINUTE)) == [
            (0, True), (1, False), (2, False), (3, True),
        ]  # fmt: skip
        bars.mark_gap(T0 + 3 * MINUTE + 9, T0 + 9 * MINUTE)
        again = bars.close_until(T0 + 5 * MINUTE)
        assert (states(again), again[0].reason) == ([(3, False)], "the connection was down")

    def test_ids_bridge_a_dropped_connection(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10), trade(2, MINUTE), trade(3, 2 * MINUTE + 6)])
        bars.mark_gap(T0 + MINUTE + 5, T0 + 2 * MINUTE + 5)
        assert states(bars.close_until(T0 + 4 * MINUTE)) == [(0, True), (1, True), (2, True)]
        hole = builder()
        feed(hole, [trade(1, 10), trade(2, MINUTE), trade(4, 2 * MINUTE + 6)])
        hole.mark_gap(T0 + MINUTE + 5, T0 + 2 * MINUTE + 5)
        assert states(hole.close_until(T0 + 4 * MINUTE)) == [(0, True), (1, False), (2, False)]

    def test_a_drop_that_no_trade_has_followed_is_not_bridged(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10), trade(2, MINUTE)])
        bars.mark_gap(T0 + MINUTE + 5, T0 + 2 * MINUTE + 5)
        built = bars.close_until(T0 + 4 * MINUTE)
        assert states(built) == [(0, True), (1, False), (2, False)]

    def test_a_clock_that_jumps(self) -> None:
        bars = builder()
        feed(bars, [trade(1, 10)])
        year = 365 * 86_400_000
        assert states(bars.close_until(T0 + year + 7)) == [(0, True)]
        assert bars.add(trade(2, 2 * year)) is Added.REFUSED
        feed(bars, [trade(2, year + 9), trade(3, year + MINUTE)])
        built = bars.close_until(T0 + year + 3 * MINUTE)
        assert [each.is_complete for each in built] == [False, True]


class TestIntervals:
    def test_opens(self) -> None:
        assert find_open(T0 + 5, "1h") == 1_667_944_800_000
        assert find_open(T0, "1d") == 1_667_865_600_000
        assert find_open(T0, "1w") == 1_667_779_200_000
        assert find_open(T0 + 59_999, "1m") == T0

    @pytest.mark.parametrize("bad", ["", "m", "0m", "1x", "-1m", "1.5h", "1M", "١m"])
    def test_bad_intervals(self, bad: str) -> None:
        with pytest.raises(BadInput):
            read_interval(bad)

    def test_roll_up(self) -> None:
        bars = builder()
        feed(bars, [trade(n, n * 30_000, 100.0 + n % 7, 0.1 * (n + 1)) for n in range(14)])
        built = bars.close_until(T0 + 8 * MINUTE)
        assert len(built) == 7
        start, first = roll_up(built, "5m")
        # 22:31 to 22:34 of the five minutes that opened at 22:30.
        assert (start.candle.open_ms, start.is_complete) == (T0 - MINUTE, False)
        assert start.reason == "4 of 5 bars are complete"
        assert (start.candle.trades, start.candle.is_closed) == (8, True)
        assert (start.candle.open, start.candle.high, start.candle.low) == (100.0, 106.0, 100.0)
        assert start.candle.base_volume == 3.6
        assert (first.candle.is_closed, first.reason) == (False, "3 of 5 bars are complete")
        with pytest.raises(BadInput):
            roll_up(roll_up(built, "5m"), "12m")

    def test_a_bar_that_comes_twice_counts_as_it_came_last(self) -> None:
        bars = builder()
        feed(bars, [trade(n, n * MINUTE) for n in range(9)])
        built = bars.close_until(T0 + 9 * MINUTE + 2_000)
        whole = roll_up(built[4:], "5m")[0]
        assert (whole.is_complete, whole.candle.is_closed) == (True, True)
        spoilt = Built(built[5].candle, is_complete=False, reason="x")
        assert not roll_up([*built[4:], spoilt], "5m")[0].is_complete


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), numbered=st.booleans())
def test_bars_equal_the_venues(seed: int, numbered: bool) -> None:
    """The venue counts in decimals, in the order of its trades; we hear them shuffled and twice."""
    random = np.random.default_rng(seed)
    times = np.sort(random.integers(0, 8 * MINUTE, 120))
    said = [
        (T0 + int(at), f"{random.integers(1, 10**7) / 100:.2f}", f"{random.random() * 9:.8f}")
        for at in times
    ]
    said = [each for each in said if float(each[2]) > 0]
    wanted: dict[int, list[Decimal]] = {}
    for at, price, size in said:
        p, s = Decimal(price), Decimal(size)
        bar = wanted.setdefault(
            at // MINUTE * MINUTE, [p, p, p, p, Decimal(0), Decimal(0), Decimal(0)]
        )
        bar[1:] = [max(bar[1], p), min(bar[2], p), p, bar[4] + s, bar[5] + p * s, bar[6] + 1]
    trades = [Trade("BTC", n, float(p), float(s), True, at) for n, (at, p, s) in enumerate(said)]
    late = np.argsort(np.arange(len(trades)) + random.uniform(0, 5, len(trades)))
    bars = builder(grace_ms=10 * MINUTE, is_numbered=numbered)
    for at in late:
        assert bars.add(trades[at]) is Added.TAKEN
        if random.random() < 0.2:
            assert bars.add(trades[at]) is Added.DUPLICATE
    built = bars.close_until(T0 + 18 * MINUTE)
    first = min(wanted)
    assert [each.candle.open_ms for each in built] == list(range(first, T0 + 8 * MINUTE, MINUTE))
    for each in built:
        assert each.is_complete
        candle = each.candle
        if candle.trades:
            assert (
                candle.open, candle.high, candle.low, candle.close,
                candle.base_volume, candle.quote_volume, candle.trades,
            ) == tuple(float(value) for value in wanted[candle.open_ms])  # fmt: skip
        else:
            assert candle.open_ms not in wanted
