"""The exchange as one ASGI application: REST, streams and the WebSocket API."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from assay.exchange.compute.engine import warm_kernels
from assay.exchange.routes.orders import Orders
from assay.exchange.routes.rest import Rest
from assay.exchange.routes.streams import answer_request, read_path
from assay.exchange.service.hub import Listener
from assay.exchange.service.pacing import Pacer
from assay.exchange.service.venue import Venue
from assay.exchange.sockets import SELF

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
OnStart = Callable[[asyncio.AbstractEventLoop], None]
OnFailure = Callable[[BaseException], None]

ORDERS: Final = "/ws-api/v3"
IN_FLIGHT: Final = 256


class App:
    """One exchange on its event loop."""

    def __init__(
        self, venue: Venue, pacer: Pacer, on_start: OnStart, on_failure: OnFailure
    ) -> None:
        self._venue = venue
        self._pacer = pacer
        self._on_start = on_start
        self._on_failure = on_failure
        self.ready = asyncio.Event()
        """Set once the engine computes without having to compile first."""
        self._rest = Rest(venue, self.ready)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what came."""
        match scope["type"]:
            case "http":
                await self._rest(scope, receive, send)
            case "websocket":
                await self._talk(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Let the replay move from the first moment to the last."""
        await receive()
        moving = asyncio.create_task(self._move())
        moving.add_done_callback(self._end)
        self._on_start(asyncio.get_running_loop())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        moving.cancel()
        await asyncio.wait([moving])
        await send({"type": "lifespan.shutdown.complete"})

    async def _move(self) -> None:
        """What is compiled the first time takes seconds; until then only questions that need no
        engine are answered.
        """
        await asyncio.to_thread(warm_kernels)
        self.ready.set()
        await self._pacer.run()

    def _end(self, moving: asyncio.Task[None]) -> None:
        """A replay that broke must not look like one that stands still."""
        error = None if moving.cancelled() else moving.exception()
        if error is not None:
            self._on_failure(error)
            self.ready.set()

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket from its first message to its last."""
        await receive()
        connection = scope["extensions"][SELF]
        if self._venue.is_down:
            connection.cut()
            return
        is_orders = scope["path"].rstrip("/") == ORDERS
        streams = read_path(scope["path"], scope["query_string"].decode("latin-1"))
        if not is_orders and streams is None:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        await self.ready.wait()
        is_combined, names = streams or (False, ())
        listener = Listener(connection, is_combined=is_combined)
        self._venue.hub.add(listener)
        try:
            if is_orders:
                await self._take_orders(listener, receive)
            else:
                self._venue.hub.subscribe(listener, names)
                await self._stream(listener, receive)
        finally:
            self._venue.forget(listener)

    async def _stream(self, listener: Listener, receive: Receive) -> None:
        hub = self._venue.hub
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or message.get("bytes") or b""
            hub.send(listener, answer_request(hub, listener, text))
            self._venue.flush()

    async def _take_orders(self, listener: Listener, receive: Receive) -> None:
        """Requests are carried out in the order they came in; a slow venue works on many."""
        orders = Orders(self._venue, listener)
        under_way: set[asyncio.Task[None]] = set()
        try:
            while (message := await receive())["type"] == "websocket.receive":
                text = message.get("text") or message.get("bytes") or b""
                if not self._venue.delay_ms and not under_way:
                    self._answer(orders, listener, text)
                    continue
                task = asyncio.create_task(self._answer_late(orders, listener, text))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                if len(under_way) > IN_FLIGHT:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in under_way:
                task.cancel()

    async def _answer_late(self, orders: Orders, listener: Listener, text: str | bytes) -> None:
        await asyncio.sleep(self._venue.delay_ms / 2_000)
        self._answer(orders, listener, text)

    def _answer(self, orders: Orders, listener: Listener, text: str | bytes) -> None:
        reply = orders.answer(text)
        if not reply.is_lost:
            self._venue.hub.send(listener, reply.payload)
        self._venue.flush()
