"""The face says the same over PostgreSQL as over SQLite, to the byte."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.api.asking import ask
from tests.api.world import make_world
from tests.tokenmetrics.asking import PREFIX, list_required
from tests.tokenmetrics.enriching import enrich

from assay.tokenmetrics import create_face
from assay.tokenmetrics.catalogue import ENDPOINTS


@pytest.mark.slow
def test_both_databases_give_equal_answers(tmp_path: Path, postgres_url: str) -> None:
    here, there = tmp_path / "sqlite", tmp_path / "postgresql"
    worlds = [
        make_world(here, faces=(create_face(),)),
        make_world(
            there,
            faces=(create_face(),),
            url=SecretStr(postgres_url),
            database_url=SecretStr(postgres_url),
        ),
    ]
    for world in worlds:
        enrich(world)
    for endpoint in ENDPOINTS:
        query = "&".join(
            f"{k}={v}" for k, v in (list_required(endpoint) | {"limit": "1000"}).items()
        )
        first, second = (ask(w.app, f"{PREFIX}/{endpoint.path}?{query}") for w in worlds)
        assert first.status == 200, endpoint.path
        assert first.body == second.body, endpoint.path
    for world in worlds:
        world.app.state.close()
