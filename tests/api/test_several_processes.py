"""Several servers over one PostgreSQL, Redis and home folder: one says it, all answer it."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from tests.api.spoken import SAID_AT
from tests.api.world import NEWEST, World, make_rows, make_world, publish

from assay.grades.types import GradeKind
from assay.ledger import Publication

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
SERVE = """
import sys, types
# Some libraries install a package of this name too.
package = sys.modules["tests"] = types.ModuleType("tests")
package.__path__ = [sys.argv[1]]
from tests.api.shared_server import serve
serve(*sys.argv[2:])
"""
MANY_LOOKS = 600


def start(home: Path, url: str, redis_url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(TESTS), str(home), url, redis_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(address: str) -> Any:
    with urllib.request.urlopen(f"{address}/v1/grades/trader") as answer:  # noqa: S310 - loopback
        return json.load(answer)


def wait_until_said(address: str, said: Publication) -> float:
    """Seconds until the server answers with the publication."""
    began = time.monotonic()
    for _ in range(MANY_LOOKS):
        try:
            if ask(address)["publication"] == said.publication_id:
                return time.monotonic() - began
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
        time.sleep(0.05)
    raise AssertionError(f"{address} never said {said.publication_id}")


def say(world: World, number: int) -> Publication:
    """Correct the newest day once more."""
    rows = make_rows(world.markets.registry, NEWEST, 100 + number)
    at = SAID_AT + timedelta(seconds=number)
    return publish(world.database, GradeKind.TRADER, NEWEST, rows, at)


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> Iterator[World]:
    world = make_world(tmp_path / "home", url=SecretStr(postgres_url))
    yield world
    world.app.state.close()


@pytest.fixture
def servers(
    world: World, tmp_path: Path, postgres_url: str, redis_url: str
) -> Iterator[list[tuple["subprocess.Popen[str]", str]]]:
    started = [start(tmp_path / "home", postgres_url, redis_url) for _ in range(2)]
    try:
        addresses = [
            (server.stdout.readline().strip(), server) for server in started if server.stdout
        ]
        yield [(server, address) for address, server in addresses]
    finally:
        for server in started:
            server.kill()
            server.communicate()


def test_what_one_says_all_answer_even_after_a_server_was_killed(
    world: World, servers: list[tuple["subprocess.Popen[str]", str]]
) -> None:
    assert world.days[-1] == NEWEST == date.fromisoformat(ask(servers[0][1])["as_of"])
    for number in range(5):
        said = say(world, number)
        with ThreadPoolExecutor(2) as pool:
            waits = list(pool.map(wait_until_said, [address for _, address in servers], [said] * 2))
        print(f"seen after {max(waits):.2f} s")  # noqa: T201 - the figure of the runbook
    first, second = (ask(address) for _, address in servers)
    assert first == second
    servers[0][0].kill()
    servers[0][0].wait()
    wait_until_said(servers[1][1], say(world, 9))


def test_servers_outlive_connections_that_are_cut(
    world: World, servers: list[tuple["subprocess.Popen[str]", str]]
) -> None:
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _, address in servers:
        ask(address)
    with world.database.write() as connection:
        assert connection.execute(cut).scalar_one() > 0
    said = say(world, 1)
    for _, address in servers:
        wait_until_said(address, said)
