"""`Idempotency-Key` over HTTP: one mechanism for every POST."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.accounts.types import LOCAL, NOBODY, AccountId, Principal, Verb
from assay.api.faces import Face
from assay.api.idempotency import HOLD, LARGEST_ANSWER, Idempotent
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.home import Home
from assay.kit.idempotency import Answer
from assay.kit.jobs import store
from assay.kit.telemetry import carry

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = {"idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


@dataclass
class State:
    """What the middleware asks of the API's state."""

    database: Database
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    faces: tuple[Face, ...] = ()

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(carry(lambda: work(*args)))


class Asked:
    """An application with one POST that writes a row, behind the middleware."""

    def __init__(self, database: Database) -> None:
        self.state = State(database)
        self.principal = LOCAL
        self.status = 201
        self.size = 0
        self.calls = 0
        self.entered = asyncio.Event()
        self.may_go_on: asyncio.Event | None = None
        route = Route("/things", self.create, methods=["POST", "GET"])
        self.app: ASGIApp = Idempotent(Starlette(routes=[route]), self.state)  # type: ignore[arg-type]

    async def create(self, request: Request) -> Response:
        self.calls += 1
        self.entered.set()
        if self.may_go_on is not None:
            await self.may_go_on.wait()
        if self.status == 201:
            await self.state.read(self._write)
        body = {"call": self.calls, "sent": (await request.body()).decode(), "x": "x" * self.size}
        return JSONResponse(body, self.status, headers={"location": f"/things/{self.calls}"})

    def _write(self) -> None:
        with self.state.database.write() as connection:
            store.beat(connection, f"wrk_{secrets.token_hex(8)}", NOW)

    @property
    def effects(self) -> int:
        with self.state.database.read() as connection:
            return len(store.list_beats(connection))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["assay.principal"] = self.principal
        await self.app(scope, receive, send)

    def run(self, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        async def go() -> None:
            transport = httpx.ASGITransport(app=self)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                await work(client)

        asyncio.run(go())


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    database = Database(Home(tmp_path / "home"))
    yield Asked(database)
    database.close()


def test_a_repeated_post_is_done_once_and_answered_the_same(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        first = await client.post("/things", content="a", headers=KEY)
        again = await client.post("/things", content="a", headers=KEY)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["location"] == first.headers["location"]
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"

    asked.run(work)
    assert (asked.calls, asked.effects) == (1, 1)


def test_without_the_header_nothing_changes(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            assert (await client.post("/things", content="a")).status_code == 201
        assert (await client.get("/things", headers=KEY)).status_code == 201

    asked.run(work)
    assert asked.calls == 3


@pytest.mark.parametrize("change", ["body", "path", "type", "scopes"])
def test_the_same_key_for_another_request_is_refused(asked: Asked, change: str) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/things", content="a", headers=KEY)
        path = "/things?x=1" if change == "path" else "/things"
        headers = {**KEY, "content-type": "text/csv"} if change == "type" else KEY
        if change == "scopes":
            asked.principal = replace(LOCAL, scopes=frozenset({Verb.USE}))
        content = "b" if change == "body" else "a"
        refused = await client.post(path, content=content, headers=headers)
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency-key-reused"

    asked.run(work)
    assert asked.effects == 1


def test_accounts_do_not_share_keys(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        first = await client.post("/things", content="a", headers=KEY)
        asked.principal = Principal(AccountId("acc_other"), LOCAL.role, LOCAL.plan)
        other = await client.post("/things", content="a", headers=KEY)
        assert first.json()["call"] == 1
        assert other.json()["call"] == 2

    asked.run(work)


def test_without_an_account_nothing_is_recorded(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked.principal = NOBODY
        for call in (1, 2):
            answer = await client.post("/things", content="a", headers=KEY)
            assert answer.json()["call"] == call

    asked.run(work)


def test_a_second_try_meanwhile_is_told_to_wait(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked.may_go_on = asyncio.Event()
        first = asyncio.create_task(client.post("/things", content="a", headers=KEY))
        await asked.entered.wait()
        second = await client.post("/things", content="a", headers=KEY)
        assert second.status_code == 409
        assert second.json()["code"] == "request-in-progress"
        assert int(second.headers["retry-after"]) >= 1
        asked.may_go_on.set()
        assert (await first).status_code == 201
        assert (await client.post("/things", content="a", headers=KEY)).status_code == 201

    asked.run(work)
    assert (asked.calls, asked.effects) == (1, 1)


@pytest.mark.parametrize(
    ("status", "calls"), [(400, 1), (404, 1), (422, 1), (401, 2), (403, 2), (429, 2), (503, 2)]
)
def test_a_refusal_that_may_pass_is_asked_again(asked: Asked, status: int, calls: int) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked.status = status
        for _ in range(2):
            answer = await client.post("/things", content="a", headers=KEY)
            assert answer.status_code == status

    asked.run(work)
    assert asked.calls == calls


def test_a_client_that_leaves_does_not_keep_the_record_open(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked.may_go_on = asyncio.Event()
        first = asyncio.create_task(client.post("/things", content="a", headers=KEY))
        await asked.entered.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        asked.may_go_on = None
        assert (await client.post("/things", content="a", headers=KEY)).status_code == 201

    asked.run(work)
    assert asked.effects == 1


def test_an_answer_too_large_to_keep_is_not_done_again(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        asked.size = LARGEST_ANSWER
        assert (await client.post("/things", content="a", headers=KEY)).status_code == 201
        again = await client.post("/things", content="a", headers=KEY)
        assert again.status_code == 409

    asked.run(work)
    assert asked.effects == 1


@pytest.mark.parametrize("key", ["", "short", '"x"', "a" * 256, "sixteen chars and spaces", '""'])
def test_a_malformed_key_is_refused(asked: Asked, key: str) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        refused = await client.post("/things", headers={"idempotency-key": key})
        assert refused.status_code == 422
        assert refused.json()["code"] == "bad-input"

    asked.run(work)
    assert asked.calls == 0


def test_two_keys_are_refused_and_quotes_do_not_matter(asked: Asked) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        pair = [("idempotency-key", "0123456789abcdef"), ("idempotency-key", "fedcba9876543210")]
        assert (await client.post("/things", headers=pair)).status_code == 422
        bare = {"idempotency-key": KEY["idempotency-key"].strip('"')}
        await client.post("/things", content="a", headers=bare)
        again = await client.post("/things", content="a", headers=KEY)
        assert again.headers["idempotency-replayed"] == "true"

    asked.run(work)


def test_a_handler_may_say_its_answer_with_its_write(asked: Asked) -> None:
    said = Answer(202, [(b"location", b"/v1/jobs/1")], b"{}")

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        hold = HOLD.get()
        assert hold is not None
        hold.answer = said
        await asked.state.read(asked._write)
        raise RuntimeError("as if killed before it could answer")

    asked.app = Idempotent(handler, asked.state)  # type: ignore[arg-type]

    async def work(client: httpx.AsyncClient) -> None:
        with pytest.raises(RuntimeError):
            await client.post("/things", content="a", headers=KEY)
        again = await client.post("/things", content="a", headers=KEY)
        assert (again.status_code, again.headers["location"]) == (202, "/v1/jobs/1")

    asked.run(work)
    assert asked.effects == 1


def test_a_face_refuses_in_its_own_words(asked: Asked) -> None:
    def describe(error: AssayError) -> Response:
        return PlainTextResponse(f"face: {error.code}", error.status)

    asked.state.faces = (Face("/things", APIRouter(), describe),)

    async def work(client: httpx.AsyncClient) -> None:
        refused = await client.post("/things", headers={"idempotency-key": "short"})
        assert (refused.status_code, refused.text) == (422, "face: bad-input")

    asked.run(work)
