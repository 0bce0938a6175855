"""Readers that do not keep up get the latest of everything, and nobody waits for them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import orjson
import pytest
from tests.api.serving import running
from tests.api.streams.ears import WAIT_S, Ear, fire, listening, tell
from tests.api.world import World, make_world

pytestmark = pytest.mark.slow

KEYS = ("okx/A", "okx/B", "okx/C")
MANY = 300
FILLER = "x" * 20_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("slow"), stop_s=600)


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with running(world.app) as url:
        yield url


def open_small(url: str) -> socket.socket:
    """A connection whose own side takes in little."""
    host, _, port = url.removeprefix("http://").partition(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(WAIT_S)
    client.connect((host, int(port)))
    return client


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def tell_many(world: World, hearing: Callable[[], int], every: int, filler: str = FILLER) -> None:
    """More than any buffer holds, in turns over three keys, and as many alerts among them.

    `hearing` says how many of both were heard, which is waited for after so many of each.
    """
    before = hearing()
    for number in range(MANY):
        tell(world.app, "books", KEYS[number % 3], number=number, of=before, filler=filler)
        fire(world.app, "local", number=number, of=before, filler=FILLER[:2_000])
        if number % every == every - 1:
            wanted = before + 2 * (number + 1)
            until(lambda wanted=wanted: hearing() >= wanted)  # type: ignore[misc]


def collect(ear: Ear) -> None:
    """Read until the last update of every kind has come."""
    seen = 0
    while seen < 2:
        message = ear.next()
        seen += message["type"] == "update" and message["data"]["number"] == MANY - 1


def numbers(ear: Ear, channel: str) -> list[int]:
    return [
        message["data"]["number"]
        for message in ear.heard
        if message["type"] == "update" and message["channel"] == channel
    ]


def test_a_stalled_reader_gets_the_latest_and_others_get_everything(world: World, url: str) -> None:
    with (
        listening(url) as fast,
        listening(url, sock=open_small(url), max_queue=1) as slow,
    ):
        for ear in (slow, fast):
            ear.next()
            ear.subscribe("books")
            ear.subscribe("alerts")
        reading = threading.Thread(target=collect, args=(fast,))
        reading.start()
        # No faster than one that reads can read.
        tell_many(world, lambda: fast.updates, 1)
        reading.join()
        collect(slow)
        assert slow.ask("ping")["type"] == "pong"
    assert numbers(fast, "books") == numbers(fast, "alerts") == list(range(MANY))
    lagged = [message for message in slow.heard if message["type"] == "lagged"]
    conflated = sum(message["conflated"] for message in lagged)
    left_out = sum(message["left_out"].get("alerts", 0) for message in lagged)
    books = numbers(slow, "books")
    assert conflated > MANY / 2
    assert len(books) + conflated == MANY
    assert books[-3:] == [MANY - 3, MANY - 2, MANY - 1]
    alerts = numbers(slow, "alerts")
    assert left_out > 0
    assert len(alerts) + left_out == MANY
    # What came is in order: the last one read is a place to resume from.
    seqs = [message["seq"] for message in slow.heard if message["type"] == "update"]
    assert seqs == sorted(set(seqs))


def test_a_stalled_reader_of_events_gets_the_latest(world: World, url: str) -> None:
    client = open_small(url)
    client.sendall(
        b"GET /v1/stream/events?channels=books,alerts HTTP/1.1\r\nhost: localhost\r\n\r\n"
    )
    head = b""
    while b"event: snapshot" not in head:
        head += client.recv(4_096)
    published = world.app.state.streams.hub.published
    before = published["books"] + published["alerts"]
    tell_many(world, lambda: published["books"] + published["alerts"], 100, 4 * FILLER)
    text = head
    last = b'"number":%d,"of":%d,' % (MANY - 1, before)
    while text.count(last) < 2 or not text.endswith(b"\n\n\r\n"):
        part = client.recv(1_000_000)
        assert part
        text += part
    client.close()
    body = unchunk(text.partition(b"\r\n\r\n")[2])
    said = [
        orjson.loads(line.removeprefix(b"data: "))
        for line in body.splitlines()
        if line.startswith(b"data: ") and line.endswith(b"}")
    ]
    updates = [message for message in said if message["type"] == "update"]
    lagged = [message for message in said if message["type"] == "lagged"]
    books = [m["data"]["number"] for m in updates if m["channel"] == "books"]
    alerts = [m["data"]["number"] for m in updates if m["channel"] == "alerts"]
    assert len(books) + sum(m["conflated"] for m in lagged) == MANY
    assert len(alerts) + sum(m["left_out"].get("alerts", 0) for m in lagged) == MANY
    assert len(books) < MANY
    until(lambda: world.app.state.streams.admission.open == 0)


def unchunk(body: bytes) -> bytes:
    """The content of a chunked body, as far as it came."""
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if not length or len(rest) < length:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
