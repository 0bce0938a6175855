"""A book of one instrument of one venue: loaded, changed, and asked for its levels."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from assay.feeds.compute.book.checksum import Digits
from assay.feeds.compute.book.layout import (
    CARE,
    IS_FIRST,
    IS_SYNCED,
    LAST_ID,
    NOT_MINE,
    READ_FIRST,
    READ_LAST,
    TIME_MS,
)
from assay.feeds.compute.book.reading import (
    MOST_ID,
    MOST_TICKS,
    UNITS,
    DepthUpdate,
    OffGrid,
    Side,
    Ticks,
    TooBig,
    Unreadable,
    read_side,
    read_update,
)
from assay.feeds.compute.book.sequence import check, check_range
from assay.feeds.compute.book.sides import Sides
from assay.feeds.types import (
    Applied,
    BookDelta,
    BookSnapshot,
    Depth,
    Instrument,
    SequenceRule,
    Top,
)

if TYPE_CHECKING:
    from assay.feeds.compute.book.ladder import Ladder

_OUTCOMES: Final = tuple(Applied)
_APPLIED: Final = Applied.APPLIED
_NAN: Final = float("nan")
_PRICE_DECIMALS: Final = 12
_M = TypeVar("_M")
_R = TypeVar("_R")


class Book:
    """The order book of an instrument, true to its venue or known not to be.

    Every answer is counted in `counts`, by `Applied`. After GAP, CROSSED or MISMATCH the book is
    not synced: it shows nothing, and each change is EARLY until the next `load`. A MALFORMED change
    alters nothing; where changes are numbered the next one then shows the gap, where they are not
    (`CHECKSUM`) the book is no longer synced. `reason` says why the last one was refused.

    Real books hold prices between ticks: orders from before the tick was changed. The book then
    goes on with a finer grid; `off_grid` counts how often.

    `levels` is the depth that was asked for, where the venue leaves it to us to drop what falls
    out of it (Kraken). With `compiled=False` nothing is ever compiled. Raises BadInput for an
    instrument without a tick.
    """

    def __init__(
        self,
        instrument: Instrument,
        rule: SequenceRule,
        levels: int | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self.instrument = instrument
        self.rule = rule
        self.counts = [0] * len(Applied)
        self.off_grid = 0
        self.reason = ""
        self._ticks = Ticks.of(instrument.tick)
        self._most = levels
        self._is_compiled = compiled and rule is SequenceRule.RANGE and levels is None
        self._digits = Digits()
        self._engine: Sides | Ladder = Sides({}, {})
        self._kernel: Callable[[bytes, Any], int] | None = None
        # Numbers and flags by `layout`; of the ladder they are the kernel's own array.
        self._state: Any = [0] * (TIME_MS + 1)

    def load(self, snapshot: BookSnapshot) -> Applied:
        """Begin anew with a whole book: APPLIED, CROSSED, MISMATCH, or MALFORMED (no change)."""
        try:
            bids, asks = self._read_on_grid(self._read, snapshot)
        except Unreadable as error:
            return self._refuse(error)
        self._build(bids, asks)
        self._mark(snapshot.last_id, snapshot.time_ms)
        self._state[IS_FIRST] = 1
        self._digits = Digits()
        return self._finish(snapshot)

    def apply(self, delta: BookDelta) -> Applied:
        """Take a change that the venue's protocol has read."""
        try:
            bids, asks = self._read_on_grid(self._read, delta)
        except Unreadable as error:
            return self._refuse(error)
        outcome = check(self.rule, self.last_id, bool(self._state[IS_FIRST]), delta)
        if outcome is Applied.MALFORMED:
            return self._refuse(Unreadable(f"numbers {delta.first_id} to {delta.last_id}"))
        if not self._state[IS_SYNCED]:
            return self._count(Applied.EARLY)
        if outcome is not _APPLIED:
            return self._pass_over(outcome, delta.first_id, delta.last_id)
        self._change(bids, asks)
        self._mark(delta.last_id, delta.time_ms)
        return self._finish(delta)

    def apply_raw(self, frame: bytes) -> Applied:
        """Take Binance's change as it came, bare or in a combined stream."""
        if self._kernel is not None:
            code = self._kernel(frame, self._state)
            if code == 0:
                self.counts[0] += 1
                return _APPLIED
            if code != NOT_MINE:
                return self._follow(code)
        if self.rule is not SequenceRule.RANGE:
            return self._refuse(Unreadable("bytes for a book of another rule"))
        try:
            update, bids, asks = self._read_on_grid(self._read_raw, frame)
        except Unreadable as error:
            return self._refuse(error)
        if not self._state[IS_SYNCED]:
            return self._count(Applied.EARLY)
        is_first = bool(self._state[IS_FIRST])
        outcome = check_range(int(self._state[LAST_ID]), is_first, update.U, update.u)
        if outcome is not _APPLIED:
            return self._pass_over(outcome, update.U, update.u)
        self._change(bids, asks)
        self._mark(update.u, update.E)
        return self._check_crossed()

    @property
    def is_synced(self) -> bool:
        """Whether the book is the venue's, as far as can be known."""
        return bool(self._state[IS_SYNCED])

    @property
    def last_id(self) -> int:
        """The number of the last change in the book."""
        return int(self._state[LAST_ID])

    @property
    def time_ms(self) -> int:
        """The venue's time of the last change."""
        return int(self._state[TIME_MS])

    def top(self) -> Top:
        """Best bid and ask; NaN on an empty side and while not synced."""
        if not self._state[IS_SYNCED]:
            return Top(_NAN, _NAN, _NAN, _NAN)
        bid, ask = self._engine.list_top()
        return Top(*self._show(bid), *self._show(ask))

    def depth(self, levels: int) -> Depth:
        """The best levels; none while not synced."""
        if not self._state[IS_SYNCED]:
            return Depth((), (), self.last_id, self.time_ms)
        bids, asks = self._engine.list_best(levels)
        return Depth(
            [self._show(level) for level in bids],
            [self._show(level) for level in asks],
            self.last_id,
            self.time_ms,
        )

    def levels(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(price in 1e-12, size in 1e-8) of all bids and asks, best first, synced or not."""
        each = self._ticks.units * 10 ** (_PRICE_DECIMALS - self._ticks.decimals)
        bids, asks = self._engine.list_best(None)
        return [(-key * each, size) for key, size in bids], [
            (key * each, size) for key, size in asks
        ]

    def _show(self, level: tuple[int, int] | None) -> tuple[float, float]:
        if level is None:
            return _NAN, _NAN
        key, units = level
        return self._ticks.show(abs(key)), units / UNITS

    def _read(self, message: BookSnapshot | BookDelta) -> tuple[Side, Side]:
        if message.symbol != self.instrument.symbol:
            raise Unreadable(f"a book of {message.symbol[:40]}, not of {self.instrument.symbol}")
        if not -1 <= message.last_id < MOST_ID:
            raise Unreadable(f"the number {message.last_id}")
        bids = read_side(message.bids, self._ticks, self._ticks.bids)
        asks = read_side(message.asks, self._ticks, self._ticks.asks)
        if isinstance(message, BookSnapshot) and (
            len(bids) != len(message.bids) or len(asks) != len(message.asks)
        ):
            raise Unreadable("a whole book that has a price twice")
        return bids, asks

    def _read_raw(self, frame: bytes) -> tuple[DepthUpdate, Side, Side]:
        return read_update(frame, self.instrument.symbol, self._ticks)

    def _read_on_grid(self, read: Callable[[_M], _R], message: _M) -> _R:
        """Read a message, on a finer grid if need be. Each try halves the tick at least."""
        while True:
            try:
                return read(message)
            except OffGrid as error:
                self._refine(error.price)

    def _refine(self, price: str) -> None:
        finer = self._ticks.refine(price)
        factor = self._ticks.units * 10 ** (finer.decimals - self._ticks.decimals) // finer.units
        bids, asks = self._engine.list_best(None)
        if any(abs(side[-1][0]) * factor >= MOST_TICKS for side in (bids, asks) if side):
            raise Unreadable(f"{price[:40]} is finer than the prices in the book allow")
        self.off_grid += 1
        self._ticks = finer
        self._digits.rescale(factor)
        kept = [int(value) for value in self._state[LAST_ID : TIME_MS + 1]]
        self._build(
            {key * factor: size for key, size in bids}, {key * factor: size for key, size in asks}
        )
        self._state[LAST_ID : TIME_MS + 1] = kept

    def _build(self, bids: Side, asks: Side) -> None:
        """Put a whole book in the place of this one."""
        if self._is_compiled:
            # numba takes half a second to import: only for books that use it.
            from assay.feeds.compute.book.ladder import Ladder, fits  # noqa: PLC0415 - see above

            try:
                if fits(self.instrument.symbol, self._ticks):
                    ladder = Ladder(self.instrument.symbol, self._ticks, bids, asks)
                    self._engine, self._state, self._kernel = ladder, ladder.state, ladder.read
                    return
            except TooBig:
                pass
        self._keep_portably(bids, asks)

    def _keep_portably(self, bids: Side, asks: Side) -> None:
        self._engine = Sides(bids, asks)
        self._state = [int(value) for value in self._state[: TIME_MS + 1]]
        self._kernel = None

    def _change(self, bids: Side, asks: Side) -> None:
        try:
            self._engine.change(bids, asks)
        except TooBig:
            # Until the next snapshot; an int is a size in 1e-8 to the portable book, too.
            all_bids, all_asks = self._engine.list_best(None)
            self._keep_portably(dict(all_bids), dict(all_asks))
            self._engine.change(bids, asks)

    def _mark(self, last_id: int, time_ms: int) -> None:
        self._state[LAST_ID : TIME_MS + 1] = (last_id, 1, 0, time_ms)

    def _finish(self, message: BookSnapshot | BookDelta) -> Applied:
        """Drop what fell out of the depth, and prove the book as far as the venue lets us."""
        engine = self._engine
        if isinstance(engine, Sides):
            if self.rule is SequenceRule.CHECKSUM:
                self._digits.put(message.bids, self._ticks, 0)
                self._digits.put(message.asks, self._ticks, 1)
            if self._most is not None:
                engine.cut(self._most)
            if message.checksum is not None and self.rule is SequenceRule.CHECKSUM:
                checksum = self._digits.compute(engine)
                if checksum != message.checksum:
                    self.reason = f"checksum {checksum}, the venue's is {message.checksum}"
                    return self._lose(Applied.MISMATCH)
        return self._check_crossed()

    def _check_crossed(self) -> Applied:
        if not self._engine.is_crossed:
            return self._count(_APPLIED)
        bid, ask = (self._show(level)[0] for level in self._engine.list_top())
        self.reason = f"best bid {bid} at or above best ask {ask}"
        return self._lose(Applied.CROSSED)

    def _follow(self, code: int) -> Applied:
        """What the kernel left to do."""
        if code == CARE and not isinstance(self._engine, Sides):
            self._engine.settle()
        if code == CARE or _OUTCOMES[code] is Applied.CROSSED:
            return self._check_crossed()
        return self._pass_over(
            _OUTCOMES[code], int(self._state[READ_FIRST]), int(self._state[READ_LAST])
        )

    def _pass_over(self, outcome: Applied, first: int, last: int) -> Applied:
        """A change that is not put into the book."""
        if outcome is not Applied.GAP:
            return self._count(outcome)
        self.reason = f"changes {first} to {last} came after {self.last_id}"
        return self._lose(outcome)

    def _refuse(self, error: Unreadable) -> Applied:
        self.reason = str(error)
        if self.rule is SequenceRule.CHECKSUM:
            return self._lose(Applied.MALFORMED)
        return self._count(Applied.MALFORMED)

    def _lose(self, outcome: Applied) -> Applied:
        self._state[IS_SYNCED] = 0
        return self._count(outcome)

    def _count(self, outcome: Applied) -> Applied:
        self.counts[outcome] += 1
        return outcome


def compile_kernels() -> None:
    """Compile what books need, or load it from the cache: seconds the first time. Call it before
    the first book, and not on an event loop.
    """
    tiny = Instrument("", "A", "A", "B", 1.0)
    book = Book(tiny, SequenceRule.RANGE)
    book.load(BookSnapshot("A", 1, [("1", "1")], [("2", "1")]))
    book.apply_raw(b'{"e":"depthUpdate","E":1,"s":"A","U":2,"u":2,"b":[["1","2"]],"a":[]}')
    book.apply(BookDelta("A", 3, 3, [("1", "1")], [], 1))
