"""A venue whose protocol we speak ourselves, as a source: the protocol reads, this connects."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import httpx

from assay.feeds.ports import Limits, Protocol, Sink
from assay.feeds.service.dialing import Connection, Dial, dial
from assay.feeds.types import (
    Alive,
    BookSnapshot,
    Instrument,
    SequenceRule,
    Subscription,
    Topic,
    Verified,
)
from assay.kit.errors import SourceMalformed, SourceUnavailable
from assay.kit.upstream.http import HttpUpstream

REST_ANSWERS: Final = 64
"""Bytes of a REST answer that an error repeats."""

BEHIND_S: Final = 0.002
"""How often a connection that waits for its reader looks whether it may go on."""

log = logging.getLogger("assay.feeds")


class WireSource:
    """A protocol with a network: WebSocket by picows, REST by the house's HTTP client."""

    def __init__(
        self,
        name: str,
        make_protocol: Callable[[], Protocol],
        http: HttpUpstream,
        now_ms: Callable[[], int],
        url: str | None = None,
        dial: Dial = dial,
    ) -> None:
        self.name = name
        self.is_replay = False
        self._make = make_protocol
        # For REST; each connection has one of its own, for what it remembers of the connection.
        self._protocol = make_protocol()
        self._endpoints = self._protocol.endpoints(url)
        self._http = http
        self._now_ms = now_ms
        self._dial = dial
        self._watching: dict[str, tuple[Protocol, _Voice]] = {}

    @property
    def verified(self) -> Verified:
        """What our reading was proved on."""
        return self._protocol.verified

    @property
    def topics(self) -> frozenset[Topic]:
        """What the venue lets us watch."""
        return self._protocol.topics

    @property
    def rule(self) -> SequenceRule:
        """How its books are kept in sequence."""
        return self._protocol.rule

    @property
    def limits(self) -> Limits:
        """What the venue allows."""
        return self._protocol.limits

    @property
    def topics_apart(self) -> frozenset[Topic]:
        """Candles, where they have an address of their own."""
        return frozenset() if self._endpoints.candles is None else frozenset({Topic.CANDLES})

    async def fetch_instruments(self) -> list[Instrument]:
        """The spot pairs that trade."""
        body = await self._fetch(self._protocol.instruments_path)
        self.is_replay = self._protocol.read_is_replay(body)
        return [replace(one, venue=self.name) for one in self._protocol.read_instruments(body)]

    async def fetch_time(self) -> int | None:
        """The venue's time in milliseconds since 1970; None: it has no such path."""
        path = self._protocol.time_path
        return None if path is None else self._protocol.read_time(await self._fetch(path))

    async def fetch_snapshot(self, symbol: str) -> BookSnapshot | None:
        """A whole book; None: it comes in band."""
        path = self._protocol.snapshot_path(symbol)
        if path is None:
            return None
        return self._protocol.read_snapshot(symbol, await self._fetch(path))

    async def renew(self, symbol: str) -> None:
        """End the subscription of a book and ask for it again: its snapshot comes in band."""
        watching = self._watching.get(symbol)
        if watching is None:
            return
        protocol, voice = watching
        book = [Subscription(Topic.BOOK, symbol)]
        await voice.say([*protocol.unsubscribe(book), *protocol.subscribe(book)])

    async def watch(self, subscriptions: Sequence[Subscription], sink: Sink) -> None:
        """Watch these on one connection until it ends; raises SourceUnavailable then."""
        protocol = self._make()
        reader = _Reader(protocol, sink, self._now_ms)
        longest = protocol.limits.frame_bytes
        url = self._endpoints.ws
        if self._endpoints.candles is not None and subscriptions[0].topic is Topic.CANDLES:
            url = self._endpoints.candles
        connection = await self._dial(url, reader.receive, sink.refuse, longest)
        reader.connection = connection
        voice = _Voice(connection, protocol.limits.messages_per_s)
        books = {one.symbol for one in subscriptions if one.topic is Topic.BOOK}
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(reader.keep_pinging())]
        try:
            sink.open()
            for symbol in books:
                self._watching[symbol] = (protocol, voice)
            closed = asyncio.create_task(connection.wait_closed())
            asking = asyncio.create_task(voice.say(protocol.subscribe(subscriptions)))
            tasks += [closed, asking]
            await asyncio.wait({closed, asking}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                asking.result()
            reason = await closed
        finally:
            for symbol in books:
                self._watching.pop(symbol, None)
            for task in tasks:
                task.cancel()
            reader.stop()
            connection.close()
            await asyncio.gather(*tasks, return_exceptions=True)
        raise SourceUnavailable(f"{self.name}: {reason}.", hint="It is connected again.")

    async def close(self) -> None:
        """Its HTTP client belongs to whoever made it."""

    async def _fetch(self, path: str) -> bytes:
        try:
            answer = await self._http.request("GET", self._endpoints.rest + path)
        except httpx.HTTPError as error:
            raise SourceUnavailable(
                f"{self.name} gave no answer: {type(error).__name__}.", hint="It is tried again."
            ) from error
        if answer.status_code != httpx.codes.OK:
            wish = answer.headers.get("retry-after", "")
            raise SourceUnavailable(
                f"{self.name} answered {answer.status_code}: {answer.content[:REST_ANSWERS]!r}.",
                hint="It is tried again.",
                retry_after_s=float(wish) if wish.isdecimal() else None,
            )
        return answer.content


class _Voice:
    """What we say on one connection, no faster than the venue allows, whoever asks."""

    def __init__(self, connection: Connection, per_s: float) -> None:
        self._connection = connection
        self._pause_s = 1.0 / per_s
        self._turn = asyncio.Lock()

    async def say(self, messages: Sequence[bytes]) -> None:
        """Send these, one after the other."""
        async with self._turn:
            for message in messages:
                self._connection.send(message)
                await asyncio.sleep(self._pause_s)


class _Reader:
    """Reads the messages of one connection, and lets it wait while they are not worked off."""

    def __init__(self, protocol: Protocol, sink: Sink, now_ms: Callable[[], int]) -> None:
        self.connection: Connection | None = None
        self._protocol = protocol
        self._sink = sink
        self._now_ms = now_ms
        self._timer: asyncio.TimerHandle | None = None
        self._is_stopped = False

    def receive(self, frame: bytes) -> None:
        """One message; whatever is in it, the next one is read."""
        received_ms = self._now_ms()
        sink = self._sink
        try:
            events = self._protocol.receive(frame, received_ms)
        except SourceMalformed as error:
            sink.refuse(error.message, frame)
            return
        except Exception as error:  # noqa: BLE001 - a venue's bytes must not stop the feed
            sink.refuse(f"not read: {type(error).__name__}", frame)
            return
        for event in events:
            if type(event) is Alive and event.answer is not None and self.connection is not None:
                self.connection.send(event.answer)
            sink.heard(event, received_ms)
        if sink.is_behind and self._timer is None and self.connection is not None:
            self.connection.pause()
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(BEHIND_S, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        if self._is_stopped or self.connection is None:
            return
        if self._sink.is_behind:
            self._wait()
        else:
            self.connection.resume()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()

    async def keep_pinging(self) -> None:
        """Send the venue's own pings, where it wants them."""
        every_s = self._protocol.ping_every_s
        if every_s is None:
            return
        while True:
            await asyncio.sleep(every_s)
            ping = self._protocol.ping()
            if ping is not None and self.connection is not None:
                self.connection.send(ping)
