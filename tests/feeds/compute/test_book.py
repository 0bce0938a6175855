"""Books by the rule of each venue: worked examples, refusals, equality with a slow reference."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.compute.venues import (
    BTC,
    RANGE,
    SYMBOL,
    Market,
    ReferenceBook,
    delta,
    snapshot,
    write_frame,
    write_levels,
)

from assay.feeds.compute.book import Book
from assay.feeds.compute.book.sides import Half
from assay.feeds.types import Applied, BookDelta, BookSnapshot, Instrument, SequenceRule
from assay.kit.errors import BadInput

Maker = Callable[..., Book]


@pytest.fixture(params=[True, False], ids=["kernel", "portable"])
def make(request: pytest.FixtureRequest) -> Maker:
    """Both books; where the rule is not Binance's they are the same."""

    def make(instrument: Instrument = BTC, rule: SequenceRule = RANGE, **options: int) -> Book:
        return Book(instrument, rule, compiled=request.param, **options)

    return make


class TestLevels:
    def test_worked_example(self, make: Maker) -> None:
        book = make()
        assert book.load(snapshot()) is Applied.APPLIED
        bids = [("99.99", "0"), ("99.97", "4")]
        assert book.apply(delta(101, 103, bids, [("100.00", "0.25")])) is Applied.APPLIED
        top = book.top()
        assert (top.bid, top.bid_size, top.ask, top.ask_size) == (99.98, 2.5, 100.0, 0.25)
        depth = book.depth(2)
        assert depth.bids == [(99.98, 2.5), (99.97, 4.0)]
        assert depth.asks == [(100.0, 0.25), (100.01, 0.5)]
        assert (depth.last_id, depth.time_ms) == (103, 6)
        e12, e8 = 10**10, 10**8
        assert book.levels() == (
            [(9998 * e12, 250_000_000), (9997 * e12, 4 * e8), (9000 * e12, 7 * e8)],
            [
                (10000 * e12, 25_000_000),
                (10001 * e12, 50_000_000),
                (10002 * e12, 3 * e8),
                (12000 * e12, 900_000_001),
            ],
        )

    def test_sides_may_be_empty(self, make: Maker) -> None:
        book = make()
        assert book.load(snapshot(bids=[], asks=[])) is Applied.APPLIED
        assert math.isnan(book.top().bid)
        assert book.apply(delta(101, 101, [("5", "1")])) is Applied.APPLIED
        assert book.top().bid == 5.0
        assert book.apply(delta(102, 102, [("5", "0")], [("7", "1")])) is Applied.APPLIED
        assert math.isnan(book.top().bid)
        assert book.depth(3).asks == [(7.0, 1.0)]

    def test_of_a_price_said_twice_the_last_holds(self, make: Maker) -> None:
        book = make()
        book.load(snapshot())
        book.apply(delta(101, 101, [("99.99", "0"), ("99.99", "8"), ("99.50", "1"), ("99.5", "0")]))
        assert book.depth(2).bids == [(99.99, 8.0), (99.98, 2.5)]

    def test_a_snapshot_says_each_price_once(self, make: Maker) -> None:
        book = make()
        assert book.load(snapshot(bids=[("9", "1"), ("9.00", "2")])) is Applied.MALFORMED
        assert not book.is_synced

    def test_sizes_beyond_the_kernels_integers(self, make: Maker) -> None:
        book = make()
        book.load(snapshot())
        huge = "99999999999999.12345678"
        assert book.apply(delta(101, 101, [("50", huge)])) is Applied.APPLIED
        assert (5000 * 10**10, 9999999999999912345678) in book.levels()[0]
        frame = write_frame(102, 102, [("51.00000000", huge)], [])
        assert book.apply_raw(frame) is Applied.APPLIED
        assert (5100 * 10**10, 9999999999999912345678) in book.levels()[0]
        assert (book.last_id, book.is_synced) == (102, True)

    def test_dust_is_rounded_but_not_to_nothing(self, make: Maker) -> None:
        book = make()
        book.load(snapshot())
        book.apply(delta(101, 101, [("99.97", "0.000000001")], [("100.05", "1.000000016")]))
        bids, asks = book.levels()
        assert (9997 * 10**10, 1) in bids
        assert (10005 * 10**10, 100_000_002) in asks

    def test_many_levels_at_once(self, make: Maker) -> None:
        book = make()
        book.load(snapshot(bids=[], asks=[]))
        bids = {ticks: ticks + 1 for ticks in range(1, 5001)}
        book.apply(delta(101, 101, write_levels(bids)))
        assert book.levels()[0] == [(t * 10**10, t + 1) for t in range(5000, 0, -1)]

    @pytest.mark.parametrize("size", ["1", "30000000.5"])
    def test_more_prices_than_are_kept_in_mind(self, make: Maker, size: str) -> None:
        book = make()
        book.load(snapshot(bids=[], asks=[]))
        for last in range(101, 108):
            low = 3000 * (last - 100)
            bids = [(f"{low + index}.00000000", size) for index in range(3000)]
            asks = [(f"{90_000 + low + index}.00000000", size) for index in range(3000)]
            assert book.apply_raw(write_frame(last, last, bids, asks)) is Applied.APPLIED
        held, offered = book.levels()
        assert (len(held), len(offered)) == (21_000, 21_000)
        assert held[-1] == (3000 * 10**12, round(float(size) * 10**8))

    def test_a_book_needs_a_tick(self) -> None:
        for tick in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(BadInput):
                Book(Instrument("v", "A", "A", "B", tick), RANGE)

    def test_prices_between_ticks_refine_the_grid(self, make: Maker) -> None:
        """Binance's NKNUSDT has a tick of 0.0001 and a bid at 0.25974 from before."""
        nkn = Instrument("binance", SYMBOL, "NKN", "USDT", 0.0001)
        book = make(nkn)
        old = BookSnapshot(SYMBOL, 100, [("0.2600", "1"), ("0.25974", "2")], [("0.2601", "3")])
        assert book.load(old) is Applied.APPLIED
        assert (book.off_grid, book.depth(2).bids) == (1, [(0.26, 1.0), (0.25974, 2.0)])
        frame = write_frame(101, 101, [("0.26000000", "0"), ("0.25999900", "4")], [])
        assert book.apply_raw(frame) is Applied.APPLIED
        assert book.off_grid == 2
        assert book.last_id == 101
        assert book.depth(2).bids == [(0.259999, 4.0), (0.25974, 2.0)]
        assert book.levels()[0] == [(259_999_000_000, 4 * 10**8), (259_740_000_000, 2 * 10**8)]
        assert book.apply(delta(102, 102, [("0.2599990001", "1")])) is Applied.APPLIED
        assert book.top().bid == 0.2599990001
        before = book.levels()
        assert book.apply(delta(103, 103, [("0.25999900000000001", "1")])) is Applied.MALFORMED
        assert "finer than any tick" in book.reason
        assert book.levels() == before

    def test_a_tick_that_is_no_power_of_ten(self, make: Maker) -> None:
        half = Instrument("v", SYMBOL, "A", "B", 0.5)
        book = make(half)
        book.load(snapshot(bids=[("99.5", "1"), ("99.25", "2")], asks=[("100", "1")]))
        assert book.depth(2).bids == [(99.5, 1.0), (99.25, 2.0)]


