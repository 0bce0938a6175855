"""/readyz: what it looks at, what makes it fail, and who may see why."""

import asyncio
import dataclasses
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from tests.api.asking import Answer, ask
from tests.api.people import Site, open_site
from tests.api.world import NEWEST, World, make_world

from assay.accounts.types import Role, Verb
from assay.api.readiness import Readiness, check_stored
from assay.kit.database import Database
from assay.kit.settings import Settings

NAMES = ["server", "lake", "panel", "facts", "database", "migrations", "disk", "bus"]


def change(world: World, **settings: Any) -> None:
    state = world.app.state
    state.settings = Settings(home=state.home.path, **settings)


def get_checks(answer: Answer) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in answer.json["checks"]}


def test_when_all_is_well_every_check_says_what_was_seen(world: World) -> None:
    answer = ask(world.app, "/readyz")
    assert (answer.status, answer.json["status"]) == (200, "ready")
    checks = get_checks(answer)
    assert list(checks) == NAMES
    assert all(check["ok"] and check["detail"] for check in checks.values())
    assert str(NEWEST) in checks["panel"]["detail"]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"facts_max_age_h": 11.0}, "facts"),
        ({"min_free_mb": 10**9}, "disk"),
    ],
)
def test_a_limit_that_is_passed_fails_it_and_is_named(
    fresh_world: World, settings: dict[str, Any], name: str
) -> None:
    change(fresh_world, **settings)
    answer = ask(fresh_world.app, "/readyz")
    assert (answer.status, answer.json["code"], answer.json["retryable"]) == (
        503,
        "not-ready",
        True,
    )
    assert name in answer.json["detail"]
    assert not get_checks(answer)[name]["ok"]
    assert ask(fresh_world.app, "/healthz").status == 200


def test_facts_within_their_limit_pass(fresh_world: World) -> None:
    change(fresh_world, facts_max_age_h=12.0)
    assert ask(fresh_world.app, "/readyz").status == 200


def test_a_database_that_does_not_answer_fails_it(fresh_world: World) -> None:
    state = fresh_world.app.state
    state.home.database.write_bytes(b"no database at all, for the time being " * 100)
    answer = ask(fresh_world.app, "/readyz")
    assert answer.status == 503
    failed = [name for name, check in get_checks(answer).items() if not check["ok"]]
    assert failed == ["database", "migrations"]


def test_a_schema_of_another_version_fails_it(fresh_world: World) -> None:
    database: Database = fresh_world.database
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    answer = ask(fresh_world.app, "/readyz")
    assert answer.status == 503
    assert not get_checks(answer)["migrations"]["ok"]


def test_without_redis_it_says_so_and_stays_ready(fresh_world: World) -> None:
    change(fresh_world, redis_url="redis://127.0.0.1:1/0")
    answer = ask(fresh_world.app, "/readyz")
    bus = get_checks(answer)["bus"]
    assert (answer.status, bus["ok"], bus["required"]) == (200, False, False)


def test_many_who_ask_at_once_share_a_look(world: World) -> None:
    looks = []
    readiness = Readiness(world.app.state)

    async def read(work: Any, *args: Any) -> Any:
        looks.append(work)
        await asyncio.sleep(0.01)
        return work(*args)

    async def main() -> None:
        state = dataclasses.replace(world.app.state)  # one whose reads are counted
        readiness.state = _Counting(state, read)  # type: ignore[assignment]
        await asyncio.gather(*(readiness.look() for _ in range(50)))
        await readiness.look()

    asyncio.run(main())
    assert looks == [check_stored]


class _Counting:
    """A state with another way to read."""

    def __init__(self, state: Any, read: Any) -> None:
        self._state = state
        self.read = read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def test_draining_shows_at_once(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert ask(world.app, "/readyz").status == 200
    world.app.state.draining.begin()
    answer = ask(world.app, "/readyz")
    assert (answer.status, answer.json["detail"]) == (503, "this process is about to stop")


@pytest.mark.slow
def test_in_keyed_mode_only_an_operator_sees_why(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        owner, user = site.create("o@example.org", Role.OWNER), site.create()
        keys = {
            "operator": site.create_key(owner, *Verb),
            "owner without the scope": site.create_key(owner, Verb.READ),
            "user": site.create_key(user, *Verb),
        }
        until = monotonic() + 30.0
        while any(ask_as(site, key).status_code == 401 for key in keys.values()):
            assert monotonic() < until, "processes look for new keys twice a second"
            sleep(0.05)
        assert httpx.get(f"{site.url}/readyz", trust_env=False).json()["checks"] is None
        site.app.state.draining.begin()
        for who, key in keys.items():
            answer = ask_as(site, key)
            assert answer.status_code == 503
            assert ("checks" in answer.json()) == (who == "operator")
            assert ("about to stop" in answer.json()["detail"]) == (who == "operator")


def ask_as(site: Site, key: str) -> httpx.Response:
    return httpx.get(f"{site.url}/readyz", headers={"x-api-key": key}, trust_env=False)
