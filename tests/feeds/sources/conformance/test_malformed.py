"""Messages that are none: refused or not heard, never another exception, never a wrong event."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.sources.conformance.cases import RECEIVED_MS, UNKNOWN, Venue, same
from tests.feeds.sources.conformance.venues import VENUES

from assay.feeds.compute.book import Book
from assay.feeds.sources.dialect import Dialect
from assay.feeds.types import (
    Accepted,
    Applied,
    BookDelta,
    BookSnapshot,
    Event,
    Instrument,
    RawDelta,
    Refused,
    Subscription,
    Ticker,
    Topic,
)
from assay.kit.errors import SourceMalformed

MEGABYTE = 2**20
BAD_NUMBERS = (b'"NaN"', b'"inf"', b'"-1"', b"null", b'"abc"', b'""', b"{}", b"[]", b"true", b'"0"')


@pytest.fixture(params=VENUES)
def venue(request: pytest.FixtureRequest) -> Venue:
    return VENUES[request.param]


def watching(venue: Venue) -> Dialect:
    dialect = venue.make()
    dialect.subscribe([Subscription(topic, venue.symbol) for topic in dialect.topics])
    return dialect


def hear(dialect: Dialect, frame: bytes) -> Sequence[Event] | None:
    """The events, None for a refused message; every other exception fails the test."""
    try:
        return dialect.receive(frame, RECEIVED_MS)
    except SourceMalformed:
        return None


def data_frames(venue: Venue) -> Iterator[tuple[bytes, Sequence[Event]]]:
    for frames in venue.frames.values():
        yield frames[0]


def book_after(venue: Venue, event: Event) -> tuple[Applied | None, object]:
    """What became of a book that took the event, and the whole book."""
    dialect = venue.make()
    pair = Instrument("x", venue.symbol, "B", "Q", 0.0001)
    book = Book(pair, dialect.rule, dialect.limits.book_levels, compiled=False)
    book.load(BookSnapshot(venue.symbol, 156, [("0.0001", "1")], [("1000000", "1")]))
    became: Applied | None = None
    if isinstance(event, RawDelta):
        became = book.apply_raw(event.frame)
    elif isinstance(event, BookDelta):
        became = book.apply(event)
    elif isinstance(event, BookSnapshot):
        became = book.load(event)
    return became, book.levels()


def assert_no_wrong_event(
    venue: Venue, heard: Sequence[Event] | None, truth: Sequence[Event]
) -> None:
    """Nothing was heard, or what a whole message says, or what leaves a book as that would."""
    for event in heard or ():
        if any(same(event, right) for right in truth):
            continue
        became, levels = book_after(venue, event)
        unmoved = became is not None and became is not Applied.APPLIED
        moved_truly = any((became, levels) == book_after(venue, right) for right in truth)
        assert unmoved or (became is not None and moved_truly), event


def test_cut_messages(venue: Venue) -> None:
    for frame, _ in data_frames(venue):
        for length in range(0, len(frame), 7):
            heard = hear(watching(venue), frame[:length])
            assert_no_wrong_event(venue, heard, [])


def test_numbers_that_are_none(venue: Venue) -> None:
    tried = 0
    for text in venue.numbers:
        for frame, truth in data_frames(venue):
            for written in (b'"%b"' % text.encode(), b":%b" % text.encode()):
                if written not in frame:
                    continue
                for bad in BAD_NUMBERS:
                    value = bad if written.startswith(b'"') else b":" + bad
                    heard = hear(watching(venue), frame.replace(written, value))
                    assert_no_wrong_event(venue, heard, truth)
                    tried += 1
    assert tried >= len(venue.numbers) * len(BAD_NUMBERS)


def test_a_last_price_that_is_none_or_not_there(venue: Venue) -> None:
    (frame, _), *_ = venue.frames[Topic.TICKER]
    text = venue.last_price.encode()
    quoted, bare = b'"%b"' % text, b":%b" % text
    for bad in BAD_NUMBERS:
        changed = frame.replace(quoted, bad).replace(bare, b":" + bad)
        assert changed != frame
        for event in hear(watching(venue), changed) or ():
            assert isinstance(event, Ticker)
            assert bad in (b'"0"', b'""')
            assert math.isnan(event.last)
    if bare in frame:
        (event,) = watching(venue).receive(frame.replace(bare, b":0.0"), RECEIVED_MS)
        assert isinstance(event, Ticker)
        assert math.isnan(event.last)


def test_sizes_of_books_that_are_none(venue: Venue) -> None:
    (frame, _), *_ = venue.frames[Topic.BOOK]
    event = next(iter(watching(venue).receive(frame, RECEIVED_MS)))
    if isinstance(event, RawDelta):
        price, size = "0.0024", "10"
    else:
        assert isinstance(event, BookSnapshot)
        price, size = event.bids[0]
    for text in (price, size):
        for bad in (b"NaN", b"-1", b"abc", b"", b"0x10", b"1" * 60, b"1e400"):
            for mark in (b'"%b"', b":%b"):
                written = mark % text.encode()
                if written in frame:
                    heard = hear(watching(venue), frame.replace(written, mark % bad))
                    assert_no_wrong_event(venue, heard, [])


OPTIONAL = {"bids", "asks", "best_bid", "best_ask"}
"""Members whose absence means an empty side."""
WRONG: tuple[Any, ...] = (None, [], {}, True, "x" * 50, -1)
SIGNED = {"change", "price_percent_chg_24_h", "prevSeqId"}


def test_members_of_a_wrong_kind(venue: Venue) -> None:
    """Each member in turn is null, a list, an object, a boolean, a negative or a long text."""
    for frame, truth in data_frames(venue):
        for path, value in list(walk(msgspec.json.decode(frame))):
            for wrong in WRONG:
                if isinstance(wrong, list | bool) and type(wrong) is type(value):
                    continue
                if wrong == -1 and path[-1] in SIGNED:
                    continue
                message = msgspec.json.decode(frame)
                put(message, path, wrong)
                heard = hear(watching(venue), msgspec.json.encode(message))
                assert_no_wrong_event(venue, heard, truth)


Path = tuple[str | int, ...]


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:2]):
            yield from walk(inner, (*path, index))


def put(message: Any, path: Path, value: object) -> None:
    *inner, last = path
    for key in inner:
        message = message[key]
    message[last] = value


def test_members_that_are_missing(venue: Venue) -> None:
    for frame, truth in data_frames(venue):
        for path, _ in list(walk(msgspec.json.decode(frame))):
            if isinstance(path[-1], int):
                continue
            message = msgspec.json.decode(frame)
            inner = message
            for key in path[:-1]:
                inner = inner[key]
            del inner[path[-1]]
            heard = hear(watching(venue), msgspec.json.encode(message))
            if path[-1] in OPTIONAL:
                continue
            assert_no_wrong_event(venue, heard, truth)


def test_pairs_that_were_not_asked_for(venue: Venue) -> None:
    for frame, _ in data_frames(venue):
        other = frame.replace(venue.symbol.encode(), UNKNOWN.encode())
        other = other.replace(venue.symbol.lower().encode(), UNKNOWN.lower().encode())
        assert other != frame
        assert not hear(watching(venue), other)


def test_channels_that_were_not_asked_for(venue: Venue) -> None:
    for kind in (b"liquidations", b"trades-all", b"trade2", b"x" * 300):
        for frame in (
            b'{"channel":"%b","type":"update","data":[],"events":[]}' % kind,
            b'{"arg":{"channel":"%b","instId":"BTC-USDT"},"data":[]}' % kind,
            b'{"topic":"%b.BTCUSDT","type":"snapshot","ts":1,"data":{}}' % kind,
            b'{"stream":"bnbbtc@%b","data":{"e":"%b","s":"BNBBTC"}}' % (kind, kind),
        ):
            assert not hear(watching(venue), frame)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\xff\xfe\xfd",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"true",
        b"<html><body>502 Bad Gateway</body></html>",
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"data":' * 50_000,
        b'{"channel":"trade","data":' + b"[" * 200_000,
        b'{"arg":{"channel":"trades","instId":' + b"[" * 200_000,
        b'{"topic":"publicTrade.BTCUSDT","x":' + b"[" * 200_000,
        b'{"stream":"bnbbtc@trade","data":' + b"[" * 200_000,
        b" " * MEGABYTE,
        b"x" * MEGABYTE,
        b'{"stream":"' + b"x" * MEGABYTE + b'"}',
        b'{"channel":"' + b"x" * MEGABYTE + b'"}',
        b'{"topic":"' + b"x" * MEGABYTE + b'"}',
        b'{"event":"' + b"\xff" * MEGABYTE,
    ],
    ids=lambda frame: f"{bytes(frame[:12])!r}, {len(frame)} bytes",
)
def test_bytes_that_are_no_message(venue: Venue, frame: bytes) -> None:
    assert not hear(watching(venue), frame)


def test_messages_of_a_megabyte(venue: Venue) -> None:
    """A member that nobody reads makes a message long, or a text does that everybody reads."""
    for frame, truth in data_frames(venue):
        padded = frame[:-1] + b',"padding":"' + b"x" * MEGABYTE + b'"}'
        assert_no_wrong_event(venue, hear(watching(venue), padded), truth)
        for text in venue.numbers:
            for written in (b'"%b"' % text.encode(), b":%b" % text.encode()):
                long = written.rstrip(b'"') + b"0" * MEGABYTE + written[-1:] * (written[:1] == b'"')
                if written in frame:
                    heard = hear(watching(venue), frame.replace(written, long))
                    assert heard is None or len(heard) <= len(truth)


def test_bytes_that_are_no_text(venue: Venue) -> None:
    for frame, _ in data_frames(venue):
        broken = frame.replace(venue.symbol.encode(), venue.symbol.encode() + b"\xff")
        assert not hear(watching(venue), broken)


def test_a_good_message_is_read_after_bad_ones(venue: Venue) -> None:
    for topic, frames in venue.frames.items():
        dialect = watching(venue)
        for bad in (b"", b"{", b"\xff", b"[" * 5_000, b'{"data":null}', frames[0][0][:-5]):
            hear(dialect, bad)
        heard = dialect.receive(frames[0][0], RECEIVED_MS)
        assert len(heard) == len(frames[0][1]), topic
        assert all(same(event, right) for event, right in zip(heard, frames[0][1], strict=True))


def test_bad_messages_take_no_requests_answer(venue: Venue) -> None:
    dialect = venue.make()
    sent = dialect.subscribe([Subscription(Topic.TRADES, venue.symbol)])
    for bad in (b"{}", b'{"type":"error","message":7}', b"[" * 5_000, b'{"id":1'):
        hear(dialect, bad)
    (answer, *_) = venue.taken(sent)
    assert list(dialect.receive(answer, RECEIVED_MS)) == [Accepted(1)]


@settings(max_examples=60)
@given(data=st.data())
def test_any_bytes_and_any_change_of_a_message(data: st.DataObject) -> None:
    venue = VENUES[data.draw(st.sampled_from(sorted(VENUES)))]
    frame, truth = data.draw(st.sampled_from(list(data_frames(venue))))
    start = data.draw(st.integers(0, len(frame) - 1))
    length = data.draw(st.integers(0, 12))
    new = data.draw(st.binary(max_size=12))
    heard = hear(watching(venue), frame[:start] + new + frame[start + length :])
    # Another digit is another truth: only the number and kind of events can be judged.
    assert len(heard or ()) <= len(truth)
    kinds = {type(right) for right in truth}
    assert {type(event) for event in heard or ()} <= kinds | {Refused, BookDelta}


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff", b"[" * 100_000, b"{}"])
def test_answers_of_rest_that_are_none(venue: Venue, body: bytes) -> None:
    dialect = venue.make()
    with pytest.raises(SourceMalformed):
        dialect.read_instruments(body)
    with pytest.raises(SourceMalformed):
        dialect.read_time(body)
    with pytest.raises(SourceMalformed):
        dialect.read_snapshot(venue.symbol, body)


def test_an_answer_of_rest_that_refuses() -> None:
    for name, body in {
        "okx": b'{"code":"50011","msg":"Too Many Requests","data":[]}',
        "bybit": b'{"retCode":10006,"retMsg":"Too many visits!","result":{"list":[]}}',
        "kraken": b'{"error":["EGeneral:Too many requests"],"result":{}}',
    }.items():
        with pytest.raises(SourceMalformed):
            VENUES[name].make().read_instruments(body)


def test_an_error_tells_no_more_than_a_line(venue: Venue) -> None:
    with pytest.raises(SourceMalformed) as refused:
        watching(venue).receive(b'{"channel":"\n' + b"x" * MEGABYTE, RECEIVED_MS)
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)
