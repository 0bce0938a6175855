"""Waiting for a job: growing looks, the end, the failure, the patience that ends."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.client.faulty import Act, answer, faulty, hang_up, refuse

from assay.client import AsyncClient, Client, JobFailed, NotFound, Retries, StillRunning
from assay.client.core.answers import Reply
from assay.client.core.cache import Remembered
from assay.client.core.exchange import Session, Wait
from assay.client.core.watching import watch_job

FAST = Retries(base_s=0.01, cap_s=0.02)
PROBLEM = {
    "type": "/errors#not-enough-data",
    "title": "Not enough data",
    "status": 422,
    "code": "not-enough-data",
    "detail": "The window holds too little.",
    "hint": "Take a longer one.",
    "retryable": False,
}
Waiter = Callable[..., Any]


def job(state: str, done: int = 0, error: dict[str, Any] | None = None) -> Act:
    return answer(200, show(state, done, error))


def show(state: str, done: int = 0, error: dict[str, Any] | None = None) -> dict[str, Any]:
    links = {"self": "/v1/jobs/job_1", "events": "/v1/jobs/job_1/events"}
    data = {
        "job_id": "job_1",
        "account_id": "local",
        "kind": "evaluation",
        "parameters": {"kind": "trader"},
        "state": state,
        "label": "days",
        "done": done,
        "total": 4,
        "percent": 25.0 * done,
        "attempts": 1,
        "created_at": "2023-12-30T12:00:00Z",
        "started_at": None,
        "ended_at": None,
        "error": error,
        "links": {**links, "result": None, "page": None},
    }
    return {"data": data, "as_of": None, "publication": None, "origin": None}


def wait_sync(url: str, **options: Any) -> Any:
    with Client(url, key="", retries=FAST) as client:
        return client.wait_for_job("job_1", **options)


def wait_async(url: str, **options: Any) -> Any:
    async def wait() -> Any:
        async with AsyncClient(url, key="", retries=FAST) as client:
            return await client.wait_for_job("job_1", **options)

    return asyncio.run(wait())


@pytest.fixture(params=[wait_sync, wait_async], ids=["sync", "async"])
def waiter(request: pytest.FixtureRequest) -> Waiter:
    made: Waiter = request.param
    return made


def test_it_comes_back_when_the_job_is_done(waiter: Waiter) -> None:
    told: list[tuple[str, int]] = []
    acts = [job("queued"), hang_up, job("running", 2), job("done", 4)]
    with faulty(acts) as server:
        ended = waiter(server.url, tell=lambda seen: told.append((seen.state, seen.done)))
    assert ended.state == "done"
    assert told == [("queued", 0), ("running", 2), ("done", 4)]
    assert len(server.requests) == 4


def test_a_failed_job_is_raised_with_its_problem(waiter: Waiter) -> None:
    with faulty([job("failed", error=PROBLEM)]) as server, pytest.raises(JobFailed) as failed:
        waiter(server.url)
    assert (failed.value.code, failed.value.hint) == ("not-enough-data", "Take a longer one.")


def test_a_cancelled_job_is_raised(waiter: Waiter) -> None:
    with faulty([job("cancelled")]) as server, pytest.raises(JobFailed) as failed:
        waiter(server.url)
    assert failed.value.code == "cancelled"


def test_patience_ends(waiter: Waiter) -> None:
    looks = [job("running"), job("running")]
    with faulty(looks) as server, pytest.raises(StillRunning) as waiting:
        waiter(server.url, timeout_s=0.05)
    assert waiting.value.retryable
    assert len(server.requests) == 2


def test_two_minutes_of_waiting_cost_few_requests() -> None:
    running = json.dumps(show("running")).encode()
    passed, looks = 0.0, 0
    session = Session(FAST, Remembered(0), lambda: 0.0, lambda: "")
    steps = watch_job("job_1", session, 600.0, lambda: passed, None)
    step = next(steps)
    while passed < 120.0:
        if isinstance(step, Wait):
            passed += step.seconds
            step = steps.send(None)
        else:
            looks += 1
            step = steps.send(Reply(200, {"content-type": "application/json"}, running))
    assert looks <= 25


def test_a_job_of_somebody_else_is_not_there(waiter: Waiter) -> None:
    with faulty([refuse(404, "not-found", retryable=False)]) as server, pytest.raises(NotFound):
        waiter(server.url)
