"""Keeping the books of one venue in sequence: deltas wait for a snapshot, a gap asks for a new one.

A book is live only from a snapshot on that its deltas follow without a gap; everything else, and a
connection that ended, takes it out of sight at once.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from assay.feeds.compute.book import Book
from assay.feeds.ports import Source
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.quarantine import Quarantine
from assay.feeds.service.snapshots import Snapshots
from assay.feeds.types import (
    Applied,
    BookDelta,
    BookSnapshot,
    Instrument,
    RawDelta,
)

WAITING: Final = 2_000
"""Changes that wait for a snapshot of one book; where more come, all of the book are dropped and a
newer snapshot is needed, ...
"""
WAITING_IN_ALL: Final = 40_000
"""... and that wait in all: some 40 MB."""
OLD_IN_A_ROW: Final = 200
"""So many changes in a row that claim to be known already: the venue's numbers lie."""
SETTLED_MS: Final = 30_000
"""A book that stayed in sequence for so long has no failures behind it any more."""
LATE_MS: Final = 5_000
"""A book without a snapshot for so long is asked for, even if nothing changed in it."""

Delta = BookDelta | RawDelta


@dataclass(slots=True)
class KeptBook:
    """A book and how it stands. `is_live` says whether it may be shown."""

    instrument: Instrument
    book: Book
    is_live: bool = False
    is_dirty: bool = True
    is_open: bool = False
    reason: str = "no connection"
    waiting: deque[Delta] = field(default_factory=deque)
    failures: int = 0
    olds: int = 0
    since_ms: int = 0
    """Steady time since which it is live, or is not."""