def test_the_portable_book_does_not_grow() -> None:
    """Removed levels that never come to the top are swept away."""
    half = Half({1: 1.0})
    for key in range(2, 20_000):
        half.change({key: 1.0})
        half.change({key: 0.0})
    assert (len(half.sizes) < 2000, list(half.walk())) == (True, [1])


class TestBinance:
    def test_first_change_covers_the_snapshot(self, make: Maker) -> None:
        book = make()
        assert book.apply(delta(90, 95)) is Applied.EARLY
        book.load(snapshot(100))
        assert book.apply(delta(90, 100)) is Applied.OLD
        assert book.apply(delta(99, 101, [("1", "1")])) is Applied.APPLIED
        assert book.apply(delta(102, 102)) is Applied.APPLIED
        assert book.apply(delta(102, 102)) is Applied.OLD
        assert book.is_synced
        assert book.apply(delta(102, 104)) is Applied.GAP
        assert book.apply(delta(103, 103)) is Applied.EARLY
        assert [book.counts[outcome] for outcome in Applied] == [3, 2, 2, 1, 0, 0, 0]

    def test_first_change_must_reach_the_snapshot(self, make: Maker) -> None:
        book = make()
        book.load(snapshot(100))
        assert book.apply(delta(102, 110)) is Applied.GAP
        assert "102 to 110 came after 100" in book.reason
        assert math.isnan(book.top().bid)
        assert book.depth(5).bids == ()
        assert len(book.levels()[0]) == 3

    def test_loading_heals(self, make: Maker) -> None:
        book = make()
        book.load(snapshot(100))
        book.apply(delta(200, 201))
        assert not book.is_synced
        assert book.load(snapshot(300)) is Applied.APPLIED
        assert book.apply(delta(301, 301)) is Applied.APPLIED

    def test_numbers_backwards(self, make: Maker) -> None:
        book = make()
        book.load(snapshot(100))
        assert book.apply(delta(105, 101, [("1", "1")])) is Applied.MALFORMED
        assert book.apply(delta(1, 1 << 70)) is Applied.MALFORMED
        assert book.apply_raw(write_frame(105, 101, [], [])) is Applied.MALFORMED
        assert book.is_synced

    def test_crossed(self, make: Maker) -> None:
        book = make()
        assert book.load(snapshot(bids=[("100.01", "1")])) is Applied.CROSSED
        assert not book.is_synced
        book.load(snapshot(100))
        assert book.apply(delta(101, 101, [("100.01", "1")])) is Applied.CROSSED
        assert "at or above" in book.reason
        assert book.apply(delta(102, 102)) is Applied.EARLY
        book.load(snapshot(100))
        assert book.apply_raw(write_frame(101, 101, [("150.00000000", "1.00000000")], [])) is (
            Applied.CROSSED
        )
        assert math.isnan(book.top().ask)


