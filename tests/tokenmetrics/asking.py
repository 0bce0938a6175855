"""Asks the face the way its clients do, and reads the contract it must keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from tests.api.asking import Answer, ask
from tests.api.world import NOW, World
from tests.tokenmetrics.enriching import enrich

from assay.api import Application, create_app
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.tokenmetrics import create_face
from assay.tokenmetrics.catalogue import ENDPOINTS
from assay.tokenmetrics.types import Endpoint

PREFIX = "/tokenmetrics/v2"
NEW_ERA = ((b"x-api-key", b"local"),)
OLD_ERA = ((b"api_key", b"local"),)
SAMPLES = {"id": "1", "index_id": "1", "type": "trader", "indexName": "top-10"}
"""A value for each parameter that some path requires."""


@dataclass
class AskedFace:
    """An application with the face, and the world behind it."""

    app: Application
    world: World

    def ask(
        self,
        path: str,
        headers: Any = (),
        **query: object,
    ) -> Answer:
        """One GET of a path of the contract."""
        target = f"{PREFIX}/{path}"
        return ask(self.app, f"{target}?{urlencode(query)}" if query else target, headers)

    def rows(self, path: str, **query: object) -> list[dict[str, Any]]:
        """The rows of a path, which must succeed."""
        answer = self.ask(path, **query)
        assert answer.status == 200, answer.body
        body = answer.json
        assert body["success"] is True
        assert body["length"] == len(body["data"])
        rows: list[dict[str, Any]] = body["data"]
        return rows


def open_face(world: World, path: Path) -> AskedFace:
    """A second application over the home of a world, with the face beside it."""
    enrich(world)
    app = create_app(
        Home(path),
        FixedClock(NOW),
        world.app.state.settings,
        grades=world.grades,
        markets=world.markets,
        faces=(create_face(),),
    )
    return AskedFace(app, world)


@cache
def load_contract() -> dict[str, dict[str, Any]]:
    """Method, parameters and fields of every path that some official client or document names."""
    contract: dict[str, dict[str, Any]] = orjson.loads(
        Path(__file__).with_name("contract.json").read_bytes()
    )
    return contract


def list_required(endpoint: Endpoint) -> dict[str, str]:
    """A query with everything that a path requires."""
    return {p.name: SAMPLES[p.name] for p in endpoint.parameters if p.required}


def list_endpoints() -> Sequence[Any]:
    """All endpoints that answer rows."""
    return [endpoint for endpoint in ENDPOINTS if not endpoint.is_chart]
