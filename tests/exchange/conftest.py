"""A replay exchange that stands still until a test moves it."""

from collections.abc import Iterator

import pytest
from tests.exchange.clients import Client

from assay.exchange import ReplayServer

PAIRS = ("BTCUSDT", "ETHUSDT", "ETHBTC")


@pytest.fixture
def exchange() -> Iterator[ReplayServer]:
    with ReplayServer(speed=0, pairs=PAIRS) as server:
        yield server


@pytest.fixture
def client(exchange: ReplayServer) -> Iterator[Client]:
    found = Client(exchange)
    with found.http:
        yield found


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """For tests after which the exchange is as it was before."""
    with ReplayServer(speed=0, pairs=PAIRS) as server:
        found = Client(server)
        with found.http:
            yield found
