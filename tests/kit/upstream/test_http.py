"""Calling a server that fails in every way, on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kit.clock import FixedClock
from assay.kit.errors import SourceMalformed, SourceUnavailable
from assay.kit.telemetry import UpstreamStats
from assay.kit.upstream import Breaker, Patience, State, Upstreams
from assay.kit.upstream.http import Bounds, HttpUpstream

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Faulty:
    """Answers with what is prepared, in turn; the last one again and again."""

    answers: list[bytes | None]
    """None: cut the connection. b"": say nothing."""
    heads: list[bytes] = field(default_factory=list)
    at_a_time: int = 0
    most: int = 0
    pause_s: float = 0.0
    tasks: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        with (
            contextlib.closing(writer),
            contextlib.suppress(
                asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError
            ),
        ):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.at_a_time += 1
                self.most = max(self.most, self.at_a_time)
                await asyncio.sleep(self.pause_s)
                self.at_a_time -= 1
                said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if said is None:
                    break
                if said == b"":
                    await asyncio.sleep(30.0)
                writer.write(said)
                await writer.drain()

    async def stop(self) -> None:
        """End what still says nothing."""
        for task in self.tasks:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.01)


class Pauses:
    """Takes no time and keeps what it was asked to wait."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@dataclass
class Bench:
    """A client, and what it counted."""

    http: HttpUpstream
    url: str
    stats: UpstreamStats
    pauses: Pauses
    server: Faulty
    upstreams: Upstreams

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://").rstrip("/")


@contextlib.asynccontextmanager
async def bench(
    answers: list[bytes | None], bounds: Bounds | None = None, limit: int = 10, at_a_time: int = 8
) -> AsyncIterator[Bench]:
    server, pauses, stats = Faulty(answers), Pauses(), UpstreamStats()
    upstreams = Upstreams(stats, lambda: Breaker(limit), at_a_time)
    listener = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    patience = Patience(np.random.default_rng(3), attempts=4, sleep=pauses)
    http = HttpUpstream(FixedClock(NOW), upstreams=upstreams, patience=patience, bounds=bounds)
    async with http:
        yield Bench(http, f"http://127.0.0.1:{port}/", stats, pauses, server, upstreams)
    listener.close()
    await server.stop()


def run(
    answers: list[bytes | None],
    work: Callable[[Bench], Awaitable[None]],
    bounds: Bounds | None = None,
    limit: int = 10,
    at_a_time: int = 8,
) -> None:
    async def main() -> None:
        async with bench(answers, bounds, limit, at_a_time) as made:
            await work(made)

    asyncio.run(main())


def say(status: int, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{lines}\r\n".encode()


@pytest.mark.parametrize(
    "failure", [None, say(500), say(503), say(429), say(408), b"nonsense\r\n\r\n"]
)
def test_a_failure_is_repeated_until_it_works(failure: bytes | None) -> None:
    async def work(made: Bench) -> None:
        answer = await made.http.request("GET", made.url)
        assert (answer.status_code, answer.content) == (200, b"ok")
        assert len(made.server.heads) == 3
        assert made.stats.retries[made.host] == 2
        assert sum(made.stats.errors.values()) == 2
        assert all(0.0 <= pause <= 2.0**n for n, pause in enumerate(made.pauses.taken))

    run([failure, failure, OK], work)


@pytest.mark.parametrize("status", [200, 204, 301, 400, 401, 404, 422])
def test_other_answers_are_the_callers_to_read(status: int) -> None:
    async def work(made: Bench) -> None:
        assert (await made.http.request("GET", made.url)).status_code == status
        assert (made.stats.retries, len(made.server.heads)) == ({}, 1)

    run([say(status, "location: http://127.0.0.1:1/")], work)


def test_a_host_that_stays_away_is_named_without_the_query() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable, match="4 attempts: HTTP 503") as caught:
            await made.http.request("GET", made.url + "path?apikey=secret")
        assert "secret" not in str(caught.value)
        assert made.host in str(caught.value)

    run([say(503)], work)


