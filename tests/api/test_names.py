"""No route ignores a parameter that it does not know, and no body a member."""

import asyncio
import json
import re
from pathlib import Path

from tests.api.asking import ask, ask_async
from tests.api.people import open_site
from tests.api.world import World


def list_paths(world: World) -> list[tuple[str, str]]:
    """Method and path of every operation of the version, with something for each parameter."""
    document = world.app.routes.openapi()
    return [
        (method.upper(), re.sub(r"\{\w+\}", "1", path))
        for path, item in document["paths"].items()
        for method in item
        if path.startswith("/v1/")
    ]


def test_every_route_refuses_a_parameter_that_it_does_not_know(world: World) -> None:
    paths = list_paths(world)
    assert len(paths) > 60
    for method, path in paths:
        answer = ask(world.app, f"{path}?nonsense=1", method=method)
        if answer.status == 409 and "--keys" in answer.json["hint"]:
            continue
        assert answer.status == 422, (method, path)
        assert "nonsense" in [error["parameter"] for error in answer.json["errors"]], path


def test_a_password_that_is_too_long_is_counted_in_characters(tmp_path: Path) -> None:
    with open_site(tmp_path) as site, site.browser() as browser:
        body = {"email": "ada@example.org", "password": "x" * 513}
        refused = browser.ask("POST", "/v1/session", body).json()
        assert refused["detail"] == "password: must have at most 512 characters"


def test_a_member_that_a_body_does_not_have_is_called_one(world: World) -> None:
    headers = [(b"content-type", b"application/json"), (b"x-api-key", b"local")]
    body = json.dumps({"kind": "signals", "kinds": ["signals"]}).encode()
    refused = asyncio.run(ask_async(world.app, "/v1/evaluations", headers, "POST", body=body)).json[
        "errors"
    ]
    assert refused == [
        {"where": "body", "parameter": "kinds", "message": "is not a member of this body"}
    ]
