"""Hub, board and outbox without a server."""

from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.accounts.types import LOCAL, Principal, Verb
from assay.api.streams.board import Board
from assay.api.streams.channels import CHANNELS
from assay.api.streams.hub import Hub, Replay
from assay.api.streams.messages import Wanted
from assay.api.streams.outbox import Outbox
from assay.api.streams.reading import Reader
from assay.api.streams.updates import Update

PRICES, CANDLES, ALERTS = (CHANNELS[name] for name in ("prices", "candles", "alerts"))


@dataclass(eq=False)
class Listener:
    account_id: str = "local"
    subscriptions: dict[str, set[str] | None] = field(default_factory=dict)
    heard: list[Update] = field(default_factory=list)

    def deliver(self, update: Update) -> None:
        self.heard.append(update)


def put(value: object) -> bytes:
    return orjson.dumps({"value": value})


def make_update(seq: int, slot: str = "", *, is_event: bool = False) -> Update:
    return Update(
        b"%d" % seq,
        seq=seq,
        mark=b"",
        channel="alerts" if is_event else "prices",
        slot=slot,
        is_event=is_event,
    )


class Told(Reader):
    """A reader that keeps what it is sent."""

    def __init__(self, hub: Hub, principal: Principal) -> None:
        self.heard: list[Update] = []
        self.answers: list[Any] = []
        super().__init__(hub, principal)

    def deliver(self, update: Update) -> None:
        self.heard.append(update)

    def answer(self, message: bytes) -> None:
        self.answers.append(orjson.loads(message))


def test_who_may_less_than_before_hears_less() -> None:
    hub = Hub()
    reader = Told(hub, LOCAL)
    hub.subscribers.add(reader)
    reader.subscribe([Wanted(PRICES), Wanted(ALERTS, ("local",))])
    reader.adopt(LOCAL)
    assert set(reader.subscriptions) == {"prices", "alerts"}
    reader.adopt(replace(LOCAL, scopes=frozenset({Verb.READ})))
    assert set(reader.subscriptions) == {"prices"}
    assert (reader.answers[-1]["type"], reader.answers[-1]["channel"]) == ("unsubscribed", "alerts")
    assert hub.publish("alerts", "local", put(1)) == 0
    assert hub.publish("prices", "1", put(1)) == 1
    assert [update.channel for update in reader.heard] == ["prices"]


def test_each_hears_what_it_asked_for_once() -> None:
    hub = Hub()
    some, every, both = Listener(), Listener(), Listener()
    hub.add(some, PRICES, ["1", "2"])
    hub.add(every, PRICES, None)
    hub.add(both, PRICES, ["1"])
    hub.add(both, PRICES, None)
    hub.add(both, PRICES, ["3"])
    assert [hub.publish("prices", key, put(key)) for key in "123"] == [3, 3, 2]
    assert [update.key for update in some.heard] == ["1", "2"]
    assert [update.seq for update in every.heard] == [1, 2, 3]
    assert [update.seq for update in both.heard] == [1, 2, 3]
    hub.remove(some, PRICES, ["1"])
    assert some.subscriptions == {"prices": {"2"}}
    for listener in (some, every, both):
        hub.leave(listener)
        assert listener.subscriptions == {}
    assert hub.publish("prices", "1", put("new")) == 0
    assert hub._groups["prices"].by_key == {}


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.booleans(), st.none() | st.sets(st.sampled_from("abc")))
    )
)
def test_subscriptions_and_groups_never_disagree(
    steps: list[tuple[int, bool, set[str] | None]],
) -> None:
    hub = Hub()
    listeners = [Listener() for _ in range(3)]
    for who, is_added, keys in steps:
        (hub.add if is_added else hub.remove)(listeners[who], PRICES, keys)
        group = hub._groups["prices"]
        for listener in listeners:
            held = listener.subscriptions.get("prices", set())
            assert (listener in group.whole) == (held is None)
            in_groups = {key for key, hearing in group.by_key.items() if listener in hearing}
            assert in_groups == (held or set())
        for listener in listeners:
            listener.heard.clear()
        hub.publish("prices", "a", put(hub.seq))
        for listener in listeners:
            held = listener.subscriptions.get("prices", set())
            assert len(listener.heard) == (held is None or "a" in held)


def test_numbers_tell_what_was_missed() -> None:
    hub = Hub()
    listener = Listener()
    hub.add(listener, PRICES, None)
    for number in range(4):
        hub.publish("prices", "ab"[number % 2], put(number))
    said = [orjson.loads(update.message) for update in listener.heard]
    assert [(m["seq"], m["previous"]) for m in said] == [(1, 0), (2, 0), (3, 1), (4, 2)]


