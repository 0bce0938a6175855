"""docs/api.md and the OpenAPI document say everything that the code does, and nothing else."""

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.api.asking import ask
from tests.api.world import World

from assay.api.kinds import LISTINGS
from assay.api.listing import View
from assay.api.negotiation import Format
from assay.api.problems import PROBLEMS
from assay.api.routing import APP_PAGES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def text() -> str:
    return DOCS.read_text(encoding="utf-8")


def test_every_route_is_documented_and_every_documented_route_exists(
    world: World, text: str
) -> None:
    rows = re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) ([^`]+)`", text, re.MULTILINE)
    entries = world.app.index.entries
    declared = {
        (method, entry.template)
        for entry in entries
        for method in entry.methods
        if entry.template not in APP_PAGES
    }
    assert set(rows) == declared
    assert len(rows) == len(declared), "a route is documented twice"


def test_every_error_code_is_documented_with_its_status(text: str) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", text, re.MULTILINE)
    assert dict(rows) == {code: str(kind.status) for code, kind in PROBLEMS.items()}
    for code, kind in PROBLEMS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{code}` |"))
        assert ("retryable" in line) == kind.error.retryable


def test_every_parameter_is_documented(world: World, text: str) -> None:
    section = text.partition("## Parameters")[2].partition("\n## ")[0]
    documented = set(
        re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\|([^|]+)\|", section, re.M)))
    )
    paths = ask(world.app, "/openapi.json").json["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    known = {p["name"] for o in operations for p in o.get("parameters", ()) if p["in"] == "query"}
    assert documented == known


def test_the_description_says_what_it_must(world: World) -> None:
    document = ask(world.app, "/openapi.json").json
    said = document["info"]["description"]
    for words in (
        "constant_return",
        "not investment advice",
        "decimal strings",
        "as_of",
        "backfilled",
        "Units",
    ):
        assert words in said
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            answers = set(operation["responses"])
            assert {"400", "401", "421"} <= answers
            assert {"200", "201", "202", "204"} & answers, path
            assert ("304" in answers) <= ("200" in answers), path


def test_every_row_shape_is_named_and_every_order_is_listed(text: str) -> None:
    for listing in LISTINGS:
        assert f"`{listing.row.__name__}`" in text
        sort = listing.query.model_fields.get("sort") if listing.view is View.LIST else None
        for order in get_args(sort.annotation) if sort else ():
            assert f"`{order.removeprefix('-')}`" in text, f"{listing.path}: {order}"


def test_every_list_declares_its_formats_and_every_operation_says_what_it_is(world: World) -> None:
    document = ask(world.app, "/openapi.json").json
    lists = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["description"], path
            parameters = operation.get("parameters", ())
            assert all(p.get("description") for p in parameters), path
            if any(parameter["name"] == "format" for parameter in parameters):
                lists += 1
                assert "406" in operation["responses"], path
                offered = set(operation["responses"]["200"]["content"])
                assert offered == {form.media_type for form in Format}, path
    assert lists >= 25


def test_every_tag_is_described(world: World) -> None:
    document = ask(world.app, "/openapi.json").json
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    used = {tag for operation in operations for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"]}


def test_no_page_shows_what_following_brought_without_its_control(world: World, text: str) -> None:
    """The share that beat holding, or a return of following, stands only beside its control."""
    shapes = ask(world.app, "/openapi.json").json["components"]["schemas"]
    for name, shape in shapes.items():
        if "signal_return" in shape.get("properties", {}):
            assert {"constant_return", "holding_return"} <= shape["properties"].keys(), name
    start = ask(world.app, "/").body.decode()
    assert start.count("followed") <= start.count("control")
    assert "constant_return" in text
