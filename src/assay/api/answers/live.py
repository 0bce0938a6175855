"""What venues say now, from the board of this process: encoded once by the feed, joined here."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import orjson
from pydantic import Field
from starlette.responses import Response

from assay.api.schemas import Shape
from assay.api.state import ApiState
from assay.api.streams.board import Latest
from assay.kit.errors import NotFound

NO_FEED = "Set ASSAY_FEEDS to the venues to watch (docs/feeds.md), or look at `GET /v1/venues`."
NO_STORE = {"cache-control": "no-store"}
SILENT_S: Final = 20.0
"""Feeds repeat everything every 5 s: what was not heard for so long nobody watches any more."""


class ContributionShape(Shape):
    """What one venue says of a token, and whether it counts."""

    venue: str
    symbol: str
    price: float
    volume_24h_usd: float | None
    age_ms: Annotated[int, Field(description="By our clock, when the price was computed.")]
    used: bool
    left_out: Annotated[str, Field(description="Why it does not count; empty where it does.")]


class LivePriceShape(Shape):
    """The price of a token over venues: a volume-weighted median, and what stands behind it.

    Numbers are JSON numbers here, as venues send them; nothing of this is published or sealed.
    """

    token_id: int
    symbol: str
    currency: str
    price: Annotated[float | None, Field(description="Null, with a reason: none may be believed.")]
    time_ms: int
    contributions: list[ContributionShape]
    reason: str
    change_24h: Annotated[
        float | None,
        Field(description="Change in 24 hours, as a share: 0.05 is 5 %. Null: no venue says it."),
    ]
    is_replay: bool


class VenueShape(Shape):
    """A venue as it is now: how our reading of it was proved, its health, its clock."""

    venue: str
    state: Annotated[str, Field(description="connecting, live, stale or down.")]
    verified: Annotated[str, Field(description="live, recorded or documents only.")]
    instruments: int
    last_message_ms: int | None
    clock_offset_ms: float | None
    latency_ms: float | None
    messages: int
    reconnects: int
    gaps: int
    malformed: int
    dropped: int
    reason: str
    is_replay: bool
    notice: str


class BookShape(Shape):
    """The best levels of a book; without any, and with a reason, while it is not the venue's."""

    venue: str
    symbol: str
    pair: str
    token_id: int | None
    is_live: bool
    bids: list[list[float]]
    asks: list[list[float]]
    last_id: int
    time_ms: int
    reason: str
    is_replay: bool


class LivePriceList(Shape):
    """Live prices. `notice` is what every page that shows them must say; empty: nothing."""

    data: list[LivePriceShape]
    notice: str


class LivePriceAnswer(Shape):
    """One live price."""

    data: LivePriceShape


class VenueList(Shape):
    """Every venue that is watched."""

    data: list[VenueShape]
    notice: str


class BookAnswer(Shape):
    """One book."""

    data: BookShape


def answer_prices(state: ApiState, symbols: Sequence[str]) -> Response:
    """All live prices by token id, or those of `symbols`; unknown ones are left out."""
    found = sorted(state.board.list("prices"), key=lambda latest: int(latest.key))
    if symbols:
        wanted = {symbol.strip().upper() for symbol in symbols}
        found = [latest for latest in found if {latest.key, _symbol(latest)} & wanted]
    return _answer_list(state, "prices", found)


def answer_price(state: ApiState, symbol: str) -> Response:
    """One live price, by symbol or token id. Raises NotFound."""
    wanted = symbol.strip().upper()
    for latest in state.board.list("prices"):
        if wanted in (latest.key, _symbol(latest)):
            return _answer_one("prices", latest)
    raise NotFound(f"No venue that is watched trades {symbol[:40]}.", hint=NO_FEED)


def answer_venues(state: ApiState) -> Response:
    """The health of every venue that is watched."""
    found = sorted(state.board.list("venues"), key=lambda latest: latest.key)
    return _answer_list(state, "venues", found)


def answer_book(state: ApiState, venue: str, symbol: str) -> Response:
    """One book. Raises NotFound for one that is not watched."""
    latest = state.board.get("books", f"{venue}/{symbol}")
    if latest is None:
        raise NotFound(f"The book {venue[:40]}/{symbol[:40]} is not watched.", hint=NO_FEED)
    return _answer_one("books", latest)


def _show(channel: str, latest: Latest) -> bytes:
    """What was said, or that nobody says it any more: no old price may look like one of now."""
    age_s = latest.age_s()
    if age_s <= SILENT_S:
        return latest.payload
    said: dict[str, Any] = orjson.loads(latest.payload)
    said["reason"] = reason = f"The feed said nothing for {age_s:.0f} s."
    if channel == "prices":
        said |= {"price": None, "change_24h": None}
        for one in said["contributions"]:
            one |= {"used": False, "left_out": reason}
    elif channel == "books":
        said |= {"is_live": False, "bids": [], "asks": []}
    else:
        said["state"] = "down"
    return orjson.dumps(said)


def _symbol(latest: Latest) -> str:
    said: dict[str, Any] = orjson.loads(latest.payload)
    return str(said["symbol"])


def _find_notice(state: ApiState) -> bytes:
    notices = (orjson.loads(latest.payload)["notice"] for latest in state.board.list("venues"))
    return orjson.dumps(next((notice for notice in notices if notice), ""))


def _answer_list(state: ApiState, channel: str, found: Sequence[Latest]) -> Response:
    rows = b",".join(_show(channel, latest) for latest in found)
    body = b'{"data":[%b],"notice":%b}' % (rows, _find_notice(state))
    return Response(body, 200, NO_STORE, "application/json")


def _answer_one(channel: str, latest: Latest) -> Response:
    return Response(b'{"data":%b}' % _show(channel, latest), 200, NO_STORE, "application/json")
