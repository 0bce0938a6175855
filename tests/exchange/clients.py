"""Plain clients of a replay exchange: signed requests and WebSockets, without any library of
exchanges between.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.sync.client import ClientConnection, connect

from assay.exchange import ReplayServer
from assay.kit.clock import SystemClock

WAIT_S = 60.0
"""For what must happen; no test passes or fails by how long it takes."""
WINDOW_MS = 60_000
"""The longest for which a signature is good, for the same reason."""


def now_ms() -> int:
    """What a client signs with."""
    return int(SystemClock().now().timestamp() * 1_000)


def sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Client:
    """REST."""

    server: ReplayServer
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=WAIT_S))

    def get(self, path: str, **params: object) -> Any:
        answer = self.http.get(self.server.url + path, params=_texts(params))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **params: object) -> httpx.Response:
        """A signed request. Time, key and secret may be given; they are right otherwise."""
        key = params.pop("api_key", self.server.api_key)
        secret = str(params.pop("secret", self.server.api_secret))
        query = urlencode({"timestamp": now_ms(), "recvWindow": WINDOW_MS, **_texts(params)})
        signed = f"{query}&signature={sign(secret, query)}"
        headers = {"X-MBX-APIKEY": str(key)}
        url = self.server.url + path
        if method in ("GET", "DELETE"):
            return self.http.request(method, f"{url}?{signed}", headers=headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self.http.request(method, url, content=signed, headers=headers)

    def do(self, method: str, path: str, **params: object) -> Any:
        """A signed request that is taken."""
        answer = self.ask(method, path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def buy(self, quantity: str, price: str | None = None, **params: object) -> Any:
        return self.order("BUY", quantity, price, **params)

    def sell(self, quantity: str, price: str | None = None, **params: object) -> Any:
        return self.order("SELL", quantity, price, **params)

    def order(self, side: str, quantity: str, price: str | None, **params: object) -> Any:
        kind: dict[str, object] = {"type": "MARKET"}
        if price is not None:
            kind = {"type": "LIMIT", "timeInForce": "GTC", "price": price}
        wanted = {"symbol": "BTCUSDT", "side": side, "quantity": quantity, **kind, **params}
        return self.do("POST", "/api/v3/order", **wanted)

    def balance(self, asset: str) -> tuple[str, str]:
        """(free, locked)."""
        found = self.do("GET", "/api/v3/account")["balances"]
        [one] = [entry for entry in found if entry["asset"] == asset]
        return one["free"], one["locked"]


def _texts(params: dict[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in params.items()}


class Socket:
    """One WebSocket, read message by message."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._ids = count(1)

    def read(self) -> Any:
        return json.loads(self.connection.recv(timeout=WAIT_S))

    def read_until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        """Every message up to the first that is wanted, which is the last of the list."""
        found: list[Any] = []
        while not found or not wanted(found[-1]):
            found.append(self.read())
        return found

    def send(self, method: str, params: object = None) -> int:
        """Send a request; returns its number."""
        request_id = next(self._ids)
        request = {"method": method, "id": request_id}
        if params is not None:
            request["params"] = params
        self.connection.send(json.dumps(request))
        return request_id

    def say(self, method: str, params: object = None) -> Any:
        """Send a request; returns its answer, and drops what comes before it."""
        request_id = self.send(method, params)
        return self.read_until(lambda message: message.get("id") == request_id)[-1]

    def subscribe(self, *names: str) -> None:
        assert self.say("SUBSCRIBE", list(names))["result"] is None

    def send_signed(self, server: ReplayServer, method: str, **params: object) -> int:
        """Send a signed request; returns its number."""
        asked = {"apiKey": server.api_key, "timestamp": now_ms(), "recvWindow": WINDOW_MS}
        given = {**asked, **params}
        text = "&".join(f"{key}={given[key]}" for key in sorted(given))
        return self.send(method, {**given, "signature": sign(server.api_secret, text)})

    def ask_signed(self, server: ReplayServer, method: str, **params: object) -> Any:
        """Send a signed request; returns its answer, and drops what comes before it."""
        request_id = self.send_signed(server, method, **params)
        return self.read_until(lambda message: message.get("id") == request_id)[-1]


@contextmanager
def open_socket(server: ReplayServer, path: str) -> Iterator[Socket]:
    url = server.websocket_url + path
    # Without a bound on what waits to be read a close is not held up behind it.
    with connect(url, open_timeout=WAIT_S, ping_interval=None, max_queue=None) as connection:
        yield Socket(connection)
