"""The largest moves of the grades between two days, with the sub-grades that moved with them."""

from decimal import Decimal

from assay.briefing.compute.desk import (
    Desk,
    Sheet,
    cite,
    has_view,
    name_token,
    say_absent,
    subtract,
)
from assay.briefing.types import Json

BOARDS = (("grades.trader", 7), ("grades.investor", 90))
"""The grades a briefing speaks of, and how many days each looks ahead."""

LABELS = ("Strong Buy", "Buy", "Hold", "Sell", "Strong Sell")
MIN_VOLUME_USD = 1_000_000
MIN_MOVE_CENTI = 500
MIN_PART = Decimal(5)
SHOWN_MOVES = 4
SHOWN_PARTS = 2


def compute_grades(desk: Desk) -> Json:
    """Both boards: moves of at least 5 points among coins with $1m of daily volume."""
    return {"boards": [_compute_board(desk, kind, days) for kind, days in BOARDS]}


def is_liquid(row: Json) -> bool:
    """True where the row's 30-day median volume is known and at least a million dollars."""
    volume = row.get("volume_usd")
    return volume is not None and float(volume) >= MIN_VOLUME_USD


def _compute_board(desk: Desk, kind: str, horizon_days: int) -> Json:
    today, before = desk.read(kind, desk.day), desk.read(kind, desk.before)
    board: Json = {
        "kind": kind,
        "horizon_days": horizon_days,
        "absent": None,
        "sources": cite(today=today, before=before),
        "graded": None,
        "labels": None,
        "labels_before": None,
        "up": [],
        "down": [],
    }
    if today is None:
        return board | {"absent": say_absent(kind, desk.day)}
    board["graded"] = sum(has_view(row) for row in today.rows)
    board["labels"] = _count_labels(today)
    if before is None:
        return board | {"absent": f"{say_absent(kind, desk.before)} Changes are not known."}
    moves = _list_moves(today, before)
    moves.sort(key=lambda move: (-move[0], move[1]["token_id"]))
    up = [move for move in moves[:SHOWN_MOVES] if move[0] >= MIN_MOVE_CENTI]
    moves.sort(key=lambda move: (move[0], move[1]["token_id"]))
    down = [move for move in moves[:SHOWN_MOVES] if move[0] <= -MIN_MOVE_CENTI]
    return board | {
        "labels_before": _count_labels(before),
        "up": [_describe(row, old) for _, row, old in up],
        "down": [_describe(row, old) for _, row, old in down],
    }


def _count_labels(sheet: Sheet) -> dict[str, int]:
    labels = [row["label"] for row in sheet.rows]
    return {label: labels.count(label) for label in LABELS}


def _list_moves(today: Sheet, before: Sheet) -> list[tuple[int, Json, Json]]:
    """(change in hundredths, row, row of the day before) of every liquid coin with a view on both
    days.
    """
    moves = []
    for token_id, row in today.by_token.items():
        old = before.by_token.get(token_id)
        if old is not None and has_view(row) and has_view(old) and is_liquid(row):
            moves.append((_centi(row["grade"]) - _centi(old["grade"]), row, old))
    return moves


def _centi(grade: str) -> int:
    return int(grade.replace(".", ""))


def _describe(row: Json, old: Json) -> Json:
    change = subtract(row["grade"], old["grade"])
    return {
        **name_token(row),
        "grade": row["grade"],
        "grade_before": old["grade"],
        "change": change,
        "label": row["label"],
        "label_before": old["label"],
        "parts": _list_parts(row["sub_grades"], old["sub_grades"], Decimal(change)),
    }


def _list_parts(now: dict[str, str], before: dict[str, str], change: Decimal) -> list[Json]:
    """The sub-grades that moved the grade's way by `MIN_PART` or more, the largest first."""
    parts = [
        {
            "family": family,
            "grade": now[family],
            "grade_before": before[family],
            "change": subtract(now[family], before[family]),
        }
        for family in sorted(now)
        if family in before
    ]
    with_it = [
        part
        for part in parts
        if abs(Decimal(part["change"])) >= MIN_PART and Decimal(part["change"]) * change > 0
    ]
    with_it.sort(key=lambda part: (-abs(Decimal(part["change"])), part["family"]))
    return with_it[:SHOWN_PARTS]