class Books:
    """The books of one venue."""

    def __init__(
        self,
        source: Source,
        quarantine: Quarantine,
        own_time: OwnTime,
        random: np.random.Generator,
    ) -> None:
        self._source = source
        self._quarantine = quarantine
        self._own_time = own_time
        self._snapshots = Snapshots(source, self._load_fetched, random)
        self.kept: dict[str, KeptBook] = {}
        self.gaps = 0
        self.crossed = 0
        self.dropped = 0
        self._waiting = 0

    def add(self, instrument: Instrument) -> None:
        """Keep a book of an instrument; it is not live yet. Raises BadInput without a tick."""
        book = self._make_book(instrument)
        known = self.kept.get(instrument.symbol)
        if known is not None:
            self._forget(known)
        self.kept[instrument.symbol] = KeptBook(instrument, book)

    def open(self, symbol: str) -> None:
        """A new connection is asked for this book: it begins anew."""
        kept = self.kept[symbol]
        kept.book = self._make_book(kept.instrument)
        kept.is_open = True
        self._hide(kept, "waits for a snapshot")
        kept.since_ms = self._own_time.steady_ms()
        kept.failures = 0

    def close_one(self, symbol: str, reason: str) -> None:
        """The connection that told of this book has ended."""
        kept = self.kept[symbol]
        kept.is_open = False
        self._snapshots.cancel(symbol)
        self._hide(kept, reason)

    def renew(self, symbol: str, reason: str) -> None:
        """This book is not to be believed any more: ask for it anew."""
        kept = self.kept.get(symbol)
        if kept is not None and kept.is_open:
            self._renew(kept, reason)

    async def close(self) -> None:
        """Ask for nothing any more."""
        await self._snapshots.close()

    def hear_raw(self, delta: RawDelta) -> bool:
        """A change in the venue's own bytes; False: of a book that is not kept here."""
        kept = self.kept.get(delta.symbol)
        if kept is None:
            return False
        self._take(kept, delta, kept.book.apply_raw(delta.frame))
        return True

    def hear(self, delta: BookDelta) -> bool:
        """A change; False: of a book that is not kept here."""
        kept = self.kept.get(delta.symbol)
        if kept is None:
            return False
        self._take(kept, delta, kept.book.apply(delta))
        return True

    def hear_snapshot(self, snapshot: BookSnapshot) -> bool:
        """A whole book in band: what waited came before it."""
        kept = self.kept.get(snapshot.symbol)
        if kept is None:
            return False
        self._snapshots.cancel(snapshot.symbol)
        self._forget(kept)
        self._load(kept, snapshot)
        return True

    def check(self) -> None:
        """Ask for books that have waited long; forget the failures of those that stand."""
        now_ms = self._own_time.steady_ms()
        for symbol, kept in self.kept.items():
            if kept.is_live:
                if kept.failures and now_ms - kept.since_ms >= SETTLED_MS:
                    kept.failures = 0
            elif (
                kept.is_open
                and now_ms - kept.since_ms >= LATE_MS
                and not self._snapshots.is_asked(symbol)
            ):
                self._snapshots.ask(symbol, kept.failures)

    def _make_book(self, instrument: Instrument) -> Book:
        return Book(instrument, self._source.rule, self._source.limits.book_levels)

    def _take(self, kept: KeptBook, delta: Delta, applied: Applied) -> None:
        """A change and how it fitted its book."""
        if applied is Applied.APPLIED and kept.is_live:
            kept.is_dirty = True
            kept.olds = 0
        else:
            self._settle(kept, delta, applied)

    def _settle(self, kept: KeptBook, delta: Delta, applied: Applied) -> None:
        """Everything that is rarer than a change that fits."""
        if applied is Applied.OLD:
            kept.olds += 1
            if kept.olds >= OLD_IN_A_ROW and kept.is_live:
                self._put_aside(kept, delta, "sequence numbers that stand still")
                self._renew(kept, "the venue's sequence numbers stand still")
        elif applied is Applied.EARLY:
            self._keep_waiting(kept, delta)
        elif applied is Applied.MALFORMED:
            self._put_aside(kept, delta, f"book change: {_kind_of(kept.book.reason)}")
            # Where changes are numbered the next one would show the gap: in an hour, perhaps.
            if kept.is_live:
                self._renew(kept, "a change could not be read")
        elif applied is not Applied.APPLIED:
            self._break(kept, delta, applied)

    def _break(self, kept: KeptBook, delta: Delta, applied: Applied) -> None:
        if applied is Applied.CROSSED:
            self.crossed += 1
            self._put_aside(kept, delta, "crossed book")
            self._renew(kept, "bid at or above ask")
        elif applied is Applied.MISMATCH:
            self.gaps += 1
            self._put_aside(kept, delta, "checksum of another book")
            self._renew(kept, "the venue's checksum is of another book")
        else:
            self.gaps += 1
            self._renew(kept, "changes are missing")
            kept.waiting.append(delta)
            self._waiting += 1

    def _keep_waiting(self, kept: KeptBook, delta: Delta) -> None:
        if not kept.is_open:
            return
        symbol = kept.instrument.symbol
        # A snapshot that was not even asked for yet will hold this change.
        if kept.waiting or self._snapshots.is_begun(symbol):
            if len(kept.waiting) >= WAITING or self._waiting >= WAITING_IN_ALL:
                self.dropped += len(kept.waiting)
                self._forget(kept)
            kept.waiting.append(delta)
            self._waiting += 1
        if not self._snapshots.is_asked(symbol):
            self._snapshots.ask(symbol, kept.failures)

    def _forget(self, kept: KeptBook) -> list[Delta]:
        """What waited for the snapshot of a book, and waits no more."""
        waited = list(kept.waiting)
        kept.waiting.clear()
        self._waiting -= len(waited)
        return waited

    def _load_fetched(self, snapshot: BookSnapshot) -> None:
        kept = self.kept.get(snapshot.symbol)
        if kept is not None and kept.is_open and not kept.is_live:
            self._load(kept, snapshot)

    def _load(self, kept: KeptBook, snapshot: BookSnapshot) -> None:
        """Begin from a snapshot and bring it up to now with what waited; where that does not reach,
        a newer one is asked for.
        """
        applied = kept.book.load(snapshot)
        if applied is not Applied.APPLIED:
            shown = f"snapshot of {kept.instrument.symbol}".encode()
            why = f"{applied.name.lower()} snapshot: {_kind_of(kept.book.reason)}"
            self._quarantine.put(why, shown, self._own_time.wall_ms())
            self._renew(kept, "the snapshot could not be used")
            return
        waiting = self._forget(kept)
        for place, delta in enumerate(waiting):
            if isinstance(delta, RawDelta):
                applied = kept.book.apply_raw(delta.frame)
            else:
                applied = kept.book.apply(delta)
            if applied not in (Applied.APPLIED, Applied.OLD):
                self._renew(kept, "the snapshot and what came after it do not join")
                kept.waiting.extend(waiting[place:])
                self._waiting += len(kept.waiting)
                return
        self._show(kept)

    def _show(self, kept: KeptBook) -> None:
        if not kept.is_live:
            kept.since_ms = self._own_time.steady_ms()
        kept.is_live = kept.is_dirty = True
        kept.reason = ""
        kept.olds = 0

    def _hide(self, kept: KeptBook, reason: str) -> None:
        if kept.is_live:
            kept.since_ms = self._own_time.steady_ms()
        kept.is_live = False
        kept.is_dirty = True
        kept.reason = reason
        self._forget(kept)
        kept.olds = 0

    def _renew(self, kept: KeptBook, reason: str) -> None:
        """Take a book out of sight and ask for it anew."""
        self._hide(kept, reason)
        if kept.book.is_synced:
            # It must take no change any more: all wait for the snapshot.
            kept.book = self._make_book(kept.instrument)
        self._snapshots.ask(kept.instrument.symbol, kept.failures)
        kept.failures += 1

    def _put_aside(self, kept: KeptBook, delta: Delta, reason: str) -> None:
        sample = delta.frame if isinstance(delta, RawDelta) else repr(delta).encode()
        self._quarantine.put(reason, sample[:500], self._own_time.wall_ms())


def _kind_of(reason: str) -> str:
    """The words of a reason without its numbers, for counting."""
    words = [word for word in reason.split() if not any(char.isdigit() for char in word)]
    return " ".join(words)[:60]
