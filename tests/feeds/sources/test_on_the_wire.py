"""Every venue's examples over real sockets: a server on this machine plays the venue."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from tests.feeds.sources.conformance.cases import RECEIVED_MS, Venue, same
from tests.feeds.sources.conformance.venues import VENUES
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from assay.feeds.service.wire import WireSource
from assay.feeds.sources import PROTOCOLS
from assay.feeds.types import Accepted, Event, Refused, Subscription, Topic
from assay.kit.clock import SystemClock
from assay.kit.errors import SourceUnavailable
from assay.kit.upstream.http import HttpUpstream

PATIENCE_S = 60.0


class Stage:
    """Plays a venue: answers REST, takes requests, then says each topic's first example."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.address = ""
        self.paths: set[str] = set()
        dialect = venue.make()
        self._answers = {dialect.instruments_path: venue.listing}
        if dialect.time_path is not None and venue.clock is not None:
            self._answers[dialect.time_path] = venue.clock[0]
        whole = dialect.snapshot_path(venue.symbol)
        if whole is not None and venue.snapshot is not None:
            self._answers[whole] = venue.snapshot[0]

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" in request.headers:
            self.paths.add(request.path)
            return None
        body = self._answers[request.path]
        return Response(200, "OK", Headers({"Content-Length": str(len(body))}), body)

    async def play(self, connection: ServerConnection) -> None:
        is_told = False
        async for request in connection:
            assert isinstance(request, str | bytes)
            asked = request.encode() if isinstance(request, str) else request
            for answer in self.venue.taken([asked]):
                await connection.send(answer.decode())
            if not is_told:
                is_told = True
                await self.tell(connection)

    async def tell(self, connection: ServerConnection) -> None:
        for frames in self.venue.frames.values():
            await connection.send(frames[0][0].decode())
        await connection.send("{ no message")
        await connection.send(self.venue.refusals[-1][0].decode())


class Heard:
    """A sink that keeps everything and wakes whoever waits for something."""

    is_behind = False

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.refusals: list[bytes] = []
        self._news = asyncio.Event()

    def open(self) -> None:
        """Books would begin anew."""

    def heard(self, event: Event, received_ms: int) -> None:
        self.events.append(event)
        self._news.set()

    def refuse(self, reason: str, sample: bytes) -> None:
        self.refusals.append(sample)
        self._news.set()

    def has(self, event: Event) -> bool:
        return any(same(event, one) for one in self.events)

    async def until(self, is_enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not is_enough():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def staged(name: str) -> AsyncIterator[tuple[Stage, WireSource]]:
    stage = Stage(VENUES[name])
    async with (
        serve(stage.play, "127.0.0.1", 0, process_request=stage.answer) as server,
        HttpUpstream(SystemClock()) as http,
    ):
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        yield stage, WireSource(name, PROTOCOLS[name], http, lambda: RECEIVED_MS, url)


async def watch(name: str) -> None:
    venue = VENUES[name]
    async with staged(name) as (stage, source):
        assert await source.fetch_instruments() == list(venue.instruments)
        assert await source.fetch_time() == (venue.clock and venue.clock[1])
        whole = venue.snapshot and venue.snapshot[1]
        assert await source.fetch_snapshot(venue.symbol) == whole
        parts = [source.topics - source.topics_apart, source.topics & source.topics_apart]
        for part in filter(None, parts):
            heard = Heard()
            wishes = [Subscription(topic, venue.symbol) for topic in Topic if topic in part]
            task = asyncio.create_task(source.watch(wishes, heard))
            expected = [event for topic in part for event in venue.frames[topic][0][1]]
            await heard.until(lambda: all(heard.has(event) for event in expected))  # noqa: B023
            await heard.until(lambda: any(isinstance(e, Accepted) for e in heard.events))  # noqa: B023
            await heard.until(lambda: any(isinstance(e, Refused) for e in heard.events))  # noqa: B023
            assert heard.refusals == [b"{ no message"]
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        endpoints = source._endpoints
        addresses = filter(None, (endpoints.ws, endpoints.candles))
        spoken = {urlsplit(address).path or "/" for address in addresses}
        assert stage.paths == spoken


@pytest.mark.slow
@pytest.mark.parametrize("name", VENUES)
def test_a_venue_is_watched_over_a_socket(name: str) -> None:
    asyncio.run(watch(name))


@pytest.mark.slow
def test_a_venue_that_hangs_up_is_unavailable() -> None:
    async def run() -> None:
        async with staged("okx") as (stage, source):

            async def hang_up(connection: ServerConnection) -> None:
                await connection.close(1012, "service restart")

            stage.tell = hang_up  # type: ignore[method-assign]
            wishes = [Subscription(Topic.TRADES, "BTC-USDT")]
            async with asyncio.timeout(PATIENCE_S):
                with pytest.raises(SourceUnavailable, match="1012"):
                    await source.watch(wishes, Heard())

    asyncio.run(run())
