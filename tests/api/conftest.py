"""One world for all tests that only read."""

from pathlib import Path

import pytest
from tests.api.world import World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("api"))


@pytest.fixture
def fresh_world(tmp_path: Path) -> World:
    return make_world(tmp_path)
