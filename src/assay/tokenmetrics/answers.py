"""Answers of one world, for clients whose requests the fast front leaves alone (`api_key`).

Used from the event loop only. A new world starts empty; memory is bounded.
"""

from collections import OrderedDict

from assay.api import Content

LIMIT_BYTES = 32 * 1024 * 1024
Key = tuple[str, bytes, bool]
"""Path, query string, whether pages count from 0."""


class Answers:
    """What was answered, the least used given up first."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self._world: object = None
        self._contents: OrderedDict[Key, Content] = OrderedDict()

    def find(self, world: object, key: Key) -> Content | None:
        """The answer of this world, if it is kept."""
        if world is not self._world:
            self._world = world
            self._contents.clear()
            self.size_bytes = 0
        content = self._contents.get(key)
        if content is not None:
            self._contents.move_to_end(key)
        return content

    def keep(self, world: object, key: Key, content: Content) -> None:
        """Remember an answer, unless the world has changed since it was asked for."""
        if world is not self._world or key in self._contents:
            return
        self._contents[key] = content
        self.size_bytes += weigh(key, content)
        while self.size_bytes > self.limit_bytes:
            self.size_bytes -= weigh(*self._contents.popitem(last=False))


def weigh(key: Key, content: Content) -> int:
    """About how many bytes an answer takes: plain, and compressed twice to about a fifth."""
    return len(key[1]) + len(content.body) * 7 // 5 + 1_024
