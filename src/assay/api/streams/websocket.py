"""`/v1/stream`: one WebSocket. It says who asks, then what it wants to hear, and hears it.

The application's task only reads what the reader says. Updates are written by the hub's own loop,
straight to the transport; there is neither a task nor a queue for each reader while it keeps up.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.types import Receive, Scope, Send

from assay.accounts import Holder
from assay.accounts.types import NOBODY, Principal
from assay.api.addresses import HOLDER
from assay.api.guard import refuse
from assay.api.streams.admission import AUTH_S, TEMPLATE, Credential, read_ticket
from assay.api.streams.messages import (
    Auth,
    Command,
    Ping,
    Refusal,
    parse_command,
    write_answer,
    write_error,
)
from assay.api.streams.outbox import Outbox
from assay.api.streams.protocol import WIRE, WireProtocol
from assay.api.streams.reading import Reader, Resolver
from assay.api.streams.updates import Update, frame_text
from assay.kit.errors import AssayError

if TYPE_CHECKING:
    from assay.api.state import ApiState

BURST: Final = 60
PER_S: Final = 20.0
"""Messages of one reader: so many at once, so many a second; beyond it they wait."""
FLUSH_BYTES: Final = 64 * 1024

LOCAL: Final = ("", "local")
STREAM: Final = TEMPLATE
CLOSES: Final = {"unauthorized": 4401, "ended": 4401}
"""Codes of closing besides 4429, by the code of the error before it."""


def _encode(update: Update) -> bytes:
    return update.frame


class Connection(Reader):
    """One reader over a WebSocket."""

    def __init__(self, wire: WireProtocol, state: "ApiState", credential: Credential) -> None:
        super().__init__(state.streams.hub, credential.principal, credential.ref)
        self.wire = wire
        self.outbox = Outbox(_encode)
        self.is_paused = not wire.writable.is_set()
        self._write = wire.transport.write
        self._is_closing = wire.transport.is_closing

    def deliver(self, update: Update) -> None:
        """Write the frame that all get, or keep it while the reader is slow."""
        if self.is_paused:
            self.outbox.hold(update)
        elif not self._is_closing():
            self._write(update.frame)

    def answer(self, message: bytes) -> None:
        """Write a message to this reader, in its turn."""
        frame = frame_text(message)
        if self.is_paused:
            self.outbox.add(frame)
        elif self.wire.is_open:
            self._write(frame)

    def end(self, code: str, detail: str) -> None:
        """Say why, and close."""
        close_with(self.wire, Refusal(code, detail))

    def pause(self) -> None:
        """The reader is slow: from now on the latest is kept for it."""
        self.is_paused = True

    def flush(self) -> None:
        """Write what was kept, as far as it goes."""
        self.is_paused = False
        if self.outbox and self.wire.is_open:
            conflated, left_out = self.outbox.take_losses()
            if conflated or left_out:
                said = write_answer("lagged", conflated=conflated, left_out=left_out)
                self._write(frame_text(said))
        while self.outbox and not self.is_paused and self.wire.is_open:
            self._write(self.outbox.take(FLUSH_BYTES))

    async def wait_drained(self) -> None:
        """Until all answers are on their way: who does not read is not read from."""
        while (self.is_paused or self.outbox) and self.wire.is_open:
            await self.wire.writable.wait()


class Pace:
    """A bucket of messages: who sends more waits, and with it the transport."""

    def __init__(self) -> None:
        self._full_at = 0.0

    async def wait(self) -> None:
        """Until the next message may be done."""
        now = asyncio.get_running_loop().time()
        self._full_at = max(self._full_at, now) + 1 / PER_S
        await asyncio.sleep(max(0.0, self._full_at - now - BURST / PER_S))


class StreamDoor:
    """The ASGI application of the path."""

    def __init__(self, state: "ApiState") -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection from its handshake to its end."""
        wire = scope.get("extensions", {}).get(WIRE)
        if not isinstance(wire, WireProtocol):
            raise TypeError("streams need the server of assay.api.server")
        try:
            ticket = read_ticket(scope["query_string"])
        except AssayError as refusal:
            await refuse(refusal, self.state.faces, scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        try:
            credential = await self._find_out(scope, ticket, receive)
            if credential is not None:
                with self.state.streams.admission.enter(credential.principal):
                    await self._read(Connection(wire, self.state, credential), receive)
        except Refusal as refusal:
            close_with(wire, refusal)

    async def _find_out(self, scope: Scope, ticket: str, receive: Receive) -> Credential | None:
        """Who asks; None if they left. Raises Refusal."""
        admission = self.state.streams.admission
        holder = scope.get(HOLDER)
        principal: Principal = scope.get("assay.principal", NOBODY)
        if ticket:
            return await admission.redeem(ticket)
        if isinstance(holder, Holder):
            return await admission.admit(holder)
        if self.state.access is None:
            return Credential(principal)
        with admission.wait_outside(scope.get("client")):
            try:
                async with asyncio.timeout(AUTH_S):
                    message = await receive()
            except TimeoutError:
                raise Refusal("unauthorized", f"No `auth` came within {AUTH_S:g} s.") from None
            if message["type"] == "websocket.disconnect":
                return None
            command = parse_command(read_text(message))
            if not isinstance(command, Auth):
                raise Refusal("unauthorized", "The first message must be `auth`.")
            return await admission.check_key(command.key)

    async def _read(self, connection: Connection, receive: Receive) -> None:
        streams = self.state.streams
        resolve = Resolver(self.state, connection.account_id)
        connection.wire.listener = connection
        streams.hub.subscribers.add(connection)
        pace = Pace()
        try:
            connection.answer(streams.write_welcome(connection))
            while True:
                await connection.wait_drained()
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await pace.wait()
                self._handle(connection, resolve, message)
        finally:
            connection.wire.listener = None
            streams.hub.leave(connection)

    def _handle(self, connection: Connection, resolve: Resolver, message: Any) -> None:  # noqa: ANN401
        command: Command | None = None
        try:
            command = parse_command(read_text(message))
            # Who needs no key may say so: the same program runs anywhere.
            connection.handle(
                Ping(command.request_id) if self._is_local(command) else command, resolve
            )
        except Refusal as refusal:
            if command is not None:
                refusal.request_id = command.request_id
            connection.answer(write_error(refusal))

    def _is_local(self, command: Command) -> bool:
        """True for an `auth` of the local user."""
        is_open = self.state.access is None
        return is_open and isinstance(command, Auth) and command.key in LOCAL


def read_text(message: Any) -> str:  # noqa: ANN401 - an ASGI message
    """The text of a message. Raises Refusal for a binary one."""
    text = message.get("text")
    if text is None:
        raise Refusal("malformed", "The message is binary; send text.")
    return str(text)


def close_with(wire: WireProtocol, refusal: Refusal) -> None:
    """Say why and close with the code that stands for it."""
    if wire.is_open:
        wire.transport.write(frame_text(write_error(refusal)))
        wire.end(CLOSES.get(refusal.code, 4429), refusal.code)
