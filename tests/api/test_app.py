"""The one error shape, readiness, the watcher, and what happens when something breaks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from tests.api.asking import ask
from tests.api.world import World, make_world

from assay.api.app import watch_world
from assay.api.problems import PROBLEMS, NotReady, describe_problem
from assay.api.state import ComputeQueue
from assay.kit import errors
from assay.kit.errors import AssayError, Busy, SourceUnavailable
from assay.kit.home import Home

MEMBERS = {"type", "title", "status", "code", "detail", "hint", "retryable"}


def list_errors(base: type[AssayError] = AssayError) -> list[type[AssayError]]:
    """The errors with a code of their own; one without is told as the error it is a case of."""
    below = (found for sub in base.__subclasses__() for found in list_errors(sub))
    return [*([base] if "code" in vars(base) else []), *below]


@pytest.mark.parametrize("error", list_errors(), ids=lambda error: error.__name__)
def test_every_error_of_the_family_has_a_title_and_a_remedy(error: type[AssayError]) -> None:
    kind = PROBLEMS[error.code]
    assert kind.error is error
    assert kind.title
    assert kind.remedy


def test_every_error_of_the_kit_is_documented() -> None:
    family = {e for e in vars(errors).values() if isinstance(e, type) and e is not AssayError}
    family = {e for e in family if issubclass(e, AssayError)}
    assert family <= {kind.error for kind in PROBLEMS.values()}


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [
        (Busy("b"), "2"),
        (SourceUnavailable("s", retry_after_s=12.3), "13"),
        (SourceUnavailable("s"), "2"),
        (errors.NotFound("n"), ""),
    ],
)
def test_what_may_be_retried_says_when(error: AssayError, retry_after: str) -> None:
    headers = dict(describe_problem(error).raw_headers)
    assert headers.get(b"retry-after", b"").decode() == retry_after


@pytest.mark.parametrize(
    ("target", "method", "status", "code"),
    [
        ("/nix", "GET", 404, "not-found"),
        ("/v1", "GET", 404, "not-found"),
        ("/v1/tokens/", "GET", 404, "not-found"),
        ("/v1/grades", "GET", 404, "not-found"),
        ("/assets/..%2fapp.py", "GET", 404, "not-found"),
        ("/assets/swagger-ui.LICENSE.txt", "GET", 404, "not-found"),
        ("/v1/tokens", "POST", 405, "method-not-allowed"),
        ("/v1/tokens", "BREW", 405, "method-not-allowed"),
        ("/v1/grades/nobody", "GET", 422, "bad-input"),
    ],
)
def test_every_refusal_is_a_problem_document(
    world: World, target: str, method: str, status: int, code: str
) -> None:
    answer = ask(world.app, target, method=method)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("cache-control") == "no-store"
    assert set(answer.json) >= MEMBERS
    assert answer.json["type"] == f"/errors#{code}"
    if status == 405:
        assert answer.header("allow") == "GET, HEAD"


def test_head_is_get_without_the_body(world: World) -> None:
    whole = ask(world.app, "/v1/tokens")
    head = ask(world.app, "/v1/tokens", method="HEAD")
    assert (head.status, head.headers, head.body) == (whole.status, whole.headers, b"")


def test_a_defect_of_ours_shows_nothing_of_our_insides(
    fresh_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret inside")

    fresh_world.grades.load_grade_history = fail  # type: ignore[method-assign, assignment]
    answer = ask(fresh_world.app, "/v1/grades/trader/BTC")
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert answer.header("content-type") == "application/problem+json"
    assert b"secret" not in answer.body
    # The log has it, once, with the place.
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert record.__dict__["route"] == "/v1/grades/{kind}/{symbol}"


@dataclass
class Loading:
    """A first load under way."""

    done: bool = False

    def is_ready(self) -> bool:
        return self.done

    def progress(self) -> str:
        return "Grading <day> 3 of 9."


def test_until_all_is_loaded_the_answer_is_503_with_the_progress(tmp_path: Path) -> None:
    loading = Loading()
    world = make_world(tmp_path, is_ready=loading.is_ready, progress=loading.progress)
    for target in ("/readyz", "/v1/tokens", "/v1/grades/trader", "/v1/candles/BTC"):
        answer = ask(world.app, target)
        assert (answer.status, answer.json["code"]) == (503, NotReady.code)
        assert answer.json["detail"] == "Grading <day> 3 of 9."
        assert (answer.json["retryable"], answer.header("retry-after")) == (True, "2")
    assert ask(world.app, "/healthz").json == {"status": "ok"}
    assert ask(world.app, "/").status == 200
    loading.done = True
    for target in ("/readyz", "/v1/tokens", "/v1/grades/trader", "/v1/candles/BTC", "/"):
        assert ask(world.app, target).status == 200


def test_facts_that_arrive_later_are_noticed(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    empty = make_world(tmp_path / "empty", days=0)
    empty.markets.generation = None
    asyncio.run(empty.app.state.refresh())
    assert ask(world.app, "/readyz").status == 200
    assert ask(empty.app, "/readyz").status == 503
    empty.markets.generation = "2"
    assert asyncio.run(empty.app.state.refresh())
    assert ask(empty.app, "/readyz").status == 200
    assert ask(empty.app, "/v1/tokens").status == 200
    nothing = ask(empty.app, "/v1/grades/trader")
    assert (nothing.status, nothing.json["code"]) == (404, "not-found")
    assert "assay backfill --kind trader" in nothing.json["hint"]


def test_the_watcher_outlives_a_failed_look(
    fresh_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    state, markets = fresh_world.app.state, fresh_world.markets
    noticed = Event()
    read, looks = markets.load_facts_version, []

    def load_facts_version(home: Home) -> str | None:
        looks.append(home)
        if len(looks) == 1:
            raise OSError("the disk went away")
        if len(looks) > 2:
            noticed.set()
        return read(home)

    async def watch() -> None:
        watcher = asyncio.create_task(watch_world(state, every_s=0.0))
        await asyncio.to_thread(noticed.wait)
        watcher.cancel()

    markets.load_facts_version = load_facts_version  # type: ignore[method-assign]
    asyncio.run(watch())
    assert len(looks) > 2
    assert "could not be read" in caplog.text


def test_the_running_application_watches_by_itself_and_closes_after(fresh_world: World) -> None:
    routes, markets = fresh_world.app.routes, fresh_world.markets
    noticed, looks = Event(), []

    def load_facts_version(home: Home) -> str | None:
        looks.append(home)
        # At the second look the first one has been acted upon.
        if len(looks) > 1:
            noticed.set()
        return "2"

    async def run() -> None:
        markets.load_facts_version = load_facts_version  # type: ignore[method-assign]
        async with routes.router.lifespan_context(routes):
            await asyncio.to_thread(noticed.wait)
            assert fresh_world.app.state.world.word.facts_version == "2"

    asyncio.run(run())
    assert ask(fresh_world.app, "/v1/tokens").status == 500


def test_heavy_work_runs_one_at_a_time_shares_equal_runs_and_is_bounded() -> None:
    queue, gate, ran = ComputeQueue(limit=2), Event(), []

    def work(name: str) -> Callable[[], str]:
        def run() -> str:
            gate.wait()
            ran.append(name)
            return name

        return run

    async def main() -> None:
        first = [asyncio.create_task(queue.run("a", work("a"))) for _ in range(3)]
        second = asyncio.create_task(queue.run("b", work("b")))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await queue.run("c", work("c"))
        first[0].cancel()
        gate.set()
        assert await first[1] == await first[2] == "a"
        assert await second == "b"
        assert await queue.run("a", work("a")) == "a"

    asyncio.run(main())
    queue.close()
    assert ran == ["a", "b", "a"]


@dataclass
class Filling:
    """Past days that are being published beside the server."""

    text: str = "Publishing <indices>: 340 of 999"

    def history(self) -> str:
        return self.text


def test_history_that_is_being_published_is_told_and_never_remembered(tmp_path: Path) -> None:
    filling = Filling()
    world = make_world(tmp_path, days=0, history=filling.history)
    assert ask(world.app, "/readyz").json["history"] == filling.text
    assert filling.text in ask(world.app, "/v1/indices").json["hint"]
    filling.text = ""
    assert ask(world.app, "/readyz").json["history"] is None
    assert "assay backfill --kind indices" in ask(world.app, "/v1/indices").json["hint"]
