"""Headers that every answer carries, and what pages of other origins may do."""

import pytest
from tests.api.asking import Answer, ask
from tests.api.world import World

from assay.api.security import BASE_HEADERS, Cors, read_origins
from assay.kit.errors import BadInput

FRIEND = b"https://app.example.com"
STRANGER = b"https://evil.example"


def check_headers(answer: Answer) -> None:
    names = [name for name, _ in answer.headers]
    assert len(names) == len(set(names)) or answer.status == 401
    for name, value in BASE_HEADERS:
        assert answer.header(name.decode()) == value.decode()
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    assert "server" not in {name.decode() for name in names}


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/docs",
        "/errors",
        "/openapi.json",
        "/assets/docs.js",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/tokens",
        "/v1/briefing.html",
        "/nowhere",
        "/v1/tokens?limit=x",
        "/v1/tokens/NOPE",
    ],
)
def test_every_answer_carries_them_once_also_when_replayed(world: World, target: str) -> None:
    for _ in range(2):
        check_headers(ask(world.app, target))
    check_headers(ask(world.app, target, method="HEAD"))
    check_headers(ask(world.app, target, method="POST"))


def test_refusals_of_the_guard_carry_them_too(world: World) -> None:
    check_headers(ask(world.app, "/v1/tokens", [(b"x-api-key", b"wrong")]))
    check_headers(ask(world.app, "/v1/tokens", host=[(b"host", b"evil.example")]))


def test_without_a_list_no_page_of_another_origin_may_read(world: World) -> None:
    answer = ask(world.app, "/v1/tokens", [(b"origin", STRANGER)])
    assert answer.header("access-control-allow-origin") == ""
    asked = [(b"origin", STRANGER), (b"access-control-request-method", b"GET")]
    preflight = ask(world.app, "/v1/tokens", asked, method="OPTIONS")
    assert preflight.status == 405
    assert preflight.header("access-control-allow-origin") == ""


@pytest.fixture
def open_app(world: World) -> Cors:
    return Cors(world.app.front, read_origins("https://app.example.com, http://localhost:3000"))


def test_a_listed_origin_may_read_and_caches_are_told(open_app: Cors) -> None:
    for _ in range(2):
        answer = ask(open_app, "/v1/tokens", [(b"origin", FRIEND)])
        assert answer.status == 200
        assert answer.header("access-control-allow-origin") == FRIEND.decode()
        assert "etag" in answer.header("access-control-expose-headers")
        assert answer.header("vary") == "accept-encoding, origin" or answer.header("vary").endswith(
            ", origin"
        )
        assert answer.header("cross-origin-resource-policy") == "cross-origin"
        assert answer.header("access-control-allow-credentials") == ""


@pytest.mark.parametrize("origin", [STRANGER, b"null", b"https://app.example.com.evil.example"])
def test_others_may_not_and_caches_are_told(open_app: Cors, origin: bytes) -> None:
    answer = ask(open_app, "/v1/tokens", [(b"origin", origin)])
    assert answer.header("access-control-allow-origin") == ""
    assert answer.header("vary").endswith("origin")
    assert answer.header("cross-origin-resource-policy") == "same-origin"


def test_an_answer_to_nobody_in_particular_varies_by_origin_too(open_app: Cors) -> None:
    assert ask(open_app, "/v1/tokens").header("vary").endswith("origin")
    assert ask(open_app, "/nowhere").header("vary").endswith("origin")


def test_a_preflight_is_answered_without_a_key(open_app: Cors) -> None:
    asked = [
        (b"origin", FRIEND),
        (b"access-control-request-method", b"POST"),
        (b"access-control-request-headers", b"x-api-key, content-type"),
    ]
    answer = ask(open_app, "/v1/tokens", asked, method="OPTIONS")
    assert answer.status == 204
    assert answer.header("access-control-allow-origin") == FRIEND.decode()
    assert "POST" in answer.header("access-control-allow-methods")
    assert "x-api-key" in answer.header("access-control-allow-headers")
    assert answer.header("access-control-max-age") == "600"
    assert answer.header("vary").startswith("origin")
    assert answer.header("access-control-allow-credentials") == ""
    stranger = [(b"origin", STRANGER), *asked[1:]]
    refused = ask(open_app, "/v1/tokens", stranger, method="OPTIONS")
    assert refused.status != 204
    assert refused.header("access-control-allow-origin") == ""


def test_a_star_never_comes_with_credentials(world: World) -> None:
    app = Cors(world.app.front, read_origins("*"))
    answer = ask(app, "/v1/tokens", [(b"origin", STRANGER), (b"cookie", b"a=b")])
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-credentials") == ""


@pytest.mark.parametrize("text", ["example.com", "https://a.example/path", "ftp://a", "https//a"])
def test_what_is_no_origin_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(BadInput, match="ASSAY_CORS_ORIGINS"):
        read_origins(text)


def test_https_is_remembered_by_browsers(world: World) -> None:
    async def by_https(scope: dict[str, object], receive: object, send: object) -> None:
        await world.app.declared({**scope, "scheme": "https"}, receive, send)  # type: ignore[arg-type]

    answer = ask(by_https, "/v1/tokens")  # type: ignore[arg-type]
    assert answer.header("strict-transport-security").startswith("max-age=31536000")
    assert ask(world.app.declared, "/v1/tokens").header("strict-transport-security") == ""
