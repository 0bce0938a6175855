"""Something of every kind that is published, from an example of each room's rows.

The examples in `rows/` are a few rows of each kind; here the first stands for three tokens and the
one without a view for a fourth, so that filters, orders and pages have something to do.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from assay import ledger
from assay.kit.database import Database
from assay.kit.moments import close_of
from assay.ledger import Draft, Kind, Publication, canonical_json

ROWS = Path(__file__).parent / "rows"
SAID_AT = datetime(2024, 1, 1, tzinfo=UTC)
COINS = ((3375, "BTC", "Bitcoin"), (3306, "ETH", "Ethereum"), (3377, "LTC", "Litecoin"))
SILENT = (6000, "COIN0", "Made-up Coin 0")


def list_kinds() -> list[str]:
    """The ledger's names of all kinds but the grades."""
    return sorted(path.stem for path in ROWS.glob("*.json"))


def make_kind_rows(kind: str, day: date) -> list[dict[str, Any]]:
    """Rows of a kind for a day."""
    rows: list[dict[str, Any]] = orjson.loads((ROWS / f"{kind}.json").read_bytes())
    if "token_id" not in rows[0]:
        return rows
    viewed = next(row for row in rows if row["no_view"] is None)
    said = [name(viewed, coin) | vary(viewed, place, day) for place, coin in enumerate(COINS)]
    blind = next((row for row in rows if row["no_view"] is not None), None)
    return said if blind is None else [*said, name(blind, SILENT)]


def name(row: dict[str, Any], coin: tuple[int, str, str]) -> dict[str, Any]:
    """The row as one of another coin."""
    token_id, symbol, words = coin
    return row | {"token_id": token_id, "symbol": symbol, "name": words}


def vary(row: dict[str, Any], place: int, day: date) -> dict[str, Any]:
    """Members that differ between the coins, so that orders and filters can be seen."""
    varied = {
        "signal": place - 1,
        "confidence": f"0.{3 + place}000",
        "volatility": f"0.0{9 - place}",
    }
    shown = {key: value for key, value in varied.items() if key in row}
    if "fall_80" in row and isinstance(row["fall_80"], dict):
        shown["fall_80"] = row["fall_80"] | {"probability": f"0.0{3 + place}00"}
    return shown


def speak(writer: ledger.Writer, days: list[date]) -> None:
    """Publish every kind for each of the days; the hourly ones for their last two hours."""
    for kind in list_kinds():
        for day in days:
            for hour in (22, 23) if kind.endswith(".hourly") else (None,):
                draft = make_draft(kind, day, make_kind_rows(kind, day), hour)
                writer.save(draft, SAID_AT, is_replay=False)


def say(
    database: Database,
    kind: str,
    day: date,
    rows: list[dict[str, Any]],
    at: datetime = SAID_AT,
) -> Publication:
    """Publish rows of a kind."""
    with ledger.write_ledger(database) as writer:
        return writer.save(make_draft(kind, day, rows), at, is_replay=False)


def make_draft(kind: str, day: date, rows: list[dict[str, Any]], hour: int | None = None) -> Draft:
    """Rows of a kind, ready to be published."""
    known = Kind(kind, timedelta(hours=24), timedelta(days=1))
    return Draft(
        known, day, canonical_json(rows), "cd" * 32, close_of(day), "rules:0", "c", hour=hour
    )
