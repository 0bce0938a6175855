"""Top picks: the best-graded liquid coins of the day, and since when each has been on the list."""

from datetime import date

from assay.briefing.compute.desk import Desk, Sheet, cite, has_view, name_token, say_absent
from assay.briefing.compute.grades import BOARDS, is_liquid
from assay.briefing.compute.prices import Prices, buy_day
from assay.briefing.compute.record import OWN_KIND, Records, list_picks
from assay.briefing.types import Json
from assay.publishing import format_decimal

SHOWN = 5
RULE = (
    "The five highest grades of the day among coins with a 30-day median volume of at least $1m "
    "whose grade is not capped."
)


def compute_picks(desk: Desk, records: Records) -> Json:
    """A list for each grade, what left it, and the record of the lists published before."""
    own = desk.read(OWN_KIND, desk.before)
    boards = [_compute_board(desk, records, kind, days, own) for kind, days in BOARDS]
    return {"rule": RULE, "boards": boards}


def _compute_board(
    desk: Desk, records: Records, kind: str, horizon_days: int, own: Sheet | None
) -> Json:
    today, prices = desk.read(kind, desk.day), records.prices
    board: Json = {
        "kind": kind,
        "horizon_days": horizon_days,
        "absent": None if today is not None else say_absent(kind, desk.day),
        "sources": cite(today=today, before=own),
        "coins": [],
        "left": [],
    }
    listed = {} if own is None else {pick["token_id"]: pick for pick in list_picks(own, kind)}
    if today is not None:
        chosen = _choose(today)
        board["coins"] = [
            _describe(row, listed.get(row["token_id"]), desk, prices) for row in chosen
        ]
        kept = {row["token_id"] for row in chosen}
        gone = [pick for token_id, pick in listed.items() if token_id not in kept]
        board["left"] = [_describe_left(pick, today, desk.day, prices) for pick in gone]
    board["record"] = records.compute_record(desk, kind, horizon_days)
    return board


def _choose(sheet: Sheet) -> list[Json]:
    rows = [row for row in sheet.rows if has_view(row) and not row["capped"] and is_liquid(row)]
    return sorted(rows, key=lambda row: (row["rank"], row["token_id"]))[:SHOWN]


def _describe(row: Json, listed: Json | None, desk: Desk, prices: Prices) -> Json:
    since = desk.day if listed is None else date.fromisoformat(listed["listed_since"])
    figures = ("grade", "change", "label", "rank", "probability", "interval", "volume_usd")
    return (
        name_token(row)
        | {name: row[name] for name in figures}
        | _measure(row["token_id"], since, desk.day, prices)
    )


def _describe_left(pick: Json, today: Sheet, day: date, prices: Prices) -> Json:
    row = today.by_token.get(pick["token_id"])
    since = date.fromisoformat(pick["listed_since"])
    return (
        name_token(pick)
        | {"grade": None if row is None else row["grade"], "grade_before": pick["grade"]}
        | {"no_view": None if row is None else row["no_view"]}
        | _measure(pick["token_id"], since, day, prices)
    )


def _measure(token_id: int, since: date, day: date, prices: Prices) -> Json:
    """Bought at the close after the day it came on the list; no return before the close after."""
    bought = buy_day(since)
    if bought >= day:
        return {"listed_since": since.isoformat(), "return_since": None, "median_since": None}
    gained = prices.compute_return(token_id, bought, day)
    median = prices.compute_median_return(bought, day)
    return {
        "listed_since": since.isoformat(),
        "return_since": format_decimal(gained, 4),
        "median_since": format_decimal(median, 4),
    }
