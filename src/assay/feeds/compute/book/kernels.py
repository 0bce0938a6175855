"""The kernel: Binance's bytes to a book in one call, and the same change from numbers.

It takes only what Binance writes: one order of keys, no spaces, plain decimals of at most 8 places.
All else it hands back untouched as `NOT_MINE`, and the portable path decides. It cannot read past
the end of a frame: the last byte must be `}`, every step goes on only after a byte that it expected
there, and none but the very last steps expects a `}`.

A book is one array of int64, so that a call unpacks two arguments: header, scratch, and a window of
sizes for each side, in which `window[key - base]` is the size at a key (see `reading`: the smallest
key is the best). Levels outside a window are the caller's (`ladder`). A call changes nothing before
the whole frame has been read. It keeps Python's lock: it runs for two microseconds, and a thread
that gave the lock away would wait for it up to five milliseconds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.feeds.compute.book.layout import (
    APPLIED,
    BASE,
    BEST,
    CARE,
    COUNT,
    CROSSED,
    EARLY,
    FAR,
    FAR_LEVELS,
    FAR_SIZES,
    FAR_STOP,
    GAP,
    IS_FIRST,
    IS_SYNCED,
    LAST_ID,
    MOST_LEVELS,
    NONE,
    NOT_MINE,
    OLD,
    READ_ASKS,
    READ_BIDS,
    READ_FIRST,
    READ_LAST,
    READ_TIME,
    SCRATCH,
    SIZES,
    SYMBOL,
    SYMBOL_SIZE,
    TICK,
    TIME_MS,
    WIDTH,
    WINDOWS,
)
from assay.kit.compiled import kernel

State = NDArray[np.int64]
Integer = Any
"""Signed or unsigned, of 64 bits: numba keeps them apart and Python's types do not."""

_DATA = np.frombuffer(b',"data":', np.uint8)
_STREAM = np.frombuffer(b'{"stream":"', np.uint8)
_EVENT = np.frombuffer(b'{"e":"depthUpdate","E":', np.uint8)
_SYMBOL = np.frombuffer(b',"s":"', np.uint8)
_FIRST = np.frombuffer(b'","U":', np.uint8)
_LAST = np.frombuffer(b',"u":', np.uint8)
_BIDS = np.frombuffer(b',"b":', np.uint8)
_ASKS = np.frombuffer(b',"a":', np.uint8)

QUOTE, COMMA, POINT, OPEN, CLOSE, END, ESCAPE, ZERO = 34, 44, 46, 91, 93, 125, 92, 48
FIRST_PLAIN, LAST_PLAIN = 32, 122
MOST_TICKS = 1 << 53
UNITS = 100_000_000
ONE = np.uintp(1)
_ZEROS = np.uint64(0x3030303030303030)
_OVER_NINE = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_PAIRS = np.uint64(0x000000FF000000FF)
_EVEN = np.uint64(0x000F424000000064)
_ODD = np.uint64(0x0000271000000001)


@kernel
def _match(frame: bytes, at: Integer, text: NDArray[np.uint8]) -> Integer:
    """The place after a text; -1 where another stands. A text holds no `}`."""
    for index in range(text.size):
        if frame[at] != text[index]:
            return -1
        at += 1
    return at


@kernel
def _read_eight(word: Integer) -> Integer:
    """Eight digits of a little-endian word at once; -1 where one is none (D. Lemire)."""
    word ^= _ZEROS
    if ((word + _OVER_NINE) | word) & _HIGH_BITS:
        return -1
    word = word * np.uint64(10) + (word >> np.uint64(8))
    even = (word & _PAIRS) * _EVEN
    odd = ((word >> np.uint64(16)) & _PAIRS) * _ODD
    return np.int64((even + odd) >> np.uint64(32))


@kernel
def _join(whole: Integer, digits: Integer, first: int, eight: Integer) -> Integer:
    """A decimal in 1e-8 of its parts; -1 where JSON or 63 bits would refuse it."""
    is_number = 0 < digits <= 10 and (digits == 1 or first != ZERO) and eight >= 0
    return whole * UNITS + eight if is_number else -1


