"""The hub: numbers what it is told, keeps the last of it, and hands it to those who hear it.

Every update has one number (`seq`) that grows by one over all channels, and the number of the one
before it of the same key (`previous`): a reader sees by it what it missed. A place to resume from
is `<epoch>-<seq>`; the epoch is this process's, so that no other takes its numbers for its own.
"""

import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from assay.api.streams.board import Board, Latest
from assay.api.streams.channels import CHANNELS, Channel
from assay.api.streams.messages import Wanted, write_answer, write_snapshot
from assay.api.streams.updates import HEARTBEAT, Update, write_update

MOST_REPLAYED: Final = 2_000
MOST_REPLAYED_BYTES: Final = 8 * 1024 * 1024
LONGEST_PAYLOAD: Final = 256 * 1024
RECENT_EVENTS: Final = 20
"""Events of a snapshot: the last ones of an account that are still kept."""


class Subscriber(Protocol):
    """One reader. `subscriptions` holds its keys by channel, None for a whole channel."""

    account_id: str
    subscriptions: dict[str, set[str] | None]

    def deliver(self, update: Update) -> None:
        """Send an update, or keep it for later. Never waits, never raises."""
        ...


@dataclass(slots=True)
class Group:
    """Who hears a channel: all of it, or single keys. Nobody is in both."""

    whole: set[Subscriber] = field(default_factory=set)
    by_key: dict[str, set[Subscriber]] = field(default_factory=dict)


class Replay:
    """The last updates of a channel. `floor` is the number of the newest that is gone."""

    def __init__(self, most: int = MOST_REPLAYED, most_bytes: int = MOST_REPLAYED_BYTES) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.floor = 0
        self.size = 0
        self.kept: deque[Update] = deque()

    def add(self, update: Update) -> None:
        """Keep an update; the oldest go where there is no room."""
        self.kept.append(update)
        self.size += len(update.message)
        while len(self.kept) > self.most or self.size > self.most_bytes:
            gone = self.kept.popleft()
            self.floor = gone.seq
            self.size -= len(gone.message)