BAD_LEVELS = [
    ("abc", "1"), ("", "1"), ("-1", "1"), ("NaN", "1"), ("0", "1"), ("1", "-1"), ("1", "NaN"),
    ("1", "inf"), ("1", ""), ("1" * 60, "1"), ("1", "1" * 60), ("1_0", "1"), ("1", "1_0"),
    (" 1", "1"), ("1", " 1"), ("+1", "1"), ("1", "+1"), ("0x10", "1"), ("1.", "1"), (".5", "1"),
    ("١", "1"), ("1", "١"), ("1e99", "1"), ("1", "1e99"), ("1,5", "1"), ("01.5", "1"),
    ("0.00000000", "1.00000000"), ("007.00000000", "1.00000000"), ("7.00000000", "007.00000000"),
]  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize("level", BAD_LEVELS)
    def test_a_malformed_level_changes_nothing(self, make: Maker, level: tuple[str, str]) -> None:
        book = make()
        book.load(snapshot())
        before = book.levels()
        good = ("99.00000000", "1.00000000")
        for bids, asks in (([good, level], []), ([good], [level])):
            assert book.apply(delta(101, 101, bids, asks)) is Applied.MALFORMED
            assert book.apply_raw(write_frame(101, 101, bids, asks)) is Applied.MALFORMED
        assert book.levels() == before
        assert (book.is_synced, book.last_id, book.counts[Applied.MALFORMED]) == (True, 100, 4)
        assert book.load(snapshot(bids=[good, level])) is Applied.MALFORMED
        assert book.levels() == before
        assert book.reason

    def test_another_symbol(self, make: Maker) -> None:
        book = make()
        assert book.load(snapshot(symbol="ETHUSDT")) is Applied.MALFORMED
        book.load(snapshot())
        frame = write_frame(101, 101, [], []).replace(b"BTCUSDT", b"ETHUSDT")
        assert book.apply_raw(frame) is Applied.MALFORMED
        assert "ETHUSDT" in book.reason

    def test_exponents_are_read_exactly(self, make: Maker) -> None:
        book = make()
        book.load(snapshot())
        assert book.apply(delta(101, 101, [("1e1", "1e-07")])) is Applied.APPLIED
        assert (1000 * 10**10, 10) in book.levels()[0]

    def test_bytes_for_a_book_of_another_rule(self, make: Maker) -> None:
        book = make(BTC, SequenceRule.PREVIOUS)
        book.load(snapshot())
        assert book.apply_raw(write_frame(101, 101, [], [])) is Applied.MALFORMED

    def test_a_venue_of_whole_books_sends_no_changes(self, make: Maker) -> None:
        book = make(BTC, SequenceRule.WHOLE)
        assert book.load(snapshot()) is Applied.APPLIED
        assert book.apply(delta(101, 101)) is Applied.MALFORMED


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32),
    jump=st.sampled_from([1, 30, 3000, 200_000]),
    lost=st.booleans(),
    compiled=st.booleans(),
)
def test_books_equal_the_reference(seed: int, jump: int, lost: bool, compiled: bool) -> None:
    """Levels and outcomes, with lost, repeated and reordered changes."""
    market = Market(seed, jump)
    book, reference = Book(BTC, RANGE, compiled=compiled), ReferenceBook()
    book.load(market.snapshot())
    reference.load(market.snapshot())
    changes = []
    for _ in range(25):
        first, last, bids, asks = market.move()
        changes.append(BookDelta(SYMBOL, first, last, write_levels(bids), write_levels(asks), last))
    if lost:
        at = int(market.random.integers(1, 24))
        changes[at : at + 2] = [changes[at + 1]] if seed % 2 else [changes[at], changes[at]]
    for change in changes:
        assert book.apply(change) is reference.apply(change)
        assert book.levels() == reference.levels()
        assert (book.is_synced, book.last_id) == (reference.is_synced, reference.last_id)
    if not lost:
        assert book.levels() == market.known()