@kernel
def _count_ticks(price: int, tick: int, ticks_each: float) -> Integer:
    """The ticks of a price, by one multiplication and proved by another; -1 for none."""
    ticks = np.int64(price * ticks_each + 0.5)
    return ticks if ticks * tick == price and 0 < ticks < MOST_TICKS else -1


@kernel
def _read_levels(
    frame: bytes, at: Integer, state: State, count: Integer, sign: int
) -> tuple[Integer, Integer]:
    """Levels into the scratch from `count` on; the new count and the place after, or -1.

    In one piece: handing the frame on for each number would cost more than reading it.
    """
    tick = state[TICK]
    ticks_each = 1.0 / tick
    limit = len(frame) - 10
    lead = OPEN
    if frame[at] == OPEN and frame[at + 1] == CLOSE:
        return count, at + 2
    while count < MOST_LEVELS and frame[at] == lead:
        at += 1
        lead = COMMA
        for part in range(2):
            if frame[at] != (COMMA if part else OPEN) or frame[at + 1] != QUOTE:
                return -1, at
            start = np.uintp(at + 2)
            here = start
            whole: Integer = np.int64(0)
            digit: Integer = np.int64(frame[here]) - ZERO
            while 0 <= digit <= 9:
                whole = whole * 10 + digit
                here += ONE
                digit = np.int64(frame[here]) - ZERO
            at = np.int64(here)
            eight: Integer = np.int64(-1)
            if frame[here] == POINT and at < limit:
                eight = _read_eight(
                    np.uint64(frame[here + ONE])
                    | np.uint64(frame[here + np.uintp(2)]) << np.uint64(8)
                    | np.uint64(frame[here + np.uintp(3)]) << np.uint64(16)
                    | np.uint64(frame[here + np.uintp(4)]) << np.uint64(24)
                    | np.uint64(frame[here + np.uintp(5)]) << np.uint64(32)
                    | np.uint64(frame[here + np.uintp(6)]) << np.uint64(40)
                    | np.uint64(frame[here + np.uintp(7)]) << np.uint64(48)
                    | np.uint64(frame[here + np.uintp(8)]) << np.uint64(56)
                )
            value = _join(whole, np.int64(here - start), frame[start], eight)
            at += 10
            if value < 0 or frame[at - 1] != QUOTE:
                return -1, at
            state[SCRATCH + part * MOST_LEVELS + count] = value
        ticks = _count_ticks(state[SCRATCH + count], tick, ticks_each)
        if ticks < 0 or frame[at] != CLOSE:
            return -1, at
        state[SCRATCH + count] = sign * ticks
        count += 1
        at += 1
        if frame[at] == CLOSE:
            return count, at + 1
    return -1, at


@kernel
def _read_whole(frame: bytes, at: int) -> tuple[Integer, Integer]:
    """A JSON integer of 18 digits at most, and the place after it; -1 for none."""
    value = np.int64(0)
    start = at
    while True:
        digit = np.int64(frame[at]) - ZERO
        if digit < 0 or digit > 9:
            break
        value = value * 10 + digit
        at += 1
    if at == start or at - start > 18 or (at - start > 1 and frame[start] == ZERO):
        return -1, at
    return value, at


@kernel
def _apply_side(state: State, side: int, start: int, stop: int) -> bool:
    """Put the levels of the scratch; False where the side needs care."""
    width = state[WIDTH]
    window = WINDOWS + side * width - state[BASE + side]
    base = state[BASE + side]
    count = state[COUNT + side]
    best = state[BEST + side]
    begun = state[FAR_STOP] if side else 0
    far = begun
    for index in range(start, stop):
        key = state[SCRATCH + index]
        size = state[SIZES + index]
        if key < base or key >= base + width:
            state[FAR + far] = key
            state[FAR_SIZES + far] = size
            far += 1
            continue
        old = state[window + key]
        state[window + key] = size
        if size != 0:
            if old == 0:
                count += 1
            if key < best:
                best = key
        elif old != 0:
            count -= 1
    if count == 0:
        best = NONE
    else:
        while state[window + best] == 0:
            best += 1
    state[COUNT + side] = count
    state[BEST + side] = best
    state[FAR_STOP + side] = far
    if count == 0:
        return bool(far == begun and state[FAR_LEVELS + side] == 0)
    return bool(far == begun and best - base < width - (width >> 3))


