"""Going away, and losing the bus: what readers see of it."""

import contextlib
import threading
import time
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from tests.api.serving import running
from tests.api.streams.ears import WAIT_S, Ear, listening, tell
from tests.api.streams.loops import serving
from tests.api.streams.test_slow import FILLER, open_small
from tests.api.world import make_world
from tests.kit.bus.servers import Server, server
from websockets.exceptions import ConnectionClosed

__all__ = ["server"]

pytestmark = pytest.mark.slow


def read_end(ear: Ear) -> int | None:
    """The code of the close."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            ear.read()
    return ended.value.rcvd.code if ended.value.rcvd is not None else None


def test_the_server_says_goodbye_and_waits_for_no_stalled_reader(tmp_path: Path) -> None:
    world = make_world(tmp_path, stop_s=3_600)
    codes: list[int | None] = []
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(serving(world.app))
        fast = stack.enter_context(listening(found.url))
        slow = stack.enter_context(
            listening(found.url, sock=open_small(found.url), max_queue=1, close_timeout=0)
        )
        path = f"{found.url}/v1/stream/events?channels=prices"
        events = stack.enter_context(httpx.stream("GET", path, timeout=WAIT_S))
        for ear in (fast, slow):
            ear.next()
            ear.subscribe("books")
        for number in range(100):
            tell(world.app, "books", "okx/A", number=number, filler=FILLER)
        while fast.wait("update")["data"]["number"] != 99:
            pass
        reading = threading.Thread(target=lambda: codes.append(read_end(fast)))
        reading.start()
        # With a reader that holds it up this would take an hour.
        found.stop()
        reading.join()
        text = "".join(events.iter_text())
    assert codes == [1012]
    assert text.startswith("retry: 2000\n\nevent: welcome\n")
    assert text.endswith(
        'event: reconnect\nretry: 1000\ndata: {"reason": "the server restarts"}\n\n'
    )


def test_streams_outlive_the_bus(tmp_path: Path, server: Server) -> None:
    world = make_world(tmp_path, redis_url=SecretStr(server.url))
    with running(world.app) as url, listening(url) as ear:
        ear.next()
        ear.subscribe("prices")
        say_until_heard(world, ear, 1)
        server.kill()
        tell(world.app, "prices", "3375", price=0)
        assert ear.ask("ping")["type"] == "pong"
        assert ear.subscribe("prices")["rows"][0]["data"]["price"] == 1
        server.start()
        say_until_heard(world, ear, 2)


def say_until_heard(world: object, ear: Ear, price: int) -> None:
    """Say a price again and again, as feeds do, until it is heard."""
    stop = threading.Event()

    def say() -> None:
        while not stop.is_set():
            tell(world.app, "prices", "3375", price=price)  # type: ignore[attr-defined]
            time.sleep(0.05)

    saying = threading.Thread(target=say)
    saying.start()
    try:
        while ear.wait("update")["data"]["price"] != price:
            pass
    finally:
        stop.set()
        saying.join()