@pytest.mark.parametrize("wish", ["retry-after: 7", "retry-after: Fri, 20 Nov 2026 12:00:07 GMT"])
def test_retry_after_is_the_least_that_is_waited(wish: str) -> None:
    async def work(made: Bench) -> None:
        await made.http.request("GET", made.url)
        assert 7.0 <= made.pauses.taken[0] <= 8.0

    run([say(429, wish), OK], work)


def test_a_wish_beyond_our_patience_is_handed_on_at_once() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable) as caught:
            await made.http.request("GET", made.url)
        assert caught.value.retry_after_s == 3_600.0
        assert made.pauses.taken == []

    run([say(503, "retry-after: 3600")], work)


def test_what_may_have_been_done_is_not_done_twice() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable):
            await made.http.request("POST", made.url, content=b"order")
        assert len(made.server.heads) == 1
        await made.http.request("POST", made.url, content=b"order", is_idempotent=True)

    run([None, None, OK], work)


def test_an_answer_that_never_comes_is_given_up() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable, match="timeout"):
            await made.http.request("GET", made.url)
        assert made.stats.errors[made.host, "timeout"] == 4

    run([b""], work, Bounds(total_s=0.05))


def test_a_dripping_answer_is_bounded_by_the_whole_time() -> None:
    dripping = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"

    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable, match="timeout"):
            await made.http.request("GET", made.url)

    run([dripping], work, Bounds(total_s=0.05))


def test_an_answer_without_end_is_cut() -> None:
    body = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5_000

    async def work(made: Bench) -> None:
        with pytest.raises(SourceMalformed, match="more than 1000 bytes"):
            await made.http.request("GET", made.url)

    run([body], work, Bounds(body_bytes=1_000))


def test_a_host_that_keeps_failing_is_left_alone_and_tried_again() -> None:
    async def work(made: Bench) -> None:
        breaker = made.upstreams.find_breaker(made.host)
        with pytest.raises(SourceUnavailable, match="left alone"):
            await made.http.request("GET", made.url)
        assert len(made.server.heads) == 2
        assert (breaker.state, made.stats.breakers[made.host]) == (State.OPEN, "open")
        with pytest.raises(SourceUnavailable, match="left alone"):
            await made.http.request("GET", made.url)
        assert len(made.server.heads) == 2
        breaker.open_s = 0.0
        assert (await made.http.request("GET", made.url)).status_code == 200
        assert (breaker.state, made.stats.breakers[made.host]) == (State.CLOSED, "closed")

    run([say(500), say(500), OK], work, limit=2)


def test_a_rate_limit_says_nothing_about_health() -> None:
    async def work(made: Bench) -> None:
        with pytest.raises(SourceUnavailable, match="HTTP 429"):
            await made.http.request("GET", made.url)
        assert made.upstreams.find_breaker(made.host).state is State.CLOSED

    run([say(429)], work, limit=1)


def test_a_cancelled_trial_leaves_the_next_one_its_turn() -> None:
    async def work(made: Bench) -> None:
        breaker = made.upstreams.find_breaker(made.host)
        with pytest.raises(SourceUnavailable):
            await made.http.request("GET", made.url)
        breaker.open_s = 0.0
        made.server.answers = [b""]
        trial = asyncio.create_task(made.http.request("GET", made.url))
        await asyncio.sleep(0.1)
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        made.server.answers = [OK]
        assert (await made.http.request("GET", made.url)).status_code == 200

    run([say(500)], work, limit=1)


def test_only_so_many_run_at_a_time() -> None:
    async def work(made: Bench) -> None:
        made.server.pause_s = 0.02
        asked = (made.http.request("GET", made.url) for _ in range(12))
        answers: list[httpx.Response] = await asyncio.gather(*asked)
        assert [answer.status_code for answer in answers] == [200] * 12
        assert made.server.most == 3

    run([OK], work, at_a_time=3)


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(0.0, 100.0))
def test_pauses_are_jittered_in_full_and_bounded(failures: int, seed: int, wish: float) -> None:
    patience = Patience(random=np.random.default_rng(seed))
    bound = min(60.0, 2.0 ** (failures - 1))
    assert wish <= patience.pause_s(failures, wish) <= wish + bound