@kernel
def apply_levels(state: State, bids: int, asks: int) -> int:
    """Put the first `bids` levels of the scratch and the `asks` after them: APPLIED, CROSSED or
    CARE.
    """
    has_room = True
    for side in range(2):
        start = bids * side
        has_room &= _apply_side(state, side, start, start + (asks if side else bids))
    if not has_room:
        return CARE
    return CROSSED if state[BEST] + state[BEST + 1] <= 0 else APPLIED


@kernel
def _skip_stream(frame: bytes) -> Integer:
    """The place where the change begins in a combined frame; 0 for a bare one, -1 for neither."""
    at = _match(frame, np.int64(0), _STREAM)
    if at < 0:
        return 0
    while frame[at] != QUOTE:
        if frame[at] < FIRST_PLAIN or frame[at] > LAST_PLAIN or frame[at] == ESCAPE:
            return -1
        at += 1
    return _match(frame, at + 1, _DATA)


@kernel
def _read_field(frame: bytes, at: int, key: NDArray[np.uint8], state: State, field: Integer) -> int:
    """An integer after its key into the header; the place after it, or -1."""
    if at >= 0:
        at = _match(frame, at, key)
    if at < 0:
        return -1
    value, at = _read_whole(frame, at)
    state[field] = value
    return at if value >= 0 else -1


@kernel
def _read_symbol(frame: bytes, at: int, state: State) -> int:
    """The place after the book's own symbol; -1 for another's."""
    if at >= 0:
        at = _match(frame, at, _SYMBOL)
    if at < 0:
        return -1
    for index in range(state[SYMBOL_SIZE]):
        if frame[at] != state[SYMBOL + index]:
            return -1
        at += 1
    return at


@kernel
def _read_frame(frame: bytes, state: State) -> bool:
    """The whole frame into header and scratch; False where it is not as Binance writes it."""
    size = len(frame)
    if size == 0 or frame[size - 1] != END:
        return False
    start = _skip_stream(frame)
    at = _read_field(frame, start, _EVENT, state, np.int64(READ_TIME))
    at = _read_symbol(frame, at, state)
    at = _read_field(frame, at, _FIRST, state, np.int64(READ_FIRST))
    at = _read_field(frame, at, _LAST, state, np.int64(READ_LAST))
    if at < 0 or state[READ_LAST] < state[READ_FIRST]:
        return False
    count: Integer = np.int64(0)
    for side in range(2):
        at = _match(frame, at, _ASKS if side else _BIDS)
        if at < 0:
            return False
        before = count
        count, at = _read_levels(frame, at, state, count, 2 * side - 1)
        if count < 0:
            return False
        state[READ_BIDS + side] = count - before
    ends = 2 if start > 0 else 1
    return bool(at == size - ends and frame[at] == END)


@kernel
def apply_frame(frame: bytes, state: State) -> int:
    """Read, sequence and apply a frame: an `Applied`, CARE, or NOT_MINE with nothing changed."""
    if not _read_frame(frame, state):
        return NOT_MINE
    if state[IS_SYNCED] == 0:
        return EARLY
    known = state[LAST_ID]
    if state[READ_LAST] <= known:
        return OLD
    first = state[READ_FIRST]
    if first != known + 1 and (state[IS_FIRST] == 0 or first > known):
        state[IS_SYNCED] = 0
        return GAP
    state[LAST_ID] = state[READ_LAST]
    state[TIME_MS] = state[READ_TIME]
    state[IS_FIRST] = 0
    code = apply_levels(state, state[READ_BIDS], state[READ_ASKS])
    if code == CROSSED:
        state[IS_SYNCED] = 0
    return code
