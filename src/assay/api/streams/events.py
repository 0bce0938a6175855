"""`/v1/stream/events`: the same updates as server-sent events, for whoever has no WebSocket."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Final

from assay.api.streams.admission import Credential
from assay.api.streams.messages import Refusal, Wanted, write_answer, write_error
from assay.api.streams.outbox import Outbox
from assay.api.streams.reading import Reader
from assay.api.streams.updates import Update, frame_event

if TYPE_CHECKING:
    from assay.api.state import ApiState

MOST_READY: Final = 64 * 1024
"""Bytes that wait for the reader before the latest values are kept only."""
FLUSH_BYTES: Final = 64 * 1024
RETRY: Final = b"retry: 2000\n\n"


def _encode(update: Update) -> bytes:
    return update.event


class EventReader(Reader):
    """One reader of events."""

    def __init__(self, state: "ApiState", credential: Credential) -> None:
        super().__init__(state.streams.hub, credential.principal, credential.ref)
        self.outbox = Outbox(_encode)
        self.is_ended = False
        self._ready: list[bytes] = []
        self._size = 0
        self._wake = asyncio.Event()

    def deliver(self, update: Update) -> None:
        """Keep an update for the next write; while that waits, the latest."""
        if self.is_ended:
            return
        if self._size >= MOST_READY or self.outbox:
            self.outbox.hold(update)
        else:
            self._push(update.event)
        self._wake.set()

    def answer(self, message: bytes) -> None:
        """Keep an answer in its turn, named after its type."""
        kind = message[9 : message.index(b'"', 9)].decode()
        mark = self.hub.mark if kind == "snapshot" else b""
        # In a browser `error` is the connection's own event.
        event = frame_event("end" if kind == "error" else kind, message, mark)
        if self.outbox:
            self.outbox.add(event)
        else:
            self._push(event)
        self._wake.set()

    def end(self, code: str, detail: str) -> None:
        """Say why; nothing comes after it."""
        self.answer(write_error(Refusal(code, detail)))
        self.is_ended = True

    def _push(self, event: bytes) -> None:
        self._ready.append(event)
        self._size += len(event)

    async def read(self) -> AsyncGenerator[bytes, None]:
        """What is to be written, until the reader leaves or is sent away."""
        yield RETRY
        while True:
            await self._wake.wait()
            self._wake.clear()
            while part := self._take():
                yield part
            if self.is_ended:
                return

    def _take(self) -> bytes:
        if self._ready:
            part = b"".join(self._ready)
            self._ready.clear()
            self._size = 0
            return part
        conflated, left_out = self.outbox.take_losses()
        said = b""
        if conflated or left_out:
            lagged = write_answer("lagged", conflated=conflated, left_out=left_out)
            said = frame_event("lagged", lagged)
        return said + self.outbox.take(FLUSH_BYTES)


async def follow(
    state: "ApiState", credential: Credential, wanted: Sequence[Wanted], after: str | None
) -> AsyncGenerator[bytes, None]:
    """The events of channels, from a place on or from what stands now. Raises Refusal."""
    reader = EventReader(state, credential)
    streams = state.streams
    with streams.admission.enter(credential.principal):
        streams.hub.subscribers.add(reader)
        try:
            reader.answer(streams.write_welcome(reader))
            if after:
                reader.resume(after, wanted)
            else:
                reader.subscribe(wanted)
            async for part in reader.read():
                yield part
        finally:
            streams.hub.leave(reader)
