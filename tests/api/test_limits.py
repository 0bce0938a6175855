"""Too large, too slow, too many: each refusal is a problem document, and the next request works."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.api.asking import HOST, ask
from tests.api.world import World

from assay.api.limits import Limited, Limits, read_limits
from assay.api.state import ApiState
from assay.kit.settings import Settings


class Echo:
    """Answers the length of the body after a while."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.cancelled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        try:
            await asyncio.sleep(self.pause_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(len(body)).encode()})


async def post(
    app: Limited,
    chunks: list[bytes],
    headers: list[tuple[bytes, bytes]],
    path: str = "/v1/x",
    pause_s: float = 0.0,
) -> tuple[int, Any]:
    sent: list[Message] = []
    waiting: Iterator[bytes] = iter(chunks)
    left = len(chunks)

    async def receive() -> Message:
        nonlocal left
        await asyncio.sleep(pause_s)
        left -= 1
        return {"type": "http.request", "body": next(waiting), "more_body": left > 0}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [HOST, *headers],
    }
    await app(scope, receive, send)
    return sent[0]["status"], orjson.loads(b"".join(m.get("body", b"") for m in sent[1:]))


CHUNKED = [(b"transfer-encoding", b"chunked")]


@pytest.fixture
def state(world: World) -> ApiState:
    return world.app.state


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
def test_a_body_may_have_its_limit_and_no_byte_more(
    state: ApiState, size: int, status: int, declared: bool
) -> None:
    app = Limited(Echo(), state, Limits(body_bytes=100))
    headers = [(b"content-length", str(size).encode())] if declared else CHUNKED
    got, body = asyncio.run(post(app, [b"x" * 60, b"x" * (size - 60)], headers))
    assert got == status
    assert body == size if status == 200 else body["code"] == "body-too-large"


def test_a_path_may_take_more(state: ApiState) -> None:
    app = Limited(Echo(), state, Limits(body_bytes=10, larger_bodies={"/v1/imports": 1_000}))
    assert asyncio.run(post(app, [b"x" * 500], CHUNKED, "/v1/imports/a")) == (200, 500)
    assert asyncio.run(post(app, [b"x" * 500], CHUNKED, "/v1/import"))[0] == 413


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ((b"content-encoding", b"gzip"), 415, "unsupported-encoding"),
        ((b"content-encoding", b"identity"), 200, ""),
        ((b"transfer-encoding", b"xchunked"), 400, "bad-request"),
    ],
)
def test_a_body_that_nobody_here_can_read_is_refused_unread(
    state: ApiState, header: tuple[bytes, bytes], status: int, code: str
) -> None:
    length = [] if header[0] == b"transfer-encoding" else [(b"content-length", b"1")]
    got, body = asyncio.run(post(Limited(Echo(), state, Limits()), [b"x"], [*length, header]))
    assert got == status
    assert status == 200 or body["code"] == code


def test_a_body_that_drips_is_given_up(state: ApiState) -> None:
    app = Limited(Echo(), state, Limits(body_s=0.1))
    status, body = asyncio.run(post(app, [b"x"] * 50, CHUNKED, pause_s=0.02))
    assert (status, body["code"]) == (408, "body-timeout")


def test_an_answer_that_does_not_begin_is_given_up_and_its_work_cancelled(state: ApiState) -> None:
    echo = Echo(pause_s=30.0)
    app = Limited(echo, state, Limits(answer_s=0.05))
    status, body = asyncio.run(post(app, [b"x"], CHUNKED))
    assert (status, body["code"], body["retryable"]) == (503, "timed-out", True)
    assert (echo.cancelled, app.running) == (1, 0)


def test_a_stream_takes_its_own_time(state: ApiState) -> None:
    async def stream(_: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _step in range(4):
            await asyncio.sleep(0.05)
            await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await send({"type": "http.response.body", "body": b"1"})

    app = Limited(stream, state, Limits(answer_s=0.05))
    assert asyncio.run(post(app, [b"x"], CHUNKED)) == (200, 11111)


def test_what_is_too_much_is_refused_and_counted_and_the_rest_is_answered(
    state: ApiState,
) -> None:
    app = Limited(Echo(pause_s=0.05), state, Limits(requests=3))
    before = state.stats.refused["overloaded"]

    async def main() -> list[tuple[int, Any]]:
        return await asyncio.gather(*(post(app, [b"x"], CHUNKED) for _ in range(8)))

    answers = asyncio.run(main())
    assert sorted(status for status, _ in answers) == [200] * 3 + [503] * 5
    assert {body["code"] for status, body in answers if status == 503} == {"overloaded"}
    assert state.stats.refused["overloaded"] == before + 5
    assert asyncio.run(post(app, [b"x"], CHUNKED))[0] == 200


@pytest.mark.parametrize(
    ("target", "headers", "status", "code"),
    [
        ("/v1/tokens?symbol=" + "A" * 33_000, [], 414, "url-too-long"),
        ("/v1/tokens", [(b"x-a", b"b")] * 101, 431, "headers-too-large"),
        ("/v1/tokens", [(b"x-a", b"b" * 33_000)], 431, "headers-too-large"),
        ("/v1/tokens", [(b"content-length", b"9999999")], 413, "body-too-large"),
    ],
)
def test_what_is_too_large_is_refused_by_the_application(
    world: World, target: str, headers: list[tuple[bytes, bytes]], status: int, code: str
) -> None:
    # A remembered answer is replayed whatever else the request says: that costs nothing.
    answer = ask(world.app.declared, target, headers)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert ask(world.app, "/v1/tokens").status == 200


def test_an_url_of_16_kb_is_no_trouble(world: World) -> None:
    answer = ask(world.app, "/v1/tokens?symbol=" + ",".join(["BTC"] * 4_000))
    assert answer.status in (200, 422)


def test_the_limits_are_settings(tmp_path: Path) -> None:
    limits = read_limits(Settings(home=tmp_path, body_limit_bytes=2_000, answer_timeout_s=3.0))
    assert (limits.body_bytes, limits.answer_s) == (2_000, 3.0)
