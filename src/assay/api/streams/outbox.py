"""What waits for a slow reader: the latest value of everything, and a bounded number of events.

A reader that does not keep up is neither dropped nor allowed to fill the memory. Of values it gets
the latest, of events as many as there is room for, and it is told how much was left out. Entries
leave in the order of their numbers, so that the last one read is a place to resume from.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final

from assay.api.streams.updates import Update

MOST_EVENTS: Final = 200
MOST_VALUES: Final = 20_000


class Outbox:
    """The entries of one reader. `encode` makes bytes of an update."""

    def __init__(
        self,
        encode: Callable[[Update], bytes],
        most_events: int = MOST_EVENTS,
        most_values: int = MOST_VALUES,
    ) -> None:
        self.encode = encode
        self.most_events = most_events
        self.most_values = most_values
        self.conflated = 0
        self.left_out: Counter[str] = Counter()
        self._entries: OrderedDict[str | int, Update | bytes] = OrderedDict()
        self._events: deque[int] = deque()
        self._answers = 0
        self._values = 0

    def __len__(self) -> int:
        return len(self._entries)

    def hold(self, update: Update) -> None:
        """Keep an update for later, in place of one that it makes superfluous."""
        if update.is_event:
            self._entries[update.seq] = update
            self._events.append(update.seq)
            if len(self._events) > self.most_events:
                self._leave_out(self._events.popleft())
            return
        if self._entries.pop(update.slot, None) is not None:
            self.conflated += 1
        else:
            self._values += 1
        self._entries[update.slot] = update
        if self._values > self.most_values:
            self._values -= 1
            self._leave_out(next(name for name in self._entries if isinstance(name, str)))

    def add(self, answer: bytes) -> None:
        """Keep an answer, which nothing replaces, in its turn."""
        # Numbers of updates are positive.
        self._answers -= 1
        self._entries[self._answers] = answer

    def take(self, most_bytes: int) -> bytes:
        """The next entries, at least one, together of about so many bytes; empty: none waits."""
        parts: list[bytes] = []
        size = 0
        while self._entries and size < most_bytes:
            _, entry = self._entries.popitem(last=False)
            if isinstance(entry, Update):
                if entry.is_event:
                    self._events.popleft()
                else:
                    self._values -= 1
                entry = self.encode(entry)
            parts.append(entry)
            size += len(entry)
        return b"".join(parts)

    def take_losses(self) -> tuple[int, dict[str, int]]:
        """(values that a later one replaced, entries left out by channel) since asked last."""
        losses = self.conflated, dict(self.left_out)
        self.conflated = 0
        self.left_out.clear()
        return losses

    def _leave_out(self, name: str | int) -> None:
        entry = self._entries.pop(name)
        if isinstance(entry, Update):
            self.left_out[entry.channel] += 1
