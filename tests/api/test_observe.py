"""Request ids, and the one line that each request leaves in the log."""

import logging
import re

import pytest
from tests.api.asking import ask
from tests.api.world import World

MADE = re.compile(r"[0-9a-f]{16}")


@pytest.mark.parametrize("given", ["abcdefgh", "A.b_c-1234", "0" * 64])
def test_a_well_formed_id_of_the_caller_is_kept(world: World, given: str) -> None:
    answer = ask(world.app.declared, "/v1/tokens", [(b"x-request-id", given.encode())])
    assert answer.request_id == given


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"short",
        b"0" * 65,
        b"with space",
        b"a\r\nb: cdefgh",
        b'"quoted"',
        b"\xff" * 9,
        b"ak_0123456789abcdef_Zm9vYmFyYmF6cXV4Zm9vYmFy",
    ],
)
def test_any_other_is_replaced(world: World, given: bytes) -> None:
    answer = ask(world.app.declared, "/v1/tokens", [(b"x-request-id", given)])
    assert MADE.fullmatch(answer.request_id)


def test_ids_differ_and_replayed_answers_have_none(world: World) -> None:
    first, second = (ask(world.app.declared, "/v1/tokens").request_id for _ in range(2))
    assert first != second
    for _ in range(2):
        replayed = ask(world.app, "/v1/tokens?limit=13")
    assert replayed.request_id == ""


@pytest.mark.parametrize(
    ("target", "route", "status"),
    [
        ("/v1/tokens/BTC?as_of=2023-01-01", "/v1/tokens/{symbol}", 200),
        ("/v1/tokens/BTC?as_of=nonsense", "/v1/tokens/{symbol}", 422),
        ("/secret/path", "unmatched", 404),
    ],
)
def test_a_line_names_the_template_and_never_what_was_asked(
    world: World, caplog: pytest.LogCaptureFixture, target: str, route: str, status: int
) -> None:
    caplog.set_level(logging.INFO, "assay.api.requests")
    ask(world.app.declared, target)
    (record,) = [each for each in caplog.records if each.name == "assay.api.requests"]
    said = record.__dict__
    assert (said["route"], said["status"], said["method"]) == (route, status, "GET")
    assert (record.levelname, said["account_id"]) == ("INFO", "local")
    assert not [value for value in said.values() if isinstance(value, str) and "secret" in value]
    assert not [value for value in said.values() if isinstance(value, str) and "as_of" in value]


def test_what_failed_is_a_warning(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "assay.api.requests")
    world.app.state.draining.began_at = 1.0
    ask(world.app.declared, "/readyz")
    world.app.state.draining.began_at = None
    assert [each.levelname for each in caplog.records] == ["WARNING"]


def test_requests_under_way_are_counted_and_uncounted(world: World) -> None:
    before = world.app.state.stats.in_flight
    for target in ("/v1/tokens", "/nowhere", "/v1/tokens?limit=x"):
        ask(world.app.declared, target)
    assert world.app.state.stats.in_flight == before == 0
