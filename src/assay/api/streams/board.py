"""The latest value of everything live, as this process heard it: for snapshots and REST routes."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from time import monotonic
from typing import Final

MOST_KEYS: Final = 10_000
"""Keys of one channel; the one that was silent longest goes first."""


@dataclass(slots=True)
class Latest:
    """A value: JSON as it was published, its number, and when it was last heard."""

    key: str
    seq: int
    payload: bytes
    heard_s: float

    def age_s(self) -> float:
        """Seconds since it was heard, also if it was heard before and had not changed."""
        return monotonic() - self.heard_s


class Board:
    """Values by channel and key. Used from one event loop."""

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        self.most_keys = most_keys
        self._channels: dict[str, OrderedDict[str, Latest]] = defaultdict(OrderedDict)

    def put(self, channel: str, key: str, seq: int, payload: bytes) -> None:
        """Keep a value in place of the one before."""
        values = self._channels[channel]
        values[key] = Latest(key, seq, payload, monotonic())
        values.move_to_end(key)
        if len(values) > self.most_keys:
            values.popitem(last=False)

    def touch(self, channel: str, key: str) -> None:
        """The value was heard again."""
        values = self._channels[channel]
        values[key].heard_s = monotonic()
        values.move_to_end(key)

    def get(self, channel: str, key: str) -> Latest | None:
        """The latest value of a key; None where nothing was heard."""
        return self._channels[channel].get(key)

    def list(self, channel: str) -> list[Latest]:
        """All values of a channel, the one heard last at the end."""
        return list(self._channels[channel].values())