def test_a_payload_with_line_breaks_does_not_break_an_event() -> None:
    hub = Hub()
    listener = Listener()
    hub.add(listener, PRICES, None)
    hub.publish("prices", "1", b'{\r\n  "value": "a\\nb"\n}')
    event = listener.heard[0].event
    assert event.count(b"\n") == 4
    line = next(line for line in event.splitlines() if line.startswith(b"data: "))
    assert orjson.loads(line[6:])["data"] == {"value": "a\nb"}


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b"{", b'{"a":NaN}', b"x" * 300_000])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    hub = Hub()
    assert hub.publish("prices", "1", payload) == 0
    assert (hub.seq, hub.refused, hub.board.list("prices")) == (0, 1, [])


def test_nothing_private_is_on_the_board() -> None:
    hub = Hub()
    hub.publish("alerts", "acc_1", put("secret"))
    assert hub.board.list("alerts") == []
    assert hub.board.get("alerts", "acc_1") is None
    own = hub.snapshot(Wanted(ALERTS, ("acc_1",)))[0]
    other = hub.snapshot(Wanted(ALERTS, ("acc_2",)))[0]
    assert b"secret" in own
    assert orjson.loads(other)["events"] == []


def test_the_board_is_bounded_and_the_silent_go_first() -> None:
    board = Board(most_keys=3)
    for number, key in enumerate("abc"):
        board.put("prices", key, number, b"{}")
    board.touch("prices", "a")
    board.put("prices", "d", 9, b"{}")
    assert [latest.key for latest in board.list("prices")] == ["c", "a", "d"]
    found = board.get("prices", "a")
    assert found is not None
    assert found.age_s() >= 0
    assert board.get("prices", "b") is None


def test_a_replay_is_bounded_by_number_and_bytes() -> None:
    replay = Replay(most=3, most_bytes=100)
    for seq in range(1, 6):
        replay.add(make_update(seq))
    assert (replay.floor, [update.seq for update in replay.kept]) == (2, [3, 4, 5])
    replay.add(Update(b"x" * 100, seq=6, mark=b"", channel="prices"))
    assert (replay.floor, [update.seq for update in replay.kept]) == (5, [6])


def test_a_place_is_known_only_to_who_gave_it() -> None:
    hub, other = Hub(), Hub()
    hub.publish("prices", "1", put(1))
    assert hub.read_place(f"{hub.epoch}-1") == 1
    for place in (f"{hub.epoch}-2", f"{other.epoch}-1", f"{hub.epoch}-", "", "-", f"{hub.epoch}-٣"):
        assert hub.read_place(place) is None
    assert hub.read_place(f"{hub.epoch}-{'9' * 500}") is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=40))
def test_an_outbox_gives_the_latest_in_order_and_counts_the_rest(
    steps: list[tuple[str, bool]],
) -> None:
    outbox = Outbox(lambda update: update.message + b" ", most_events=3)
    latest: dict[str, int] = {}
    events: list[int] = []
    for seq, (slot, is_event) in enumerate(steps, 1):
        outbox.hold(make_update(seq, slot, is_event=is_event))
        if is_event:
            events.append(seq)
        else:
            latest[slot] = seq
    conflated, left_out = outbox.take_losses()
    values = sum(not is_event for _, is_event in steps)
    assert conflated == values - len(latest)
    assert left_out.get("alerts", 0) == max(0, len(events) - 3)
    given_out = [int(part) for part in outbox.take(10**6).split()]
    assert given_out == sorted([*latest.values(), *events[-3:]])
    assert len(outbox) == 0
    assert outbox.take_losses() == (0, {})


def test_an_outbox_is_bounded_and_answers_keep_their_turn() -> None:
    outbox = Outbox(lambda update: update.message, most_values=2)
    outbox.hold(make_update(1, "a"))
    outbox.add(b"answer")
    for seq, slot in ((2, "b"), (3, "c"), (4, "b")):
        outbox.hold(make_update(seq, slot))
    assert outbox.take_losses()[0] == 1
    assert [outbox.take(1) for _ in range(4)] == [b"answer", b"3", b"4", b""]


def test_a_bar_that_closed_outlives_the_next_one() -> None:
    hub = Hub()
    slow = Outbox(lambda update: update.message)
    listener = Listener()
    hub.add(listener, CANDLES, None)
    for open_ms, close in ((0, 1), (0, 2), (60_000, 3), (60_000, 4)):
        hub.publish("candles", "1/1m", orjson.dumps({"open_ms": open_ms, "close": close}))
    for update in listener.heard:
        slow.hold(update)
    parts = [orjson.loads(part)["data"]["close"] for part in iter(lambda: slow.take(1), b"")]
    assert parts == [2, 4]
