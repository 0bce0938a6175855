"""Books in sequence: deltas wait for their snapshot, gaps heal, nothing unsynced is shown."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from tests.feeds.service.fakes import (
    BTC,
    FakeSource,
    SteppedTime,
    make_delta,
    make_snapshot,
    until,
)

from assay.feeds.service import books as books_module
from assay.feeds.service.books import LATE_MS, OLD_IN_A_ROW, SETTLED_MS, Books, KeptBook
from assay.feeds.service.quarantine import Quarantine
from assay.feeds.types import BookSnapshot, RawDelta, SequenceRule

Levels = tuple[list[tuple[float, float]], list[tuple[float, float]]]


class Desk:
    """The books of a venue whose snapshots a test scripts."""

    def __init__(self, source: FakeSource) -> None:
        self.source = source
        self.time = SteppedTime()
        self.quarantine = Quarantine("fake")
        self.books = Books(source, self.quarantine, self.time, np.random.default_rng(1))
        self.books.add(BTC)
        self.answers: list[BookSnapshot | None] = []
        source.snapshots["BTCUSDT"] = lambda: self.answers.pop(0)

    async def begin(self, *numbers: int) -> None:
        """Ask for the book, and hear of these changes before the answer comes."""
        self.books.open("BTCUSDT")
        self.source.answering.clear()
        # What is heard before the venue is asked is in the snapshot: it does not wait.
        self.books.hear(make_delta(1, numbers[0] - 1))
        await until(lambda: bool(self.source.asked))
        for number in numbers:
            self.books.hear(make_delta(number, number, (f"{80 + number}.00", "2")))

    @property
    def kept(self) -> KeptBook:
        return self.books.kept["BTCUSDT"]

    async def load(self, last_id: int = 10) -> None:
        """A live book at a number."""
        self.books.open("BTCUSDT")
        self.answers.append(make_snapshot(last_id))
        self.books.hear(make_delta(last_id, last_id))
        await until(lambda: self.kept.is_live)

    def read(self) -> Levels:
        depth = self.kept.book.depth(10)
        return list(depth.bids), list(depth.asks)


def run(body: Callable[[Desk], Awaitable[None]], source: FakeSource | None = None) -> None:
    async def main() -> None:
        desk = Desk(source or FakeSource())
        await body(desk)
        await desk.books.close()

    asyncio.run(main())


def test_changes_wait_for_the_snapshot_and_are_applied_after_it() -> None:
    async def body(desk: Desk) -> None:
        desk.answers.append(make_snapshot(12))
        await desk.begin(11, 12, 13, 14)
        assert not desk.kept.is_live
        assert len(desk.kept.waiting) == 4
        desk.source.answering.set()
        await until(lambda: desk.kept.is_live)
        # 11 and 12 were in the snapshot already.
        assert desk.read() == ([(99.0, 1.0), (94.0, 2.0), (93.0, 2.0)], [(101.0, 1.0)])
        assert desk.kept.book.last_id == 14
        assert desk.source.asked == ["BTCUSDT"]

    run(body)


def test_a_snapshot_older_than_the_first_change_is_asked_for_again() -> None:
    async def body(desk: Desk) -> None:
        desk.answers += [make_snapshot(5), make_snapshot(12)]
        await desk.begin(11, 12)
        desk.source.answering.set()
        await until(lambda: len(desk.source.asked) == 2)
        # What came meanwhile goes on waiting, without a hole.
        desk.books.hear(make_delta(13, 13, ("93.00", "2")))
        await until(lambda: desk.kept.is_live)
        assert desk.source.asked == ["BTCUSDT", "BTCUSDT"]
        assert desk.kept.book.last_id == 13
        assert desk.read()[0] == [(99.0, 1.0), (93.0, 2.0)]

    run(body)


def test_a_gap_takes_the_book_out_of_sight_until_a_new_snapshot() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.answers.append(make_snapshot(14, bid="98.50"))
        desk.books.hear(make_delta(13, 14, ("98.00", "2")))
        assert not desk.kept.is_live
        assert desk.kept.reason == "changes are missing"
        desk.books.hear(make_delta(15, 15, ("97.00", "3")))
        await until(lambda: desk.kept.is_live)
        assert desk.books.gaps == 1
        assert desk.read()[0] == [(98.5, 1.0), (97.0, 3.0)]

    run(body)


def test_a_crossed_book_is_put_aside_and_healed() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.answers.append(make_snapshot(12))
        desk.books.hear(make_delta(11, 11, ("102.00", "1")))
        assert not desk.kept.is_live
        assert desk.books.crossed == 1
        assert desk.quarantine.reasons == {"crossed book": 1}
        await until(lambda: desk.kept.is_live)
        assert desk.read() == ([(99.0, 1.0)], [(101.0, 1.0)])

    run(body)


def test_a_venue_whose_numbers_stand_still_is_not_believed() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        # One lie about the numbers would otherwise silence the book for ever.
        desk.books.hear(make_delta(11, 10**9, ("98.00", "1")))
        desk.answers.append(make_snapshot(300))
        for number in range(12, 12 + OLD_IN_A_ROW):
            desk.books.hear(make_delta(number, number))
        assert not desk.kept.is_live
        assert desk.quarantine.reasons == {"sequence numbers that stand still": 1}
        await until(lambda: desk.kept.is_live)
        assert desk.kept.book.last_id == 300
        desk.books.hear(make_delta(301, 301, ("97.00", "1")))
        assert desk.kept.is_live
        assert desk.read()[0] == [(99.0, 1.0), (97.0, 1.0)]

    run(body)


@pytest.mark.parametrize("size", ["-1", "a lot", "NaN", ""])
def test_a_change_that_cannot_be_read_is_one_that_is_missing(size: str) -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.answers.append(make_snapshot(12))
        desk.books.hear(make_delta(11, 11, ("98.00", size)))
        # In a thin market the next change, which would show the gap, may be an hour away.
        assert not desk.kept.is_live
        assert desk.kept.reason == "a change could not be read"
        assert desk.quarantine.count == 1
        await until(lambda: desk.kept.is_live)
        assert desk.kept.book.last_id == 12
        assert desk.read() == ([(99.0, 1.0)], [(101.0, 1.0)])

    run(body)


def test_old_changes_between_new_ones_are_no_lie() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        for number in range(11, 11 + 2 * OLD_IN_A_ROW):
            desk.books.hear(make_delta(number, number))
            desk.books.hear(make_delta(number, number))
        assert desk.kept.is_live

    run(body)


def test_a_connection_that_ended_takes_its_books_out_of_sight() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.books.close_one("BTCUSDT", "no connection")
        assert not desk.kept.is_live
        assert desk.kept.reason == "no connection"
        desk.books.check()
        await asyncio.sleep(0.01)
        assert desk.source.asked == ["BTCUSDT"]
        # The next connection begins anew: what was known is not carried over.
        desk.books.open("BTCUSDT")
        desk.books.hear(make_delta(11, 11))
        assert not desk.kept.is_live

    run(body)


def test_an_answer_to_a_connection_that_ended_is_not_used() -> None:
    async def body(desk: Desk) -> None:
        desk.books.open("BTCUSDT")
        desk.answers.append(make_snapshot(10))
        desk.books.hear(make_delta(11, 11))
        desk.books.close_one("BTCUSDT", "no connection")
        for _ in range(20):
            await asyncio.sleep(0)
        assert not desk.kept.is_live

    run(body)


def test_a_change_lost_on_our_side_asks_for_the_book_anew() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.answers.append(make_snapshot(13))
        desk.source.asked.clear()
        desk.source.answering.clear()
        desk.books.renew("BTCUSDT", "no room")
        assert not desk.kept.is_live
        await until(lambda: bool(desk.source.asked))
        # Changes that come meanwhile wait: they are not applied to the book that was.
        desk.books.hear(make_delta(12, 12, ("98.00", "1")))
        desk.books.hear(make_delta(13, 14, ("97.00", "1")))
        desk.source.answering.set()
        await until(lambda: desk.kept.is_live)
        assert desk.read()[0] == [(99.0, 1.0), (97.0, 1.0)]

    run(body)


@pytest.mark.parametrize("bound", ["WAITING", "WAITING_IN_ALL"])
def test_too_many_that_wait_are_dropped_together(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_module, bound, 3)

    async def body(desk: Desk) -> None:
        desk.answers += [make_snapshot(12), make_snapshot(15)]
        await desk.begin(11, 12, 13, 14, 15)
        assert desk.books.dropped == 3
        assert len(desk.kept.waiting) == 2
        desk.source.answering.set()
        await until(lambda: desk.kept.is_live)
        assert desk.kept.book.last_id == 15

    run(body)


def test_a_book_in_which_nothing_changes_is_asked_for_in_time() -> None:
    async def body(desk: Desk) -> None:
        desk.books.open("BTCUSDT")
        desk.answers.append(make_snapshot(10))
        desk.books.check()
        assert not desk.kept.is_live
        desk.time.at_ms += LATE_MS
        desk.books.check()
        await until(lambda: desk.kept.is_live)

    run(body)


def test_failures_are_forgotten_by_a_book_that_stood_long_enough() -> None:
    async def body(desk: Desk) -> None:
        await desk.load(10)
        desk.answers.append(make_snapshot(20))
        desk.books.hear(make_delta(15, 15))
        await until(lambda: desk.kept.is_live)
        assert desk.kept.failures == 1
        desk.time.at_ms += SETTLED_MS - 1
        desk.books.check()
        assert desk.kept.failures == 1
        desk.time.at_ms += 1
        desk.books.check()
        assert desk.kept.failures == 0

    run(body)


def test_snapshots_in_band_are_asked_for_by_subscribing_anew() -> None:
    async def body(desk: Desk) -> None:
        desk.books.open("BTCUSDT")
        desk.books.hear_snapshot(make_snapshot(10))
        assert desk.kept.is_live
        desk.answers.append(None)
        desk.books.hear(make_delta(12, 12))
        assert not desk.kept.is_live
        await until(lambda: desk.source.renewed == ["BTCUSDT"])
        desk.books.hear(make_delta(13, 13, ("90.00", "1")))
        desk.books.hear_snapshot(make_snapshot(20))
        assert desk.kept.is_live
        # What waited came before the snapshot: it is not applied to it.
        assert desk.read()[0] == [(99.0, 1.0)]

    run(body, FakeSource(rule=SequenceRule.COUNTED))


def test_a_snapshot_that_cannot_be_used_is_put_aside_and_asked_for_again() -> None:
    async def body(desk: Desk) -> None:
        desk.books.open("BTCUSDT")
        desk.answers += [make_snapshot(10, bid="102.00"), make_snapshot(11)]
        desk.books.hear(make_delta(11, 11))
        await until(lambda: desk.kept.is_live)
        assert desk.quarantine.count == 1
        assert "crossed snapshot" in next(iter(desk.quarantine.reasons))

    run(body)


def test_binance_changes_are_applied_as_the_bytes_they_came_in() -> None:
    def frame(number: int, bid: str) -> RawDelta:
        text = (
            '{"e":"depthUpdate","E":1700000000000,"s":"BTCUSDT",'
            f'"U":{number},"u":{number},"b":[["{bid}","2.00000000"]],"a":[]}}'
        )
        return RawDelta("BTCUSDT", text.encode())

    async def body(desk: Desk) -> None:
        desk.books.open("BTCUSDT")
        desk.answers.append(make_snapshot(11))
        desk.source.answering.clear()
        assert desk.books.hear_raw(frame(11, "96.00000000"))
        await until(lambda: bool(desk.source.asked))
        assert desk.books.hear_raw(frame(12, "98.00000000"))
        desk.source.answering.set()
        await until(lambda: desk.kept.is_live)
        assert desk.books.hear_raw(frame(13, "97.00000000"))
        assert desk.read()[0] == [(99.0, 1.0), (98.0, 2.0), (97.0, 2.0)]
        desk.books.hear_raw(RawDelta("BTCUSDT", b'{"e":"depthUpdate"'))
        assert desk.quarantine.count == 1
        assert not desk.books.hear_raw(RawDelta("OTHER", b""))

    run(body)
