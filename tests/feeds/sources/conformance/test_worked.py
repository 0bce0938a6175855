"""What every venue says in its documents' examples, and what we ask it."""

import msgspec
import pytest
from tests.feeds.sources.conformance.cases import RECEIVED_MS, Venue, same
from tests.feeds.sources.conformance.venues import VENUES

from assay.feeds.compute.book import Book
from assay.feeds.sources.dialect import Dialect
from assay.feeds.types import (
    Accepted,
    Alive,
    Applied,
    BookDelta,
    BookSnapshot,
    Instrument,
    RawDelta,
    Refused,
    Subscription,
    Topic,
    Verified,
)
from assay.kit.errors import BadInput, SourceMalformed

TOPICS = [
    (name, topic) for name, venue in VENUES.items() for topic in Topic if topic in venue.frames
]


@pytest.fixture(params=VENUES)
def venue(request: pytest.FixtureRequest) -> Venue:
    return VENUES[request.param]


def watching(venue: Venue) -> Dialect:
    """A connection that asked for everything that the venue has."""
    dialect = venue.make()
    dialect.subscribe(wishes(dialect, venue))
    return dialect


def wishes(dialect: Dialect, venue: Venue) -> list[Subscription]:
    return [Subscription(topic, venue.symbol) for topic in Topic if topic in dialect.topics]


@pytest.mark.parametrize(("name", "topic"), TOPICS)
def test_frames_become_the_events_that_they_mean(name: str, topic: Topic) -> None:
    venue = VENUES[name]
    dialect = watching(venue)
    for frame, expected in venue.frames[topic]:
        events = dialect.receive(frame, RECEIVED_MS)
        assert len(events) == len(expected)
        for event, wanted in zip(events, expected, strict=True):
            assert same(event, wanted), f"{event} is not {wanted}"


def test_examples_cover_every_topic_that_the_venue_has(venue: Venue) -> None:
    assert venue.frames.keys() == venue.make().topics


def test_requests_ask_as_the_venue_documents(venue: Venue) -> None:
    for method, expected in venue.requests.items():
        dialect = venue.make()
        sent = getattr(dialect, method)(wishes(dialect, venue))
        assert [msgspec.json.decode(request) for request in sent] == expected


def test_requests_keep_the_venues_limits(venue: Venue) -> None:
    dialect = venue.make()
    size = dialect.limits.topics_per_message
    many = [Subscription(Topic.TRADES, f"PAIR{n}") for n in range(2 * size + 1)]
    counts = [request.lower().count(b"pair") for request in dialect.subscribe(many)]
    assert [count for count in counts if count] == [size, size, 1]


def test_answers_take_each_request_once(venue: Venue) -> None:
    dialect = venue.make()
    sent = dialect.subscribe(wishes(dialect, venue))
    heard = [
        event for answer in venue.taken(sent) for event in dialect.receive(answer, RECEIVED_MS)
    ]
    taken = [event.request_id for event in heard if isinstance(event, Accepted)]
    numbered = [request for request in sent if b"heartbeats" not in request]
    assert taken == list(range(1, len(numbered) + 1))


def test_refusals_say_why(venue: Venue) -> None:
    for frame, reason in venue.refusals:
        (event,) = watching(venue).receive(frame, RECEIVED_MS)
        assert isinstance(event, Refused)
        assert reason in event.reason


def test_a_refused_request_is_told_by_its_number(venue: Venue) -> None:
    (event,) = watching(venue).receive(venue.refusals[0][0], RECEIVED_MS)
    assert isinstance(event, Refused)
    assert event.request_id == 1


def test_heartbeats_say_that_the_venue_is_there(venue: Venue) -> None:
    for frame, time_ms in venue.alive:
        assert list(watching(venue).receive(frame, RECEIVED_MS)) == [Alive(time_ms)]


def test_what_is_not_for_us_is_not_heard(venue: Venue) -> None:
    for frame in venue.unheard:
        assert list(watching(venue).receive(frame, RECEIVED_MS)) == []


