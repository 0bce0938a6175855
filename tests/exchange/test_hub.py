"""Framing once, bounded readers, and messages that a slow venue sends later."""

import asyncio

import pytest
from tests.exchange.wires import Wire
from websockets.frames import Opcode
from websockets.protocol import CLIENT, Protocol

from assay.exchange.service.hub import MAX_STREAMS, Hub, Listener, frame_text


class World:
    """A hub, and what it said of its streams."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.hub = Hub(
            lambda name: self.heard.append(f"+{name}"), lambda name: self.heard.append(f"-{name}")
        )

    def connect(self, *names: str, combined: bool = False, waiting: int = 0) -> Wire:
        wire = Wire(waiting)
        listener = Listener(wire, is_combined=combined)
        self.hub.add(listener)
        self.hub.subscribe(listener, names)
        self.listener = listener
        return wire


def read_frame(frame: bytes) -> bytes:
    protocol = Protocol(CLIENT)
    protocol.receive_data(frame)
    [event] = protocol.events_received()
    assert event.opcode is Opcode.TEXT  # type: ignore[union-attr]
    assert event.fin  # type: ignore[union-attr]
    return bytes(event.data)  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_read_as_it_was_written(size: int) -> None:
    payload = bytes(65 + index % 26 for index in range(size))
    assert read_frame(frame_text(payload)) == payload


def test_a_message_is_framed_once_for_each_way_to_read_it() -> None:
    world = World()
    plain, same = world.connect("a"), world.connect("a")
    wrapped, other = world.connect("a", combined=True), world.connect("b")
    world.hub.publish("a", b'{"x":1}')
    world.hub.flush()
    assert read_frame(plain.frames[0]) == b'{"x":1}'
    assert plain.frames[0] is same.frames[0]
    assert read_frame(wrapped.frames[0]) == b'{"stream":"a","data":{"x":1}}'
    assert other.frames == []
    assert (world.hub.counts.messages, world.hub.counts.frames) == (1, 3)


def test_the_first_listener_opens_and_the_last_closes_a_stream() -> None:
    world = World()
    world.connect("a", "b")
    first = world.listener
    world.connect("a")
    second = world.listener
    world.hub.unsubscribe(first, ["a", "never"])
    world.hub.remove(second)
    world.hub.remove(first)
    assert world.heard == ["+a", "+b", "-a", "-b"]


def test_too_many_streams_add_none() -> None:
    world = World()
    world.connect(*[f"s{number}" for number in range(MAX_STREAMS)])
    assert not world.hub.subscribe(world.listener, ["s0", "one more"])
    assert world.hub.subscribe(world.listener, ["s0"])
    assert len(world.listener.names) == MAX_STREAMS


def test_a_reader_that_does_not_read_is_cut_and_the_others_are_served() -> None:
    world = World()
    slow = world.connect("a", waiting=world.hub.max_waiting_bytes + 1)
    quick = world.connect("a")
    world.hub.publish("a", b"{}")
    world.hub.flush()
    assert slow.is_cut
    assert slow.frames == []
    assert len(quick.frames) == 1
    assert world.hub.counts.slow_readers == 1


def test_cut_hangs_up_on_everybody_and_forgets_them() -> None:
    world = World()
    wires = [world.connect("a"), world.connect("b")]
    world.hub.publish("a", b"{}")
    world.hub.cut()
    world.hub.flush()
    assert [wire.is_cut for wire in wires] == [True, True]
    assert wires[0].frames == []
    assert world.heard[-2:] in (["-a", "-b"], ["-b", "-a"])


def test_what_is_late_arrives_in_order_and_nothing_overtakes_it() -> None:
    world = World()
    wire = world.connect("a")

    async def send() -> None:
        for number, delay_s in enumerate((0.05, 0.01, 0.0)):
            world.hub.publish("a", b"%d" % number)
            world.hub.flush(delay_s)
        assert wire.frames == []
        while world.hub.is_late:  # noqa: ASYNC110 - a timer of the hub ends it
            await asyncio.sleep(0.005)

    asyncio.run(send())
    assert [read_frame(frame) for frame in wire.frames] == [b"0", b"1", b"2"]


def test_a_listener_that_left_gets_nothing_late() -> None:
    world = World()
    wire = world.connect("a")

    async def send() -> None:
        world.hub.publish("a", b"{}")
        world.hub.flush(0.01)
        world.hub.remove(world.listener)
        while world.hub.is_late:  # noqa: ASYNC110 - a timer of the hub ends it
            await asyncio.sleep(0.005)

    asyncio.run(send())
    assert wire.frames == []
