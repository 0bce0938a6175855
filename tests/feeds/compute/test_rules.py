"""Sequence rules of the venues whose books are read by their protocols, by worked examples."""

from zlib import crc32

import pytest
from tests.feeds.compute.venues import BTC, delta, snapshot

from assay.feeds.compute.book import Book
from assay.feeds.types import Applied, BookDelta, BookSnapshot, Instrument, SequenceRule


class TestOtherRules:
    def test_okx(self) -> None:
        book = Book(BTC, SequenceRule.PREVIOUS)
        book.load(snapshot(100))
        assert book.apply(delta(90, 95, previous_id=90)) is Applied.OLD
        assert book.apply(delta(0, 105, [("1", "1")], previous_id=97)) is Applied.APPLIED
        assert book.apply(delta(0, 105, previous_id=105)) is Applied.APPLIED
        assert book.apply(delta(0, 110, previous_id=105)) is Applied.APPLIED
        # Maintenance: numbers begin anew, and still follow each other.
        assert book.apply(delta(0, 3, previous_id=110)) is Applied.APPLIED
        assert book.apply(delta(0, 5, previous_id=3)) is Applied.APPLIED
        assert book.apply(delta(0, 9, previous_id=7)) is Applied.GAP
        assert not book.is_synced

    def test_coinbase_names_no_predecessor_after_a_hole(self) -> None:
        book = Book(BTC, SequenceRule.PREVIOUS)
        book.load(snapshot(100))
        assert book.apply(delta(0, 101, previous_id=None)) is Applied.GAP

    def test_bybit(self) -> None:
        book = Book(BTC, SequenceRule.COUNTED)
        book.load(snapshot(100))
        assert book.apply(delta(0, 100)) is Applied.OLD
        assert book.apply(delta(0, 101, [("1", "1")])) is Applied.APPLIED
        assert book.apply(delta(0, 103)) is Applied.GAP
        book.load(snapshot(100))
        # The service has restarted: its numbers are not ours.
        assert book.apply(delta(0, 1)) is Applied.GAP
        book.load(snapshot(1))
        assert book.apply(delta(0, 2)) is Applied.APPLIED


KRAKEN = Instrument("kraken", "XBT/USD", "BTC", "USD", 0.00005)
ASKS = [(f"0.0{5005 + 5 * index}", "0.00000500") for index in range(10)]
BIDS = [(f"0.0{ticks}", "0.00000500") for ticks in range(5000, 4945, -5) if ticks != 4985]
ASKS_V2 = [
    ("45285.2", "0.00100000"), ("45286.4", "1.54571953"), ("45286.6", "1.54571109"),
    ("45289.6", "1.54560911"), ("45290.2", "0.15890660"), ("45291.8", "1.54553491"),
    ("45294.7", "0.04454749"), ("45296.1", "0.35380000"), ("45297.5", "0.09945542"),
    ("45299.5", "0.18772827"),
]  # fmt: skip
BIDS_V2 = [
    ("45283.5", "0.10000000"), ("45283.4", "1.54582015"), ("45282.1", "0.10000000"),
    ("45281.0", "0.10000000"), ("45280.3", "1.54592586"), ("45279.0", "0.07990000"),
    ("45277.6", "0.03310103"), ("45277.5", "0.30000000"), ("45277.3", "1.54602737"),
    ("45276.6", "0.15445238"),
]  # fmt: skip


class TestKraken:
    @pytest.mark.parametrize(
        ("bids", "asks", "checksum"),
        [(BIDS, ASKS, 974947235), (BIDS_V2, ASKS_V2, 3310070434)],
        ids=["v1", "v2"],
    )
    def test_documented_checksums(
        self, bids: list[tuple[str, str]], asks: list[tuple[str, str]], checksum: int
    ) -> None:
        """The examples of Kraken's two pages on its checksum, to the digit."""
        book = Book(KRAKEN, SequenceRule.CHECKSUM, levels=10)
        assert book.load(BookSnapshot("XBT/USD", 0, bids, asks, 0, checksum)) is Applied.APPLIED
        assert book.load(BookSnapshot("XBT/USD", 0, bids, asks, 0, 1)) is Applied.MISMATCH
        assert str(checksum) in book.reason
        assert not book.is_synced

    def digest(self, asks: list[tuple[str, str]], bids: list[tuple[str, str]]) -> int:
        text = "".join(
            price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
            for price, size in [*asks[:10], *bids[:10]]
        )
        return crc32(text.encode())

    def test_changes_are_cut_to_the_depth_before_the_checksum(self) -> None:
        book = Book(KRAKEN, SequenceRule.CHECKSUM, levels=10)
        book.load(BookSnapshot("XBT/USD", 0, BIDS, ASKS))
        better = ("0.05002", "0.10000000")
        asks = [better, *ASKS[:9]]
        wanted = self.digest(asks, BIDS)
        change = BookDelta("XBT/USD", 0, 0, [], [better], 1, None, wanted)
        assert book.apply(change) is Applied.APPLIED
        assert len(book.levels()[1]) == 10
        # Its last level fell out: it must not come back when a better one goes.
        gone = BookDelta(
            "XBT/USD", 0, 0, [], [("0.05002", "0.00000000")], 2, None, self.digest(ASKS[:9], BIDS)
        )
        assert book.apply(gone) is Applied.APPLIED
        assert len(book.levels()[1]) == 9

    def test_a_lost_change_shows(self) -> None:
        book = Book(KRAKEN, SequenceRule.CHECKSUM, levels=10)
        book.load(BookSnapshot("XBT/USD", 0, BIDS, ASKS))
        wanted = self.digest([("0.05002", "1"), ("0.05003", "2"), *ASKS], BIDS)
        change = BookDelta("XBT/USD", 0, 0, [], [("0.05003", "2")], 1, None, wanted)
        assert book.apply(change) is Applied.MISMATCH
        assert book.apply(change) is Applied.EARLY

    def test_a_malformed_change_is_a_lost_one(self) -> None:
        book = Book(KRAKEN, SequenceRule.CHECKSUM, levels=10)
        book.load(BookSnapshot("XBT/USD", 0, BIDS, ASKS))
        before = book.levels()
        assert book.apply(BookDelta("XBT/USD", 0, 0, [], [("x", "2")], 1)) is Applied.MALFORMED
        assert book.levels() == before
        assert not book.is_synced

    def test_digits_follow_the_book_for_long(self) -> None:
        book = Book(KRAKEN, SequenceRule.CHECKSUM, levels=10)
        book.load(BookSnapshot("XBT/USD", 0, BIDS, ASKS))
        for index in range(200):
            size = f"0.{index + 1:08d}"
            asks = [("0.05002", size), *ASKS[:9]]
            change = BookDelta("XBT/USD", 0, 0, [], [asks[0]], 1, None, self.digest(asks, BIDS))
            assert book.apply(change) is Applied.APPLIED
            far = BookDelta("XBT/USD", 0, 0, [], [(f"0.1{index:04d}", "1.0")], 1)
            assert book.apply(far) is Applied.APPLIED
        book.apply(BookDelta("XBT/USD", 0, 0, [], [("0.050021", size)], 1))
        asks = [("0.05002", size), ("0.050021", size), *ASKS[:8]]
        same = BookDelta("XBT/USD", 0, 0, [], [asks[0]], 1, None, self.digest(asks, BIDS))
        assert book.apply(same) is Applied.APPLIED