def test_pings_go_out_if_the_venue_wants_them(venue: Venue) -> None:
    dialect = venue.make()
    assert (dialect.ping() is None) == (dialect.ping_every_s is None)


def test_instruments_are_those_that_trade(venue: Venue) -> None:
    assert venue.make().read_instruments(venue.listing) == list(venue.instruments)


def test_the_venues_time_is_read(venue: Venue) -> None:
    dialect = venue.make()
    assert (venue.clock is None) == (dialect.time_path is None)
    if venue.clock is None:
        with pytest.raises(SourceMalformed):
            dialect.read_time(b"{}")
    else:
        body, expected = venue.clock
        assert dialect.read_time(body) == expected


def test_whole_books_come_by_rest_or_in_band(venue: Venue) -> None:
    dialect = venue.make()
    if venue.snapshot is None:
        assert dialect.snapshot_path(venue.symbol) is None
        assert isinstance(venue.frames[Topic.BOOK][0][1][0], BookSnapshot)
        with pytest.raises(SourceMalformed):
            dialect.read_snapshot(venue.symbol, b"{}")
    else:
        body, expected = venue.snapshot
        assert dialect.snapshot_path(venue.symbol)
        assert dialect.read_snapshot(venue.symbol, body) == expected


def test_a_book_takes_what_is_heard_and_nothing_after_a_gap(venue: Venue) -> None:
    dialect = watching(venue)
    tick = venue.instruments[0].tick
    pair = Instrument(dialect.name, venue.symbol, "B", "Q", min(tick, 0.0001))
    book = Book(pair, dialect.rule, dialect.limits.book_levels, compiled=False)
    if venue.snapshot is not None:
        first = dialect.read_snapshot(venue.symbol, venue.snapshot[0])
        assert book.load(first) is Applied.APPLIED
    became = []
    for frame, _ in venue.frames[Topic.BOOK]:
        for event in dialect.receive(frame, RECEIVED_MS):
            if isinstance(event, BookSnapshot):
                became.append(book.load(event))
            elif isinstance(event, RawDelta):
                became.append(book.apply_raw(event.frame))
            elif isinstance(event, BookDelta):
                became.append(book.apply(event))
    last = Applied.GAP if dialect.name == "coinbase" else Applied.APPLIED
    fine = [Applied.APPLIED, Applied.OLD]
    assert all(result in fine for result in became[:-1]), became
    assert became[-1] is last, book.reason


def test_addresses_can_be_put_elsewhere(venue: Venue) -> None:
    dialect = venue.make()
    live, here = dialect.endpoints(None), dialect.endpoints("http://127.0.0.1:8100/")
    assert live.ws.startswith("wss://")
    assert live.rest.startswith("https://")
    found = [address for address in (here.ws, here.candles) if address is not None]
    assert all(address.startswith("ws://127.0.0.1:8100") for address in found)
    assert here.rest == "http://127.0.0.1:8100"
    assert (here.candles is None) == (live.candles is None)
    assert dialect.endpoints("https://mirror.test").ws.startswith("wss://mirror.test")


def test_nothing_is_said_to_be_proved_live(venue: Venue) -> None:
    dialect = venue.make()
    assert Verified.LIVE not in dialect.proofs.values()
    assert dialect.verified is Verified.DOCUMENTS_ONLY


def test_a_topic_that_the_venue_lacks_is_refused() -> None:
    dialect = VENUES["coinbase"].make()
    with pytest.raises(BadInput, match="candles"):
        dialect.subscribe([Subscription(Topic.CANDLES, "BTC-USD")])


def test_only_a_replay_says_that_it_is_one(venue: Venue) -> None:
    dialect = venue.make()
    assert not dialect.read_is_replay(venue.listing)
    if dialect.name == "binance":
        assert dialect.read_is_replay(b'{"symbols":[],"assay":{"replay":true,"speed":1}}')
