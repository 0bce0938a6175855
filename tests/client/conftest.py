"""Clients against the real application on a real socket."""

from collections.abc import Iterator

import pytest
from tests.api.serving import running
from tests.api.world import NOW, World, make_world

from assay.api import create_app
from assay.client import Client
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.settings import Settings


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    """A world and the address that it is served at."""
    world = make_world(tmp_path_factory.mktemp("client"), tokens=150)
    with running(world.app) as url:
        yield world, url


@pytest.fixture
def client(served: tuple[World, str]) -> Iterator[Client]:
    with Client(served[1], key="") as made:
        yield made


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks for keys."""
    path = tmp_path_factory.mktemp("keyed")
    world = make_world(path)
    app = create_app(
        Home(path),
        FixedClock(NOW),
        Settings(home=path, keys=True),
        grades=world.grades,
        markets=world.markets,
    )
    with running(app) as url:
        yield url