class Hub:
    """Used from one event loop. `board` holds what is public, and nothing of one account."""

    def __init__(self) -> None:
        self.board = Board()
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.subscribers: set[Subscriber] = set()
        self.published = dict.fromkeys(CHANNELS, 0)
        self.delivered = 0
        self.refused = 0
        self._private = Board()
        self._groups = {name: Group() for name in CHANNELS}
        self._replays = {name: Replay() for name in CHANNELS}

    # --- who hears -------------------------------------------------------------------------

    def add(self, subscriber: Subscriber, channel: Channel, keys: Iterable[str] | None) -> None:
        """Let a subscriber hear keys of a channel, or all of it."""
        group = self._groups[channel.name]
        if keys is None:
            self.remove(subscriber, channel, None)
            group.whole.add(subscriber)
            subscriber.subscriptions[channel.name] = None
            return
        held = subscriber.subscriptions.setdefault(channel.name, set())
        if held is None:
            return
        for key in keys:
            held.add(key)
            group.by_key.setdefault(key, set()).add(subscriber)

    def remove(self, subscriber: Subscriber, channel: Channel, keys: Iterable[str] | None) -> None:
        """Let it hear keys no more, or nothing of the channel."""
        group = self._groups[channel.name]
        held = subscriber.subscriptions.get(channel.name, set())
        if keys is None:
            group.whole.discard(subscriber)
            keys = held or ()
            subscriber.subscriptions.pop(channel.name, None)
        for key in list(keys):
            hearing = group.by_key.get(key, set())
            hearing.discard(subscriber)
            if not hearing:
                group.by_key.pop(key, None)
            if held:
                held.discard(key)
        if held is not None and not held:
            subscriber.subscriptions.pop(channel.name, None)

    def leave(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        for name in list(subscriber.subscriptions):
            self.remove(subscriber, CHANNELS[name], None)
        self.subscribers.discard(subscriber)

    # --- what is heard ---------------------------------------------------------------------

    def publish(self, name: str, key: str, payload: bytes) -> int:
        """Tell who hears it; how many those were. A value that has not changed is told to nobody;
        what is no JSON object is counted and forgotten.
        """
        channel = CHANNELS[name]
        board = self._private if channel.is_private else self.board
        before = board.get(name, key)
        if before is not None and before.payload == payload and not channel.is_event:
            board.touch(name, key)
            return 0
        said = read_payload(payload)
        if said is None:
            self.refused += 1
            return 0
        if b"\n" in payload or b"\r" in payload:
            payload = orjson.dumps(said)
        self.seq += 1
        self.published[name] += 1
        update = Update(
            write_update(name, key, self.seq, before.seq if before else 0, payload),
            seq=self.seq,
            mark=self.mark,
            channel=name,
            key=key,
            slot=f"{name}\0{key}\0{said.get(channel.part, '')}",
            is_event=channel.is_event,
        )
        board.put(name, key, self.seq, payload)
        self._replays[name].add(update)
        return self._deliver(update)

    def beat(self, **members: object) -> None:
        """Tell everybody that the connection stands, and which number the hub has reached."""
        message = write_answer(HEARTBEAT, None, seq=self.seq, epoch=self.epoch, **members)
        update = Update(message, seq=self.seq, mark=self.mark, channel=HEARTBEAT, slot=HEARTBEAT)
        for subscriber in list(self.subscribers):
            subscriber.deliver(update)

    @property
    def mark(self) -> bytes:
        """The place that has been reached."""
        return f"{self.epoch}-{self.seq}".encode()

    def _deliver(self, update: Update) -> int:
        group = self._groups[update.channel]
        hearing = group.by_key.get(update.key, ())
        for subscriber in group.whole:
            subscriber.deliver(update)
        for subscriber in hearing:
            subscriber.deliver(update)
        count = len(group.whole) + len(hearing)
        self.delivered += count
        return count

    # --- what was heard before -------------------------------------------------------------

    def snapshot(self, wanted: Wanted) -> list[bytes]:
        """What stands now, as messages; of events the last ones."""
        channel, keys = wanted.channel, wanted.keys
        if channel.is_event:
            events = [u for u in self._replays[channel.name].kept if keys is None or u.key in keys]
            messages = [update.message for update in events[-RECENT_EVENTS:]]
            return [
                b'{"type":"snapshot","channel":"%b","seq":%d,"more":false,"events":[%b]}'
                % (channel.name.encode(), self.seq, b",".join(messages))
            ]
        latest: list[Latest]
        if keys is None:
            latest = self.board.list(channel.name)
        else:
            found = [self.board.get(channel.name, key) for key in keys]
            latest = [value for value in found if value is not None]
        rows = [(v.key, v.seq, int(v.age_s() * 1_000), v.payload) for v in latest]
        return write_snapshot(channel.name, self.seq, rows)

    def read_place(self, after: str) -> int | None:
        """The number of a place to resume from; None if this process did not give it."""
        epoch, _, number = after.partition("-")
        if epoch != self.epoch or not number.isascii() or not number.isdecimal():
            return None
        seq = int(number[:20])
        return seq if seq <= self.seq else None

    def missed(self, seq: int, wanted: Wanted) -> list[Update] | None:
        """The updates after a number, in order; None where some of them are not kept any more."""
        replay = self._replays[wanted.channel.name]
        if seq < replay.floor:
            return None
        return [
            update
            for update in replay.kept
            if update.seq > seq and (wanted.keys is None or update.key in wanted.keys)
        ]


def read_payload(payload: bytes) -> dict[str, Any] | None:
    """The JSON object of a payload; None for anything else, and for one that is too long."""
    if len(payload) > LONGEST_PAYLOAD:
        return None
    try:
        said = orjson.loads(payload)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
