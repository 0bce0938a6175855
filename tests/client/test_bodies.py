"""Every operation that needs a body has a method that can be given every member of it."""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.client.faulty import answer, faulty

from assay.client import BadRequest, Client

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "clients" / "openapi.json").read_text(encoding="utf-8"))
REFUSED = {"detail": "No.", "hint": "", "code": "invalid-parameters", "retryable": False}


def list_bodies() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in DOCUMENT["paths"].values():
        for said in item.values():
            for media in said.get("requestBody", {}).get("content", {}).values():
                yield said["operationId"], media["schema"]


def list_members(schema: Mapping[str, Any]) -> set[str]:
    """Members of a body, in every form that it may have."""
    if "$ref" in schema:
        return list_members(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    own = set(schema.get("properties", ()))
    choices = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]
    return own.union(*map(list_members, choices))


BODIES = list(list_bodies())


@pytest.mark.parametrize(("name", "schema"), BODIES, ids=[name for name, _ in BODIES])
def test_a_method_takes_every_member_of_its_body(name: str, schema: Mapping[str, Any]) -> None:
    members = {f"{member}_" if member == "from" else member for member in list_members(schema)}
    assert members
    assert members <= set(inspect.signature(getattr(Client, name)).parameters)


def test_a_backtest_is_asked_for_with_what_its_strategy_needs() -> None:
    refusing = faulty([answer(422, REFUSED)])
    with refusing as server, Client(server.url, key="") as client, pytest.raises(BadRequest):
        client.create_backtest(strategy="index", rules="name = 'x'")
    body = json.loads(server.requests[0].partition("\r\n\r\n")[2])
    assert body == {"strategy": "index", "rules": "name = 'x'"}
