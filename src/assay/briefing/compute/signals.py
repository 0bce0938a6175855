"""Signals that are not what they were the day before: entries, exits and flips."""

from collections.abc import Mapping
from decimal import Decimal

from assay.briefing.compute.desk import Desk, Sheet, cite, name_token, say_absent
from assay.briefing.types import Json

KIND = "signals.daily"
SHOWN = 4
CHANGES = ("long_entry", "short_entry", "flip_to_long", "flip_to_short", "exit")


def compute_signals(desk: Desk, volumes: Mapping[int, Decimal]) -> Json:
    """Changed signals by the way they changed, the most traded coins (`volumes`, USD) first."""
    today, before = desk.read(KIND, desk.day), desk.read(KIND, desk.before)
    section: Json = {
        "kind": KIND,
        "absent": None,
        "sources": cite(today=today, before=before),
        "counts": None,
        "counts_before": None,
        "changes": {change: {"count": 0, "coins": []} for change in CHANGES},
    }
    if today is None:
        return section | {"absent": say_absent(KIND, desk.day)}
    section["counts"] = _count(today)
    if before is None:
        return section | {"absent": f"{say_absent(KIND, desk.before)} Changes are not known."}
    section["counts_before"] = _count(before)
    section["changes"] = _list_changes(today, before, volumes)
    return section


def _count(sheet: Sheet) -> dict[str, int]:
    signals = [row["signal"] for row in sheet.rows if row["signal"] is not None]
    return {"long": signals.count(1), "short": signals.count(-1), "none": signals.count(0)}


def _name_change(now: int | None, before: int | None) -> str | None:
    if now is None or before is None or now == before:
        return None
    if now == 0:
        return "exit"
    side = "long" if now == 1 else "short"
    return f"{side}_entry" if before == 0 else f"flip_to_{side}"


def _list_changes(today: Sheet, before: Sheet, volumes: Mapping[int, Decimal]) -> Json:
    found: dict[str, list[Json]] = {change: [] for change in CHANGES}
    for token_id, row in today.by_token.items():
        old = before.by_token.get(token_id)
        change = None if old is None else _name_change(row["signal"], old["signal"])
        if old is not None and change is not None:
            found[change].append(_describe(row, old))
    return {
        change: {
            "count": len(coins),
            "coins": sorted(coins, key=lambda coin: _by_volume(coin, volumes))[:SHOWN],
        }
        for change, coins in found.items()
    }


def _by_volume(coin: Json, volumes: Mapping[int, Decimal]) -> tuple[Decimal, int]:
    return -volumes.get(coin["token_id"], Decimal(0)), coin["token_id"]


def _describe(row: Json, old: Json) -> Json:
    return {
        **name_token(row),
        "signal": row["signal"],
        "signal_before": old["signal"],
        "confidence": row["confidence"],
        "close": row["close"],
        "stop": row["stop"],
        "target": row["target"],
        "reason": row["reason"],
    }
