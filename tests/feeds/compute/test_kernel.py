"""The kernel says what the portable path says, of any bytes, and never looks past their end."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.compute.venues import BTC, RANGE, SYMBOL, Market, write_frame

from assay.feeds.compute.book import Book, kernels, layout
from assay.feeds.types import Applied, BookSnapshot, Instrument

SPICE = [b"}", b"{", b"[", b"]", b'"', b",", b".", b"-", b"0", b"9", b"e5", b" ", b"\\", b"\xff",
         b"\x00", b"]}", b'"]]', b"[]", b'["', b"0" * 30, b"9" * 30, b'"a":', b'"u":']  # fmt: skip


def mutate(frame: bytes, random: np.random.Generator) -> bytes:
    """A frame that was cut, flipped, spliced or doubled somewhere."""
    kind = int(random.integers(0, 6))
    start, stop = sorted(int(at) for at in random.integers(0, len(frame) + 1, 2))
    if kind == 0:
        return frame[:start]
    if kind == 1:
        return frame[:start] + frame[stop:]
    if kind == 2:
        return frame[:start] + SPICE[int(random.integers(len(SPICE)))] + frame[start:]
    if kind == 3 and frame:
        at = min(start, len(frame) - 1)
        return frame[:at] + bytes([int(random.integers(256))]) + frame[at + 1 :]
    if kind == 4:
        return frame[:stop] + frame[start:]
    spice = SPICE[int(random.integers(len(SPICE)))]
    return frame[:start] + spice + frame[start + len(spice) :]


def agree(fast: Book, slow: Book) -> None:
    assert fast.levels() == slow.levels()
    assert fast.top() == slow.top() or not slow.is_synced or not all(slow.levels())
    assert fast.depth(30) == slow.depth(30)
    assert fast.counts == slow.counts
    assert (fast.is_synced, fast.last_id, fast.time_ms, fast.off_grid) == (
        (slow.is_synced, slow.last_id, slow.time_ms, slow.off_grid)
    )


def pair(snapshot: BookSnapshot, instrument: Instrument = BTC) -> tuple[Book, Book]:
    fast, slow = (Book(instrument, RANGE, compiled=compiled) for compiled in (True, False))
    assert fast.load(snapshot) is slow.load(snapshot)
    return fast, slow


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    jump=st.sampled_from([1, 50, 2500, 60_000, 400_000]),
    spread=st.sampled_from([30, 1500, 20_000]),
    combined=st.booleans(),
)
def test_final_books_are_the_venues(seed: int, jump: int, spread: int, combined: bool) -> None:
    """However the price moves: the windows follow, and far levels are kept."""
    market = Market(seed, jump, spread=spread)
    fast, slow = pair(market.snapshot())
    for _ in range(40):
        frame = market.frame(combined=combined)
        assert fast.apply_raw(frame) is slow.apply_raw(frame) is Applied.APPLIED
    agree(fast, slow)
    assert fast.levels() == market.known()
    assert fast.counts[Applied.APPLIED] == 41


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), combined=st.booleans())
def test_any_bytes_mean_the_same_to_both(seed: int, combined: bool) -> None:
    market = Market(seed, levels=8, spread=300)
    fast, slow = pair(market.snapshot())
    for _ in range(15):
        frame = market.frame(combined=combined)
        for _ in range(6):
            bad = mutate(frame, market.random)
            assert fast.apply_raw(bad) is slow.apply_raw(bad), bad
        assert fast.apply_raw(frame) is slow.apply_raw(frame)
        agree(fast, slow)
        if not slow.is_synced:
            assert fast.load(market.snapshot()) is slow.load(market.snapshot())


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    fast, slow = pair(Market(1).snapshot())
    for frame in (noise, noise + b"}", b'{"e":"depthUpdate","E":' + noise + b"}"):
        assert fast.apply_raw(frame) is slow.apply_raw(frame) is Applied.MALFORMED
    agree(fast, slow)


LAWFUL = b'{"e":"depthUpdate","E":5,"s":"BTCUSDT","U":1001,"u":1001,"b":%b,"a":%b}'


@pytest.mark.parametrize(
    "frame",
    [
        LAWFUL % (b"[]", b"[]"),
        LAWFUL % (b'[["62000.00000000","1.00000000"]]', b"[]"),
        LAWFUL % (b'[["62000","1"]]', b'[["64000.5","0.5"]]'),
        LAWFUL % (b'[ ["62000.00000000", "1.00000000"] ]', b"[]"),
        LAWFUL % (b'[["6.2e4","1e-7"]]', b"[]"),
        LAWFUL % (b'[["\\u0036.00000000","1.00000000"]]', b"[]"),
        LAWFUL % (b'[["62000.00000000",1.5]]', b"[]"),
        b'{"stream":"btcusdt@depth","data":%b}' % (LAWFUL % (b"[]", b'[["64000.00","1"]]')),
        b'{"data":%b,"stream":"btcusdt@depth"}' % (LAWFUL % (b"[]", b'[["64000.00","1"]]')),
        b'{"a":[["64000.1","2"]],"b":[],"u":1001,"U":1001,"s":"BTCUSDT","E":5,"e":"depthUpdate"}',
        b'{"e":"depthUpdate","E":5,"s":"BTCUSDT","U":1001,"u":1001,"b":[],"a":[],"new":{"x":[1]}}',
        b'{"e":"depthUpdate","E":5,"T":6,"s":"BTCUSDT","U":1001,"u":1001,"b":[],"a":[]}',
        b" \n" + LAWFUL % (b"[]", b"[]") + b"\n",
    ],
)
def test_the_same_change_however_it_is_written(frame: bytes) -> None:
    fast, slow = pair(Market(1).snapshot())
    assert slow.apply_raw(frame) is Applied.APPLIED, slow.reason
    assert fast.apply_raw(frame) is Applied.APPLIED, fast.reason
    agree(fast, slow)


@pytest.mark.parametrize("digits", range(1, 32))
def test_numbers_of_any_length(digits: int) -> None:
    """Up to and beyond what 63 bits hold, before the point and in the numbers of changes."""
    number = b"7" * digits
    for frame in (
        LAWFUL % (b'[["62000.00000000","%b.00000001"]]' % number, b"[]"),
        LAWFUL % (b"[]", b'[["%b.01000000","1.00000000"]]' % number),
        LAWFUL.replace(b'"u":1001', b'"u":' + number) % (b"[]", b"[]"),
        LAWFUL.replace(b'"E":5', b'"E":' + number) % (b"[]", b"[]"),
    ):
        fast, slow = pair(Market(1).snapshot())
        assert fast.apply_raw(frame) is slow.apply_raw(frame)
        agree(fast, slow)


@pytest.mark.parametrize("size", [10_000, 1_000_000])
def test_frames_of_a_megabyte(size: int) -> None:
    fast, slow = pair(Market(1).snapshot())
    for frame in (
        b"}" * size,
        b'{"e":"depthUpdate","E":' + b"1" * size + b"}",
        b'{"stream":"' + b"x" * size + b"}",
        b'{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":' + b"[" * size + b"}",
        LAWFUL % (b'[["' + b"9" * size + b'","1"]]', b"[]"),
        LAWFUL % (b'[["62000.' + b"0" * size + b'","1"]]', b"[]"),
    ):
        assert fast.apply_raw(frame) is slow.apply_raw(frame) is Applied.MALFORMED
    agree(fast, slow)
    many = [
        (f"{60_000 + index // 100}.{index % 100:02d}000000", "1.00000000")
        for index in range(20_000)
    ]
    frame = write_frame(1001, 1001, many, [])
    assert fast.apply_raw(frame) is slow.apply_raw(frame) is Applied.APPLIED
    agree(fast, slow)


@pytest.mark.parametrize("tick", [1e-8, 1e-10, 0.25, 1.0, 1000.0])
def test_grids(tick: float) -> None:
    """Ticks that the kernel keeps and one that it leaves to the portable book."""
    instrument = Instrument("binance", SYMBOL, "A", "B", tick)
    prices = [f"{tick * index:.10f}" for index in (1, 2, 3, 700, 100_000)]
    snapshot = BookSnapshot(SYMBOL, 1, [(price, "3") for price in prices], [])
    fast, slow = pair(snapshot, instrument)
    for last, price in enumerate(
        [*prices[1:], f"{tick * 800:.10f}", f"{tick * 5e6:.10f}"], start=2
    ):
        frame = write_frame(last, last, [(price, "0.00000000"), (prices[0], "5.00000001")], [])
        assert fast.apply_raw(frame) is slow.apply_raw(frame) is Applied.APPLIED
        agree(fast, slow)


class Guarded(bytes):
    """Bytes that refuse to be looked at before their start or past their end."""

    def __getitem__(self, at: Any) -> Any:
        assert 0 <= int(at) < len(self), f"byte {at} of {len(self)}"
        return super().__getitem__(int(at))


class Bounded(np.ndarray):
    """An array that refuses an index before its start, which numba would not see either."""

    def __getitem__(self, at: Any) -> Any:
        assert np.ndim(at) or isinstance(at, slice) or 0 <= int(at) < self.size
        return super().__getitem__(at)

    def __setitem__(self, at: Any, value: Any) -> None:
        assert np.ndim(at) or isinstance(at, slice) or 0 <= int(at) < self.size
        super().__setitem__(at, value)


@pytest.fixture(scope="module")
def uncompiled() -> dict[str, Any]:
    """The kernels as plain Python, where every index can be watched."""
    source = Path(kernels.__file__).read_text(encoding="utf-8")
    wanted = "from assay.kit.compiled import kernel\n"
    assert wanted in source
    names: dict[str, Any] = {}
    exec(source.replace(wanted, "kernel = lambda function: function\n"), names)  # noqa: S102 - ours
    return names


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_no_byte_past_the_end_is_read(uncompiled: dict[str, Any]) -> None:
    """Each place a frame can be cut at, each closed by a brace, and a thousand mutations."""
    read = uncompiled["apply_frame"]
    market = Market(5, levels=4)
    book, _ = pair(market.snapshot())
    start = np.array(book._state)
    frames = [market.frame(combined=bool(index % 2)) for index in range(40)]
    cut = [frame[:at] for frame in frames[:2] for at in range(len(frame))]
    near = ("62995.00000000", "1.00000000")
    frames += [write_frame(first, 1001, [near], []) for first in (1001, 900)]
    frames += [write_frame(900, 1000, [], []), write_frame(1002, 1003, [near], [])]
    mutated = [mutate(frame, market.random) for frame in frames for _ in range(25)]
    seen = set()
    for frame in [b"", *frames, *cut, *[part + b"}" for part in cut], *mutated]:
        watched = start.copy().view(Bounded)
        plain = start.copy()
        code = read(Guarded(frame), watched)
        assert code == kernels.apply_frame(frame, plain), frame
        if code != layout.NOT_MINE:
            assert np.array_equal(np.asarray(watched), plain)
        seen.add(code)
    assert seen == {layout.NOT_MINE, layout.CARE, layout.APPLIED, layout.OLD, layout.GAP}


@pytest.mark.slow
def test_the_portable_book_compiles_nothing() -> None:
    """It does not even import the compiler."""
    script = """
import sys
from assay.feeds.compute.book import Book
from assay.feeds.types import BookSnapshot, Instrument, SequenceRule
book = Book(Instrument("v", "A", "A", "B", 0.01), SequenceRule.RANGE, compiled=False)
book.load(BookSnapshot("A", 1, [("1", "1")], [("2", "1")]))
book.apply_raw(b'{"e":"depthUpdate","E":1,"s":"A","U":2,"u":2,"b":[["1.5","2"]],"a":[]}')
print(book.top().bid, "numba" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1.5", "False"]
