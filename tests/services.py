"""Real PostgreSQL and Redis for tests: a database or a key prefix of one's own, gone afterwards.

They are found by ASSAY_TEST_DATABASE_URL and ASSAY_TEST_REDIS_URL or at their usual ports on this
machine. Without them a test is skipped, under ASSAY_REQUIRE=all it fails.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import make_url

from assay.kit.home import Home

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"


def miss(service: str, reason: object) -> None:
    """Skip the test, or fail it where every service is required."""
    if os.environ.get("ASSAY_REQUIRE") == "all":
        pytest.fail(f"{service} is missing and ASSAY_REQUIRE=all: {reason}")
    pytest.skip(f"{service} does not run here")


@contextmanager
def own_database() -> Iterator[str]:
    """The URL of an empty database that is dropped at the end."""
    url = os.environ.get("ASSAY_TEST_DATABASE_URL") or POSTGRES
    name = f"assay_test_{secrets.token_hex(8)}"
    try:
        server = psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        miss("PostgreSQL", error)
        raise
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with own_database() as url:
        yield url


@pytest.fixture
def other_postgres_url() -> Iterator[str]:
    """Another one."""
    with own_database() as url:
        yield url


@pytest.fixture
def redis_url() -> str:
    """The URL of a Redis; keep to the keys that begin with `redis_prefix`."""
    url = os.environ.get("ASSAY_TEST_REDIS_URL") or REDIS
    try:
        with redis.Redis.from_url(url) as client:
            client.ping()
    except redis.ConnectionError as error:
        miss("Redis", error)
    return url


@pytest.fixture
def redis_prefix(redis_url: str) -> Iterator[str]:
    """A key prefix of this test's own; whatever begins with it is deleted afterwards."""
    prefix = f"assay-test-{secrets.token_hex(8)}:"
    yield prefix
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


@pytest.fixture(params=["sqlite", "postgres"])
def each_home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """An empty home on each kind of database."""
    if request.param == "sqlite":
        return Home(tmp_path / "home").create()
    url = request.getfixturevalue("postgres_url")
    return Home(tmp_path / "home", SecretStr(url)).create()
