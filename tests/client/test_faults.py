"""The clients against servers that fail: what is tried again, what is raised, how often."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.client.faulty import Act, answer, babble, cut, faulty, hang_up, refuse, stall

from assay.client import (
    AsyncClient,
    Client,
    ClientError,
    Retries,
    ServerFailed,
    TimedOut,
    TooManyRequests,
    Unreachable,
    Unreadable,
)
from assay.client.core.calls import Call

ONCE = Retries(tries=1)
FAST = Retries(base_s=0.01, cap_s=0.02)
OK = answer(200, {"status": "ok"})
BUSY = refuse(503, "busy", retryable=True)
POST: Call[Any] = Call("POST", "/v1/things", dict[str, str], body={"size": 1})
SAFE_POST: Call[Any] = Call("POST", "/v1/things", dict[str, str], body={"n": 1}, repeatable=True)
GET: Call[Any] = Call("GET", "/healthz", dict[str, str])


def ask_sync(url: str, call: Call[Any], timeout_s: float = 10.0, retries: Retries = FAST) -> Any:
    with Client(url, key="ak_x_secret", timeout_s=timeout_s, retries=retries) as client:
        return client.ask(call)


def ask_async(url: str, call: Call[Any], timeout_s: float = 10.0, retries: Retries = FAST) -> Any:
    async def ask() -> Any:
        made = AsyncClient(url, key="ak_x_secret", timeout_s=timeout_s, retries=retries)
        async with made as client:
            return await client.ask(call)

    return asyncio.run(ask())


Asker = Callable[..., Any]


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def asker(request: pytest.FixtureRequest) -> Asker:
    made: Asker = request.param
    return made


@pytest.mark.parametrize(
    "acts",
    [[BUSY, BUSY, OK], [hang_up, cut, OK], [refuse(502, "x", retryable=True), babble, hang_up, OK]],
)
def test_what_passes_is_survived(asker: Asker, acts: Sequence[Act]) -> None:
    with faulty(acts) as server:
        assert asker(server.url, GET) == {"status": "ok"}
    assert len(server.requests) == len(acts)


def test_a_defect_of_the_server_is_raised_at_once(asker: Asker) -> None:
    broken = refuse(500, "internal", retryable=False)
    with faulty([broken, OK]) as server, pytest.raises(ServerFailed) as failed:
        asker(server.url, GET)
    assert (failed.value.code, failed.value.retryable) == ("internal", False)
    assert len(server.requests) == 1


def test_retry_after_is_honoured(asker: Asker) -> None:
    slow_down = refuse(429, "rate-limited", retryable=True, retry_after="1")
    began = time.monotonic()
    with faulty([slow_down, OK]) as server:
        assert asker(server.url, GET) == {"status": "ok"}
    assert time.monotonic() - began >= 1.0


def test_a_quota_that_is_used_up_for_long_is_raised_at_once(asker: Asker) -> None:
    used_up = refuse(429, "quota", retryable=True, retry_after="3600")
    with faulty([used_up, OK]) as server, pytest.raises(TooManyRequests) as refused:
        asker(server.url, GET)
    assert refused.value.retry_after_s == 3600.0
    assert len(server.requests) == 1


def test_a_slow_server_times_out_and_is_tried_again(asker: Asker) -> None:
    with faulty([stall, OK]) as server:
        assert asker(server.url, GET, timeout_s=0.3) == {"status": "ok"}
    with faulty([stall]) as server, pytest.raises(TimedOut):
        asker(server.url, GET, timeout_s=0.3, retries=ONCE)


def test_a_server_that_stays_away_is_given_up(asker: Asker) -> None:
    with faulty([hang_up, hang_up]) as server, pytest.raises(Unreachable) as failed:
        asker(server.url, GET, retries=Retries(tries=2, base_s=0.01))
    assert failed.value.retryable
    assert len(server.requests) == 2


def test_a_write_is_not_sent_twice_unless_the_server_can_tell(asker: Asker) -> None:
    with faulty([hang_up, OK]) as server, pytest.raises(Unreachable):
        asker(server.url, POST)
    assert len(server.requests) == 1
    with faulty([hang_up, BUSY, OK]) as server:
        assert asker(server.url, SAFE_POST) == {"status": "ok"}
    keys = {
        line
        for request in server.requests
        for line in request.splitlines()
        if line.lower().startswith("idempotency-key")
    }
    assert len(server.requests) == 3
    assert len(keys) == 1
    assert all(request.endswith('{"n": 1}') for request in server.requests)


def test_another_kind_of_server_is_unreadable(asker: Asker) -> None:
    with faulty([answer(200, ["not", "ours"])]) as server, pytest.raises(Unreadable):
        asker(server.url, GET)


def test_a_file_that_was_cut_is_fetched_again(tmp_path: Path) -> None:
    body = answer(200, ["whole"])
    listing: Call[None] = Call("GET", "/v1/x", None, save_to=tmp_path / "x.csv")
    with faulty([cut, cut, body]) as server, Client(server.url, key="", retries=FAST) as client:
        client.ask(listing)
    assert (tmp_path / "x.csv").read_text() == '["whole"]'
    with faulty([cut]) as server, pytest.raises(Unreachable):
        ask_sync(server.url, replace(listing, save_to=tmp_path / "y.csv"), retries=ONCE)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_redirect_is_not_followed_with_the_key(asker: Asker) -> None:
    away = answer(307, {}, location="http://127.0.0.1:1/elsewhere")
    with faulty([away]) as server, pytest.raises(ClientError) as refused:
        asker(server.url, GET)
    assert refused.value.status == 307


def test_the_key_is_sent_in_its_header_and_nowhere_else(
    asker: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), faulty([BUSY, OK]) as server:
        asker(server.url, GET)
    for request in server.requests:
        head, *lines = request.splitlines()
        assert "secret" not in head
        assert [line for line in lines if "secret" in line] == ["authorization: Bearer ak_x_secret"]
    assert "ak_x_secret" not in caplog.text
