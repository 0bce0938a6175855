"""A protocol with a network: what is sent, what is read, and what becomes of bad answers."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from tests.feeds.service.fakes import make_ticker, until
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from assay.feeds.ports import Endpoints, Limits
from assay.feeds.service.wire import WireSource
from assay.feeds.types import (
    Alive,
    BookSnapshot,
    Event,
    Instrument,
    SequenceRule,
    Subscription,
    Ticker,
    Topic,
    Verified,
)
from assay.kit.clock import SystemClock
from assay.kit.errors import SourceMalformed, SourceUnavailable
from assay.kit.upstream import Patience, Upstreams
from assay.kit.upstream.http import HttpUpstream


class Tiny:
    """A protocol of a few words: `+ topic symbol`, `- topic symbol`, and tickers by their price."""

    name = "tiny"
    verified = Verified.DOCUMENTS_ONLY
    topics = frozenset(Topic)
    rule = SequenceRule.RANGE
    limits = Limits(messages_per_s=1_000.0)
    ping_every_s: float | None = None
    instruments_path = "/instruments"
    time_path: str | None = "/time"
    candles: str | None = None

    def endpoints(self, base: str | None) -> Endpoints:
        assert base is not None
        address = base.replace("http", "ws", 1)
        return Endpoints(f"{address}/ws", base, self.candles and address + self.candles)

    def read_instruments(self, body: bytes) -> list[Instrument]:
        try:
            symbols = json.loads(body)["symbols"]
        except (ValueError, KeyError) as error:
            raise SourceMalformed("tiny: no list") from error
        return [Instrument("tiny", symbol, symbol, "USD", 0.01) for symbol in symbols]

    def read_is_replay(self, body: bytes) -> bool:
        return b"replay" in body

    def read_time(self, body: bytes) -> int:
        return int(body)

    def snapshot_path(self, symbol: str) -> str | None:
        return None if symbol == "BAND" else f"/book/{symbol}"

    def read_snapshot(self, symbol: str, body: bytes) -> BookSnapshot:
        return BookSnapshot(symbol, int(body), (), ())

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [f"+ {one.topic} {one.symbol}".encode() for one in subscriptions]

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        return [f"- {one.topic} {one.symbol}".encode() for one in subscriptions]

    def receive(self, frame: bytes, received_ms: int) -> Sequence[Event]:
        if frame == b"bug":
            raise ZeroDivisionError
        if frame == b"are you there":
            return [Alive(answer=b"I am")]
        if not frame.isdigit():
            raise SourceMalformed("tiny: not a number")
        return [make_ticker(float(frame))]

    def ping(self) -> bytes | None:
        return b"ping"


class Server:
    """A venue on loopback: WebSocket, and REST answers by path."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, tuple[int, str, dict[str, str]]] = {}
        self.heard: list[str] = []
        self.paths: list[str] = []
        self.connections: list[ServerConnection] = []

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.connections.append(connection)
        async for message in connection:
            self.heard.append(str(message))

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade"):
            return None
        status, text, headers = self.answers.get(request.path, (404, "none", {}))
        return Response(status, "", Headers(headers), text.encode())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        async with serve(
            self.handle, "127.0.0.1", 0, process_request=self.answer, compression=None
        ) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self


class Ear:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.is_behind = False
        self.opened = 0
        self.events: list[Event] = []
        self.refused: list[tuple[str, bytes]] = []

    def open(self) -> None:
        self.opened += 1

    def heard(self, event: Event, received_ms: int) -> None:
        self.events.append(event)

    def refuse(self, reason: str, sample: bytes) -> None:
        self.refused.append((reason, sample))


@contextlib.asynccontextmanager
async def opening(
    protocol: type[Tiny] = Tiny,
) -> AsyncIterator[tuple[Server, WireSource, Ear]]:
    server = Server()
    http = HttpUpstream(SystemClock(), upstreams=Upstreams(), patience=Patience(attempts=1))
    async with server.running(), http:
        source = WireSource("east", protocol, http, lambda: 7, server.url)
        yield server, source, Ear()


ASKED = [Subscription(Topic.BOOK, "A"), Subscription(Topic.TICKER, "A")]


