"""Two serving processes that share Redis: what one writes the other sees without polling."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from tests.api.people import Site, open_site
from tests.kit.bus.servers import Server, server

from assay.accounts.types import Role
from assay.api.hearing import listen
from assay.kit.bus import CHANGES, JOBS, MemoryBus
from assay.kit.jobs import store

__all__ = ["server"]

PATIENCE_S = 60.0
SLOW_S = 3600.0


@pytest.fixture
def pair(tmp_path: Path, redis_url: str) -> Iterator[tuple[Site, Site]]:
    settings: dict[str, Any] = {"redis_url": SecretStr(redis_url)}
    with (
        open_site(tmp_path / "home", **settings) as one,
        open_site(tmp_path / "home", **settings) as other,
    ):
        yield one, other


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


class Looked:
    """What `listen` asks of the API's state, counted."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.access = None
        self.job_watch = self
        self.looks = 0
        self.nudges = 0

    async def refresh(self) -> bool:
        self.looks += 1
        if self.looks == 1:
            raise RuntimeError("the database is away for a moment")
        return False

    def nudge(self) -> None:
        self.nudges += 1


def test_much_that_is_heard_is_looked_at_rarely_and_a_failure_ends_nothing() -> None:
    async def work() -> Looked:
        looked = Looked()
        task = asyncio.create_task(listen(looked))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        for _ in range(200):
            looked.bus.publish(CHANGES)
            looked.bus.publish(JOBS, b"job_a")
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            while looked.nudges < 200 or looked.looks < 2:  # noqa: ASYNC110 - counted, not told
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return looked

    looked = asyncio.run(work())
    assert looked.nudges == 200
    assert 2 <= looked.looks < 50


def test_a_revoked_key_ends_in_the_other_process(pair: tuple[Site, Site]) -> None:
    one, other = pair
    account = one.create(role=Role.USER)
    key = one.create_key(account)
    second = one.create_key(account)

    def ask() -> int:
        return httpx.get(f"{other.url}/v1/account", headers={"x-api-key": key}).status_code

    until(lambda: ask() == 200)
    sent = {"x-api-key": second, "origin": one.url}
    key_id = key.split("_")[1]
    assert httpx.delete(f"{one.url}/v1/keys/{key_id}", headers=sent).status_code < 300
    until(lambda: ask() == 401)


def test_a_worker_elsewhere_wakes_those_who_follow_a_job(pair: tuple[Site, Site]) -> None:
    one, other = pair
    # From here on only the bus wakes.
    other.app.state.job_watch.poll_s = SLOW_S
    account = one.create(role=Role.USER)
    headers = {"x-api-key": one.create_key(account), "origin": one.url}
    made = httpx.post(f"{one.url}/v1/evaluations", json={"kind": "signals"}, headers=headers)
    job_id = made.json()["data"]["job_id"]
    url = f"{other.url}/v1/jobs/{job_id}/events"
    with httpx.stream("GET", url, headers=headers, timeout=PATIENCE_S) as events:
        lines = (line for line in events.iter_lines() if line.startswith("event: "))
        assert next(lines) == "event: progress"
        until(lambda: bool(other.app.state.job_watch.waiting))
        with one.app.state.database.write() as connection:
            store.want_cancelled(connection, job_id, one.clock.now())
        one.app.state.bus.publish(JOBS, job_id.encode())
        assert next(lines) == "event: end"


def test_without_redis_the_bus_is_in_the_process(tmp_path: Path) -> None:
    with open_site(tmp_path / "home") as site:
        assert isinstance(site.app.state.bus, MemoryBus)


def test_a_redis_that_dies_under_load_loses_no_accepted_write(
    tmp_path: Path, server: Server
) -> None:
    with open_site(tmp_path / "home", redis_url=SecretStr(server.url)) as site:
        key = site.create_key(site.create(role=Role.OWNER))
        accepted: list[str] = []

        def send() -> None:
            with httpx.Client(base_url=site.url, timeout=60.0) as client:
                for _ in range(15):
                    headers = {"x-api-key": key, "idempotency-key": str(uuid.uuid4())}
                    body = {"kind": "signals"}
                    answer = client.post("/v1/evaluations", json=body, headers=headers)
                    assert answer.status_code == 202, answer.text
                    accepted.append(answer.json()["data"]["job_id"])

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: len(accepted) >= 10)
        server.kill()
        for thread in threads:
            thread.join()
        headers = {"x-api-key": key}
        listed = httpx.get(f"{site.url}/v1/jobs?limit=1000", headers=headers, timeout=60.0)
        assert {job["job_id"] for job in listed.json()["data"]} == set(accepted)
        assert len(set(accepted)) == 45
        url = f"{site.url}/v1/jobs/{accepted[0]}/events"
        with httpx.stream("GET", url, headers=headers, timeout=60.0) as events:
            lines = (line for line in events.iter_lines() if line.startswith("event: "))
            assert next(lines) == "event: progress"
            with site.app.state.database.write() as connection:
                store.want_cancelled(connection, accepted[0], site.clock.now())
            assert next(lines) == "event: end", "polling finds what nobody could say"
