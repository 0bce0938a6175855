"""Every GET route says how it may be kept: an ETag and a 304, or `no-store`."""

import re

import pytest
from tests.api.asking import ask
from tests.api.test_front import fill, list_paths
from tests.api.world import World

PERSONAL = tuple(
    f"/v1/{name}"
    for name in ("account", "alerts", "audit", "session", "keys", "jobs", "schedules", "usage")
)
"""What is said to one person only."""
MOVING = ("/metrics", "/readyz", "/v1/books", "/v1/prices", "/v1/venues")
"""What is different each time it is asked for."""
ENDLESS = "/v1/stream/events"


REVALIDATED = "private, no-cache"
KEPT = (
    ("/log/tile/", "public, no-cache"),
    ("/app/", "public, max-age=31536000, immutable"),
    ("/tile/", "public, max-age=31536000, immutable"),
    ("/log/checkpoints", REVALIDATED),
    ("/checkpoint", "public, max-age=2"),
)
"""What of the log may be kept unasked, by a part of its address; the first that fits."""


def list_addresses(world: World) -> list[str]:
    document = ask(world.app, "/openapi.json").json["paths"]
    paths = [path for path in list_paths(world) if path not in document or "get" in document[path]]
    targets: list[str] = []
    for path in dict.fromkeys(paths):
        if path == ENDLESS:
            continue
        is_personal = path.startswith(PERSONAL)
        targets += [re.sub(r"\{\w+\}", "nix", path)] if is_personal else fill(world, path)
    return targets


def test_whatever_is_answered_says_how_it_may_be_kept(world: World) -> None:
    kept = 0
    for target in list_addresses(world):
        answer = ask(world.app, target)
        policy = answer.header("cache-control")
        assert policy, f"{target} says nothing of how it may be kept"
        if answer.status != 200 or target.startswith((*PERSONAL, *MOVING)):
            assert "no-store" in policy, f"{answer.status} {target}"
            continue
        tag = answer.header("etag")
        assert tag, f"{target} has no ETag"
        assert policy == next((said for part, said in KEPT if part in target), REVALIDATED), target
        assert "accept-encoding" in answer.header("vary")
        again = ask(world.app, target, [(b"if-none-match", tag.encode())])
        assert (again.status, again.body) == (304, b""), target
        assert again.header("etag") == tag
        assert ask(world.app, target, method="HEAD").header("etag") == tag, target
        kept += 1
    assert kept > 60


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_every_coding_has_its_own_tag(world: World, coding: str) -> None:
    plain = ask(world.app, "/openapi.json").header("etag")
    answer = ask(world.app, "/openapi.json", [(b"accept-encoding", coding.encode())])
    assert answer.header("content-encoding") == coding
    assert answer.header("etag") not in ("", plain)


def test_what_is_never_kept_promises_no_304(world: World) -> None:
    document = ask(world.app, "/openapi.json").json["paths"]
    moving = [path for path in document if path.startswith(MOVING)]
    assert len(moving) > 4
    for path in moving:
        assert "304" not in document[path]["get"]["responses"], path
