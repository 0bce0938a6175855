"""One suite for both buses, and what only the one between processes can go through."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from pydantic import SecretStr
from tests.kit.bus.servers import Server, server

from assay.kit.bus import Bus, MemoryBus, Subscription, open_bus
from assay.kit.bus.redis import RedisBus
from assay.kit.errors import SourceUnavailable
from assay.kit.redis import Circuit, RedisLink
from assay.kit.settings import Settings

__all__ = ["server"]

Make = Callable[..., Bus]
PATIENCE_S = 20.0


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Bus] = []

    def create(**options: int) -> Bus:
        if request.param == "memory":
            made.append(MemoryBus(**options))
        else:
            url = request.getfixturevalue("redis_url")
            prefix = request.getfixturevalue("redis_prefix")
            made.append(RedisBus(url, prefix, **options))
        return made[-1]

    yield create
    for bus in made:
        bus.close()


async def take(heard: Subscription, count: int) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    async with asyncio.timeout(PATIENCE_S):
        async for item in heard:
            found.append(item)
            if len(found) == count:
                break
    return found


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - nothing tells of a message that was dropped
            await asyncio.sleep(0.01)


def run(work: Awaitable[None]) -> None:
    async def go() -> None:
        await work

    asyncio.run(go())


def test_those_who_listen_hear_in_order(make: Make) -> None:
    bus = make()

    async def work() -> None:
        async with bus.subscribe("a", "b") as heard, bus.subscribe("b") as other:
            for number in range(5):
                bus.publish("a", b"%d" % number)
            bus.publish("c", b"nobody listens")
            bus.publish("b", b"\x00\xff")
            assert await take(heard, 6) == [
                *(("a", b"%d" % number) for number in range(5)),
                ("b", b"\x00\xff"),
            ]
            assert await take(other, 1) == [("b", b"\x00\xff")]

    run(work())


def test_what_was_said_before_is_not_heard(make: Make) -> None:
    bus = make()

    async def work() -> None:
        bus.publish("a", b"before")
        async with bus.subscribe("a") as heard:
            bus.publish("a", b"after")
            assert await take(heard, 1) == [("a", b"after")]
        async with bus.subscribe("a") as again:
            bus.publish("a", b"once more")
            assert await take(again, 1) == [("a", b"once more")]

    run(work())


def test_threads_may_speak(make: Make) -> None:
    bus = make()

    async def work() -> None:
        async with bus.subscribe("a") as heard:

            def speak() -> None:
                for _ in range(20):
                    bus.publish("a", b"x")

            speakers = [threading.Thread(target=speak) for _ in range(4)]
            for speaker in speakers:
                speaker.start()
            assert len(await take(heard, 80)) == 80
            for speaker in speakers:
                speaker.join()

    run(work())


def test_a_slow_listener_loses_the_oldest_and_holds_nobody_up(make: Make) -> None:
    bus = make(size=10)

    async def work() -> None:
        async with bus.subscribe("a") as heard:
            for number in range(25):
                bus.publish("a", b"%d" % number)
            await until(lambda: heard.dropped >= 15)
            found = await take(heard, 10)
            assert found == [("a", b"%d" % number) for number in range(15, 25)]

    run(work())


def test_speaking_to_a_loop_that_has_ended_does_nothing(make: Make) -> None:
    bus = make()
    entered = contextlib.AsyncExitStack()

    async def work() -> None:
        await entered.enter_async_context(bus.subscribe("a"))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(work())
    bus.publish("a", b"x")
    loop.run_until_complete(entered.aclose())
    loop.close()
    bus.publish("a", b"x")


def test_the_setting_chooses(redis_url: str) -> None:
    assert isinstance(open_bus(Settings(redis_url=None)), MemoryBus)
    between = open_bus(Settings(redis_url=SecretStr(redis_url)))
    assert isinstance(between, RedisBus)
    between.close()


@contextlib.asynccontextmanager
async def speaking(bus: Bus, count: list[int]) -> AsyncIterator[None]:
    """Speak a hundred times a second; `count[0]` is how often so far."""

    async def speak() -> None:
        while True:
            count[0] += 1
            await asyncio.to_thread(bus.publish, "a", b"%d" % count[0])
            await asyncio.sleep(0.01)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_killed_redis_is_found_again_under_load(server: Server) -> None:
    bus = RedisBus(server.url)

    async def work() -> None:
        said = [0]
        async with bus.subscribe("a") as heard, speaking(bus, said):
            await take(heard, 10)
            server.kill()
            began = said[0]
            await until(lambda: said[0] >= began + 50)
            server.start()
            newest = 0
            async with asyncio.timeout(PATIENCE_S):
                async for _, message in heard:
                    newest = int(message)
                    if newest > began + 50:
                        break

    run(work())
    bus.close()


def test_a_redis_that_is_away_costs_nobody_time(server: Server) -> None:
    link = RedisLink(server.url)
    assert link.check()
    server.kill()
    with pytest.raises(SourceUnavailable):
        link.call(lambda client: client.ping())
    began = time.perf_counter()
    for _ in range(1_000):
        with pytest.raises(SourceUnavailable):
            link.call(lambda client: client.ping())
    assert time.perf_counter() - began < 5.0, "the circuit is open: nothing is tried"
    assert not link.check()
    link.close()


def test_a_password_is_in_no_error() -> None:
    link = RedisLink("redis://:topsecret@127.0.0.1:1/0")
    with pytest.raises(SourceUnavailable) as refused:
        link.call(lambda client: client.ping())
    assert "topsecret" not in str(refused.value)
    assert refused.value.__cause__ is None
    link.close()


def test_a_circuit_closes_again() -> None:
    now = [0.0]
    circuit = Circuit(1.0, lambda: now[0])
    assert not circuit.is_open
    circuit.fail()
    assert circuit.is_open
    now[0] = 1.0
    assert not circuit.is_open


def test_a_redis_that_was_never_there_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def listen() -> None:
        async with RedisBus("redis://:hidden@127.0.0.1:1/0").subscribe("a"):
            await asyncio.sleep(0.5)

    asyncio.run(listen())
    said = [record.getMessage() for record in caplog.records if "does not answer" in record.message]
    assert len(said) == 1
    assert "hidden" not in said[0]
