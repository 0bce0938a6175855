"""What feeds would have said of Bitcoin, put on the board of a world."""

from dataclasses import asdict, replace
from typing import Any

import orjson
from tests.api.world import World

from assay.feeds.types import (
    BookUpdate,
    Contribution,
    Price,
    VenueHealth,
    VenueState,
    Verified,
)

PRICE = Price(
    3375,
    "BTC",
    "USDT",
    17_500.5,
    1_667_950_000_000,
    (Contribution("binance", "BTCUSDT", 17_500.5, 1e9, 12, True),),
    is_replay=True,
)
NO_PRICE = replace(PRICE, token_id=3306, symbol="ETH", price=None, reason="Every venue is stale.")
VENUE = VenueHealth(
    "binance", VenueState.LIVE, Verified.RECORDED, 2, 1, 0.5, 3.0, 9, 0, 0, 0, 0, notice="A replay."
)
BOOK = BookUpdate("binance", "BTCUSDT", "BTC/USDT", 3375, True, [(1.0, 2.0)], [(3.0, 4.0)], 7, 8)


def put_live(world: World) -> None:
    """Say all of it now."""
    said: list[tuple[str, str, Any]] = [
        ("prices", "3375", PRICE),
        ("prices", "3306", NO_PRICE),
        ("venues", "binance", VENUE),
        ("books", "binance/BTCUSDT", BOOK),
    ]
    for number, (channel, key, value) in enumerate(said):
        world.app.state.board.put(channel, key, number, orjson.dumps(asdict(value)))
