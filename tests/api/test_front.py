"""The fast way equals the declared way: every route, every kind of answer, byte for byte."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from fastapi.routing import iter_route_contexts
from tests.api.asking import ask, ask_async
from tests.api.live_values import put_live
from tests.api.world import NEWEST, World, make_rows, publish

from assay import identity
from assay.api import Application
from assay.api.front import Front
from assay.api.guard import Hosts
from assay.grades import GradeKind

EVIL = (b"host", b"evil.example")
CODINGS = ("", "gzip", "zstd", "br", "zstd;q=0, gzip;q=0.5")


PERSONAL = (
    "/v1/account",
    "/v1/session",
    "/v1/audit",
    "/v1/keys",
    "/v1/usage",
    "/v1/jobs",
    "/v1/alerts",
    "/v1/schedules",
    "/v1/stream/events",
    "/v1/credentials/{credential_id}",
)
"""What is answered to one person only, in keyed mode: never remembered."""
NAMED = "/.well-known/"
"""Only with a public URL: tests/api/test_credentials.py."""
QUERIES = {
    "/v1/books": ["venue=binance&symbol=BTCUSDT"],
    "/v1/log/consistency": ["old=1", "old=0", "old=7&new=38", "old=7&new=6", "old=7&new=37"],
    "/v1/track-record/statements": ["kind=grades.trader"],
}
"""What must be asked where a path alone is too little."""


def list_paths(world: World) -> list[str]:
    routes = iter_route_contexts(world.app.routes.routes)
    return [str(route.path_format) for route in routes if "GET" in (route.methods or ())]


def fill(world: World, path: str) -> list[str]:
    """Addresses of a declared path: some that exist, some that do not, some malformed."""
    publication = ask(world.app.declared, "/v1/grades/trader?limit=1").json["publication"]
    log = ask(world.app.declared, "/v1/log").json["data"]["path"].rpartition("/")[2]
    put_live(world)
    if "{list_number}" in path:
        order = identity.Order(publication, holder=None, row=0)
        identity.issue_credential(world.app.state.identity, order)
    values = {
        "{log}": [log, "nix"],
        "{level}": ["0", "00"],
        "{tile}": ["000.p/5", "x000/000"],
        "{row}": ["3", "999", "nix"],
        "{kind}": ["trader", "nobody"],
        "{symbol}": ["BTC", "3306", "NIX"],
        "{index}": ["top-10", "TOP25", "2", "nix"],
        "{publication_id}": [publication, "nix"],
        "{account_id}": ["acc_0123456789abcdef"],
        "{key_id}": ["0123456789abcdef"],
        "{job_id}": ["job_0123456789abcdef"],
        "{rule_id}": ["rul_0123456789abcdef"],
        "{channel_id}": ["chn_0123456789abcdef"],
        "{delivery_id}": ["dlv_0123456789abcdef01234567"],
        "{credential_id}": ["cred_0123456789abcdef"],
        "{list_number}": ["1", "nix"],
        "{item}": ["BTC"],
        "{name}": [
            *("assay.css", "swagger-ui-bundle.js", "..%2fapp.py", "grades.trader"),
            re.findall(r"/app/([^\"]+\.js)", ask(world.app, "/market").body.decode())[0],
        ],
    }
    targets = [path]
    for placeholder, choices in values.items():
        targets = [t.replace(placeholder, c) for t in targets for c in choices]
    assert "{" not in "".join(targets), f"{path}: this test has no value for a new parameter"
    targets = list(dict.fromkeys(targets))
    targets += [f"{path}?{query}" for query in QUERIES.get(path, ())]
    queries = ["?limit=2", "?limit=1000", "?as_of=2022-05-01", "?as_of=nix", "?limit=0", "?nix=1"]
    return targets + [targets[0] + query for query in queries]


async def compare(app: Application, target: str, codings: Sequence[str]) -> int:
    """Ask both ways for everything that may be asked of one address; returns how often 200."""
    for method in ("HEAD", "POST", "OPTIONS"):
        expected = await ask_async(app.declared, target, (), method)
        assert await ask_async(app, target, (), method) == expected
    found = 0
    for coding in codings:
        headers = [(b"accept-encoding", coding.encode())] if coding else []
        declared = await ask_async(app.declared, target, headers)
        found += declared.status == 200
        tag = declared.header("etag").encode() or b'"x"'
        variants = [
            headers,
            [*headers, (b"if-none-match", tag)],
            [*headers, (b"if-none-match", b'"x", W/' + tag)],
            [*headers, (b"if-none-match", b'"x"')],
            [*headers, (b"x-api-key", b"somebody")],
            [*headers, (b"authorization", b"Bearer local")],
        ]
        for variant in variants:
            expected = await ask_async(app.declared, target, variant)
            assert await ask_async(app, target, variant) == expected
            assert await ask_async(app, target, variant) == expected
        evil = await ask_async(app.declared, target, headers, host=[EVIL])
        assert evil.status == 421
        assert await ask_async(app, target, headers, host=[EVIL]) == evil
    return found


async def compare_all(app: Application, targets: Sequence[str]) -> int:
    """Compare addresses of one path, the first in every coding; how many answered 200."""
    return sum(
        [
            await compare(app, target, CODINGS if place == 0 else ("zstd",))
            for place, target in enumerate(targets)
        ]
    )


@pytest.mark.slow
def test_every_route_answers_the_same_way_fast_and_declared(world: World) -> None:
    # What counts these very requests or the bytes left on the disk says something else each time.
    for path in list_paths(world):
        if path in ("/metrics", "/readyz"):
            continue
        found = asyncio.run(compare_all(world.app, fill(world, path)))
        is_personal = path.startswith((*PERSONAL, NAMED))
        assert found or is_personal, f"{path} never answered 200, so nothing was compared"


def test_a_repeated_request_is_replayed_without_the_declared_route(fresh_world: World) -> None:
    first = ask(fresh_world.app, "/v1/grades/trader")
    fresh_world.app.front.app = fail_loudly
    assert ask(fresh_world.app, "/v1/grades/trader") == first
    unchanged = ask(
        fresh_world.app, "/v1/grades/trader", [(b"if-none-match", first.header("etag").encode())]
    )
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.header("etag") == first.header("etag")


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ([(b"x-api-key", b"somebody")], "GET"),
        ([(b"authorization", b"Basic bG9jYWw=")], "GET"),
        ([(b"x-api-key", b"local"), (b"x-api-key", b"somebody")], "GET"),
        ([(b"host", b"localhost")], "GET"),
        ([], "POST"),
        ([], "HEAD"),
    ],
)
def test_whatever_is_not_a_plain_permitted_get_goes_the_declared_way(
    fresh_world: World, headers: list[tuple[bytes, bytes]], method: str
) -> None:
    ask(fresh_world.app, "/v1/grades/trader")
    fresh_world.app.front.app = fail_loudly
    with pytest.raises(AssertionError, match="declared"):
        ask(fresh_world.app, "/v1/grades/trader", headers, method)


def test_a_new_publication_empties_what_was_remembered(fresh_world: World) -> None:
    app = fresh_world.app
    before = ask(app, "/v1/grades/trader?limit=3")
    rows = make_rows(fresh_world.markets.registry, NEWEST, seed=99)
    said = publish(
        fresh_world.database, GradeKind.TRADER, NEWEST, rows, datetime(2024, 2, 1, tzinfo=UTC)
    )
    assert ask(app, "/v1/grades/trader?limit=3") == before
    assert asyncio.run(app.state.refresh())
    after = ask(app, "/v1/grades/trader?limit=3")
    assert after.json["publication"] == said.publication_id
    assert after.header("etag") != before.header("etag")
    assert not asyncio.run(app.state.refresh())


def test_an_answer_from_a_world_that_passed_meanwhile_is_not_remembered(fresh_world: World) -> None:
    state, declared = fresh_world.app.state, fresh_world.app.declared

    async def publish_meanwhile(scope: object, receive: object, send: object) -> None:
        await declared(scope, receive, send)  # type: ignore[arg-type]
        rows = make_rows(fresh_world.markets.registry, NEWEST, seed=98)
        moment = datetime(2024, 2, 1, tzinfo=UTC)
        publish(fresh_world.database, GradeKind.TRADER, NEWEST, rows, moment)
        await state.refresh()

    front = Front(publish_meanwhile, state, Hosts(), fresh_world.app.index)
    assert ask(front, "/v1/grades/trader").status == 200
    assert not front._pages


def test_what_may_change_without_the_version_word_is_not_remembered(fresh_world: World) -> None:
    assert ask(fresh_world.app, "/v1/quarantine").status == 200
    assert not fresh_world.app.front._pages
    assert ask(fresh_world.app, "/v1/candles/BTC").status == 200
    assert fresh_world.app.front._pages


def test_memory_stays_within_its_bound(fresh_world: World) -> None:
    app = fresh_world.app
    front = Front(app.declared, app.state, Hosts(), app.index, limit_bytes=40_000)
    for limit in range(1, 30):
        assert ask(front, f"/v1/grades/trader?limit={limit}").status == 200
        assert 0 < front.size_bytes <= 40_000
    assert len(front._pages) < 29


async def fail_loudly(scope: object, receive: object, send: object) -> None:
    raise AssertionError("the declared route was asked")
