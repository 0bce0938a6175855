"""What Binance has not: the replay itself, for the person or the test that runs it.

The exchange listens on loopback only, so these ask for no key; they move no money.
"""

from typing import Final

import orjson

from assay.exchange.service.faults import parse_fault
from assay.exchange.service.venue import Venue
from assay.kit.errors import BadInput

Shape = dict[str, object]

STATUS: Final = "/assay/status"
FAULTS: Final = "/assay/faults"


def answer_control(venue: Venue, method: str, path: str, body: bytes) -> tuple[int, Shape]:
    """(HTTP status, answer) of `GET /assay/status` and `GET, POST, DELETE /assay/faults`."""
    if (method, path) == ("GET", STATUS):
        return 200, describe_status(venue)
    if path != FAULTS or method not in ("GET", "POST", "DELETE"):
        return 404, {"error": "There is GET /assay/status and GET, POST, DELETE /assay/faults."}
    if method == "DELETE":
        venue.faults.clear()
    if method == "POST":
        try:
            for fault in [parse_fault(text) for text in _read_faults(body)]:
                venue.add_fault(fault)
        except BadInput as error:
            return 422, {"error": error.message, "hint": error.hint}
    return 200, {"live": venue.faults.list_live(), "planned": venue.faults.list_planned()}


def _read_faults(body: bytes) -> list[str]:
    """`{"faults": ["stale:for=10s"]}`."""
    hint = 'Send {"faults": ["stale:for=10s"]}; docs/exchange.md lists them.'
    try:
        faults = orjson.loads(body)["faults"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise BadInput("There are no faults in that.", hint=hint) from None
    if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
        raise BadInput("Faults are a list of strings.", hint=hint)
    return faults


def describe_status(venue: Venue) -> Shape:
    """Where the replay is and what went over the wire."""
    return {
        **venue.describe_replay(),
        "now_ms": venue.now_ms,
        "start_ms": venue.engine.start_ms,
        "end_ms": venue.engine.end_ms,
        "late_ms": venue.late_ms,
        "pairs": len(venue.engine.pairs),
        "users": sum(map(len, venue.users.values())),
        "counts": vars(venue.hub.counts),
        "faults": {"live": venue.faults.list_live(), "planned": venue.faults.list_planned()},
    }
