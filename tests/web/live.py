"""A live price, as the feeds tell it."""

from typing import Any

import orjson

from assay.api import Application
from assay.feeds.types import pack_update
from assay.kit.bus import LIVE

BITCOIN = 3375


def tell_price(app: Application, token_id: int = BITCOIN, **changed: Any) -> None:
    told: dict[str, Any] = {
        "token_id": token_id,
        "symbol": "BTC" if token_id == BITCOIN else "LTC",
        "currency": "USD",
        "price": 70.5,
        "time_ms": 1_703_937_600_000,
        "contributions": [],
        "reason": "",
        "change_24h": None,
        "is_replay": False,
    }
    app.state.bus.publish(LIVE, pack_update("prices", str(token_id), orjson.dumps(told | changed)))