def test_it_asks_for_its_subscriptions_and_passes_on_what_it_hears() -> None:
    async def main() -> None:
        async with opening() as (server, source, ear):
            watching = asyncio.create_task(source.watch(ASKED, ear))
            await until(lambda: len(server.heard) == 2)
            assert server.heard == ["+ book A", "+ ticker A"]
            for frame in ("1", "rubbish", "bug", "are you there", "2"):
                await server.connections[0].send(frame)
            await until(lambda: len(ear.events) == 3)
            assert [event.last for event in ear.events if isinstance(event, Ticker)] == [1.0, 2.0]
            assert ear.refused == [
                ("tiny: not a number", b"rubbish"),
                ("not read: ZeroDivisionError", b"bug"),
            ]
            await until(lambda: "I am" in server.heard)
            assert ear.opened == 1
            await server.connections[0].close(1001)
            with pytest.raises(SourceUnavailable, match="east: closed with 1001"):
                await watching

    asyncio.run(main())


def test_a_book_in_band_is_renewed_on_the_connection_that_watches_it() -> None:
    async def main() -> None:
        async with opening() as (server, source, ear):
            await source.renew("BAND")  # Nobody watches it: nothing happens.
            asked = [Subscription(Topic.BOOK, "BAND")]
            watching = asyncio.create_task(source.watch(asked, ear))
            await until(lambda: len(server.heard) == 1)
            assert await source.fetch_snapshot("BAND") is None
            await source.renew("BAND")
            await until(lambda: server.heard[1:] == ["- book BAND", "+ book BAND"])
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(main())


def test_cancelled_it_hangs_up() -> None:
    async def main() -> None:
        async with opening() as (server, source, ear):
            watching = asyncio.create_task(source.watch(ASKED, ear))
            await until(lambda: len(server.heard) == 2)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            assert watching.cancelled()
            await asyncio.wait_for(server.connections[0].wait_closed(), 30)

    asyncio.run(main())


def test_the_venues_own_pings_are_sent() -> None:
    class Pinging(Tiny):
        ping_every_s = 0.01

    async def main() -> None:
        async with opening(Pinging) as (server, source, ear):
            watching = asyncio.create_task(source.watch(ASKED, ear))
            await until(lambda: server.heard.count("ping") >= 2)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(main())


def test_candles_have_a_connection_of_their_own_where_the_venue_wants_it() -> None:
    class Apart(Tiny):
        candles = "/candles"

    async def main() -> None:
        async with opening(Apart) as (server, source, ear):
            assert source.topics_apart == {Topic.CANDLES}
            watching = [
                asyncio.create_task(source.watch([Subscription(topic, "A")], ear))
                for topic in (Topic.CANDLES, Topic.BOOK)
            ]
            await until(lambda: len(server.paths) == 2)
            assert sorted(server.paths) == ["/candles", "/ws"]
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    asyncio.run(main())


def test_who_is_behind_reads_no_more_until_it_has_caught_up() -> None:
    async def main() -> None:
        async with opening() as (server, source, ear):
            watching = asyncio.create_task(source.watch(ASKED, ear))
            await until(lambda: len(server.heard) == 2)
            ear.is_behind = True
            await server.connections[0].send("1")
            await until(lambda: len(ear.events) == 1)
            await server.connections[0].send("2")
            await asyncio.sleep(0.05)
            assert len(ear.events) == 1
            ear.is_behind = False
            await until(lambda: len(ear.events) == 2)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(main())


def test_rest_answers_under_the_name_that_the_settings_gave() -> None:
    async def main() -> None:
        async with opening() as (server, source, _):
            server.answers["/instruments"] = (200, '{"symbols": ["A"], "assay": "replay"}', {})
            server.answers["/time"] = (200, "123", {})
            server.answers["/book/A"] = (200, "5", {})
            assert [one.venue for one in await source.fetch_instruments()] == ["east"]
            assert source.is_replay
            assert await source.fetch_time() == 123
            assert await source.fetch_snapshot("A") == BookSnapshot("A", 5, (), ())

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "headers", "wish_s"),
    [(418, {"Retry-After": "30"}, 30.0), (404, {}, None), (302, {"Location": "/x"}, None)],
)
def test_an_answer_that_is_none(status: int, headers: dict[str, str], wish_s: float | None) -> None:
    async def main() -> None:
        async with opening() as (server, source, _):
            server.answers["/instruments"] = (status, "go away", headers)
            with pytest.raises(SourceUnavailable, match=f"east answered {status}") as caught:
                await source.fetch_instruments()
            assert caught.value.retry_after_s == wish_s

    asyncio.run(main())


def test_a_list_that_cannot_be_read() -> None:
    async def main() -> None:
        async with opening() as (server, source, _):
            server.answers["/instruments"] = (200, "<html>", {})
            with pytest.raises(SourceMalformed):
                await source.fetch_instruments()

    asyncio.run(main())
