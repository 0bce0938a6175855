"""Who asks: API key, HMAC-SHA256 signature and the window of time a request is good for.

Source: Binance's "SIGNED endpoint security". The secret is compared in constant time, is held in
memory only and appears in no message.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from assay.exchange.service.refusals import missing
from assay.exchange.types import Refusal
from assay.kit.errors import BadInput

DEFAULT_WINDOW_MS: Final = 5_000
LONGEST_WINDOW_MS: Final = 60_000
AHEAD_MS: Final = 1_000
_MICROSECONDS: Final = 10**14
SHORTEST_SECRET: Final = 16


class Keys:
    """The one account's API key and secret. `clocks` are those a timestamp may agree with."""

    def __init__(
        self, api_key: str | None, api_secret: str | None, clocks: Iterable[Callable[[], int]]
    ) -> None:
        for name, value in (("key", api_key), ("secret", api_secret)):
            if value is not None and (len(value) < SHORTEST_SECRET or not value.isprintable()):
                raise BadInput(
                    f"The API {name} of the replay exchange is too short or not printable.",
                    hint=f"Use {SHORTEST_SECRET} characters or more, or leave it to be made.",
                )
        self.api_key = api_key or secrets.token_urlsafe(32)
        self.api_secret = api_secret or secrets.token_urlsafe(32)
        self._clocks = tuple(clocks)

    def check_key(self, key: str | None) -> None:
        """Raises Refusal unless it is the account's key."""
        if not key:
            raise Refusal(-2014, "API-key format invalid.")
        if not hmac.compare_digest(key.encode(), self.api_key.encode()):
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")

    def check_signed(self, payload: str, signature: str | None, params: Mapping[str, str]) -> None:
        """Raises Refusal unless `payload` was signed with the secret, and lately."""
        if not signature:
            raise missing("signature")
        self._check_time(params)
        digest = hmac.new(self.api_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(digest.encode(), signature.lower().encode()):
            raise Refusal(-1022, "Signature for this request is not valid.")

    def _check_time(self, params: Mapping[str, str]) -> None:
        at_ms = _read_whole(params, "timestamp")
        if at_ms is None:
            raise missing("timestamp")
        if at_ms >= _MICROSECONDS:
            at_ms //= 1_000
        window_ms = _read_whole(params, "recvWindow")
        window_ms = DEFAULT_WINDOW_MS if window_ms is None else window_ms
        if window_ms > LONGEST_WINDOW_MS:
            raise Refusal(-1131, "recvWindow must be less than 60000.")
        # A client signs with its own clock, or with ours when it follows `GET /api/v3/time`.
        ages = [clock() - at_ms for clock in self._clocks]
        if any(-AHEAD_MS < age <= window_ms for age in ages):
            return
        if ages[0] <= -AHEAD_MS:
            ahead = "Timestamp for this request was 1000ms ahead of the server's time."
            raise Refusal(-1021, ahead)
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _read_whole(params: Mapping[str, str], name: str) -> int | None:
    text = params.get(name)
    if text is None or text == "":
        return None
    # Microseconds may be given with a fraction of milliseconds in recvWindow: whole part decides.
    whole = text.partition(".")[0]
    if not whole.isascii() or not whole.isdigit() or len(whole) > 18:
        raise missing(name)
    return int(whole)


def split_signature(query: str, body: str) -> tuple[str, str | None]:
    """(what was signed, signature): query and body as sent, without the signature itself."""
    signature = None
    kept: list[str] = []
    for part in (query, body):
        words = [word for word in part.split("&") if word]
        for word in words:
            if word.startswith("signature="):
                signature = word.removeprefix("signature=")
        kept.append("&".join(word for word in words if not word.startswith("signature=")))
    return "".join(kept), signature


def join_params(params: Mapping[str, str]) -> str:
    """What a request of the WebSocket API signs: every parameter but the signature, by name."""
    return "&".join(f"{key}={params[key]}" for key in sorted(params) if key != "signature")
