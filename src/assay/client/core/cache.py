"""Answers remembered by their ETag, so that unchanged ones come as a 304 without a body. Pure.

Every use still asks the server: what is remembered saves bytes, never freshness.
"""

from collections import OrderedDict

from assay.client.core.answers import Reply

Address = tuple[str, str]
"""Target and accepted media type; a client asks with one identity, so that is no part of it."""


class Remembered:
    """The answers used last, at most `limit` bytes of bodies; 0 remembers nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._replies: OrderedDict[Address, Reply] = OrderedDict()

    def __len__(self) -> int:
        return len(self._replies)

    def find(self, address: Address) -> Reply | None:
        """The remembered answer, now the last to be forgotten."""
        reply = self._replies.get(address)
        if reply is not None:
            self._replies.move_to_end(address)
        return reply

    def save(self, address: Address, reply: Reply) -> None:
        """Remember an answer that has an ETag and is not too large or private to one moment."""
        if "etag" not in reply.headers or "no-store" in reply.headers.get("cache-control", ""):
            return
        # One list may not push out everything else.
        if len(reply.body) * 4 > self._limit:
            return
        self._drop(address)
        self._replies[address] = reply
        self._size += len(reply.body)
        while self._size > self._limit:
            self._drop(next(iter(self._replies)))

    def clear(self) -> None:
        """Forget everything: the caller is somebody else now."""
        self._replies.clear()
        self._size = 0

    def _drop(self, address: Address) -> None:
        reply = self._replies.pop(address, None)
        if reply is not None:
            self._size -= len(reply.body)
