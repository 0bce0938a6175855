"""A venue of our own on loopback that speaks the part of Binance's API that candles need.

Prices are made up and smooth; they never leave the tests.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

DAY_MS = 86_400_000
LENGTHS = {"1d": DAY_MS, "1h": 3_600_000, "1m": 60_000}
FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    {"filterType": "NOTIONAL", "minNotional": "5", "applyMinToMarket": True},
]


class LocalVenue:
    """What the venue holds and how it misbehaves.

    `failures` requests for candles are answered with `status` before it works; after
    `dies_after` answered ones every connection is cut in the middle of the answer.
    """

    def __init__(self, bases: list[str], first: datetime, now: datetime) -> None:
        self.bases = bases
        self.first = int(first.timestamp() * 1000)
        self.now = int(now.timestamp() * 1000)
        self.failures = 0
        self.status = 503
        self.dies_after: int | None = None
        self.answered = 0
        self.requests: list[dict[str, str]] = []
        self.url = ""

    def exchange_info(self) -> dict[str, Any]:
        symbols = [
            {
                "symbol": f"{base}USDT",
                "status": "TRADING",
                "baseAsset": base,
                "baseAssetPrecision": 8,
                "quoteAsset": "USDT",
                "quotePrecision": 8,
                "quoteAssetPrecision": 8,
                "orderTypes": ["LIMIT", "MARKET"],
                "isSpotTradingAllowed": True,
                "isMarginTradingAllowed": False,
                "filters": FILTERS,
                "permissions": ["SPOT"],
            }
            for base in self.bases
        ]
        return {"timezone": "UTC", "serverTime": self.now, "rateLimits": [], "symbols": symbols}

    def klines(self, query: dict[str, str]) -> list[list[object]]:
        length = LENGTHS[query["interval"]]
        start = max(int(query.get("startTime", 0)), self.first)
        start += -start % length
        end = min(self.now, int(query.get("endTime", self.now)))
        moments = list(range(start, end + 1, length))[: int(query.get("limit", 500))]
        tail = ["50", 3, "1", "1", "0"]
        return [
            [t, "10", "12", "9", f"{10 + t // length % 10 / 10:.2f}", "5", t + length - 1, *tail]
            for t in moments
        ]


class _Handler(BaseHTTPRequestHandler):
    venue: LocalVenue

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/exchangeInfo"):
            self._send(200, self.venue.exchange_info())
        elif parts.path.endswith("/klines"):
            self._klines(query)
        else:
            self._send(404, {"code": -1, "msg": f"no {parts.path}"})

    def _klines(self, query: dict[str, str]) -> None:
        venue = self.venue
        venue.requests.append(query)
        if venue.failures > 0:
            venue.failures -= 1
            self._send(venue.status, {"code": -1000, "msg": "not now"})
            return
        if venue.dies_after is not None and venue.answered >= venue.dies_after:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"[[17")
            self.close_connection = True
            return
        venue.answered += 1
        self._send(200, venue.klines(query))

    def _send(self, status: int, body: object) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(venue: LocalVenue) -> Iterator[LocalVenue]:
    """The venue answers at `venue.url` for the length of the block."""
    handler = type("Handler", (_Handler,), {"venue": venue})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    venue.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield venue
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)
