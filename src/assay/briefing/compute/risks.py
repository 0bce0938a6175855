"""What may go wrong: coins likely to collapse, and coins that are no longer judged."""

from decimal import Decimal

from assay.briefing.compute.desk import Desk, Sheet, cite, has_view, name_token, say_absent
from assay.briefing.compute.grades import is_liquid
from assay.briefing.types import Json

FALL_KIND = "moonshots"
VIEW_KIND = "grades.trader"
SHOWN_FALLS = 5
SHOWN_SILENT = 6
NOBODY = "No coin with $1m of daily volume was judged."
NO_SKILL = "The model of falls has shown no skill by this day, so no coin stands out."


def compute_risks(desk: Desk) -> Json:
    """Two parts: the highest chances of an 80 % fall within 90 days; views lost since yesterday."""
    return {"falls": _compute_falls(desk), "silent": _compute_silent(desk)}


def _compute_falls(desk: Desk) -> Json:
    """Of the moonshots, coins with $1m of daily volume. None where the model has shown no skill:
    then every chance is a base rate, and no coin stands out.
    """
    today = desk.read(FALL_KIND, desk.day)
    part: Json = {"kind": FALL_KIND, "absent": None, "sources": cite(today=today), "coins": []}
    if today is None:
        return part | {"absent": say_absent(FALL_KIND, desk.day)}
    judged = [row for row in today.rows if has_view(row) and row["fall_80"] and is_liquid(row)]
    rows = [row for row in judged if row["fall_80"]["skill"]]
    rows.sort(key=lambda row: (-Decimal(row["fall_80"]["probability"]), row["token_id"]))
    if not rows:
        return part | {"absent": NO_SKILL if judged else NOBODY}
    part["coins"] = [_describe_fall(row) for row in rows[:SHOWN_FALLS]]
    return part


def _describe_fall(row: Json) -> Json:
    fall = row["fall_80"]
    figures = ("probability", "base_rate", "past_events")
    return name_token(row) | {name: fall[name] for name in figures}


def _compute_silent(desk: Desk) -> Json:
    """Coins graded yesterday and not today, the largest first, with the published reason."""
    today, before = desk.read(VIEW_KIND, desk.day), desk.read(VIEW_KIND, desk.before)
    part: Json = {
        "kind": VIEW_KIND,
        "absent": None,
        "sources": cite(today=today, before=before),
        "count": None,
        "coins": [],
    }
    if today is None or before is None:
        day = desk.day if today is None else desk.before
        return part | {"absent": say_absent(VIEW_KIND, day)}
    lost = _list_lost(today, before)
    return part | {"count": len(lost), "coins": lost[:SHOWN_SILENT]}


def _list_lost(today: Sheet, before: Sheet) -> list[Json]:
    lost = []
    for token_id, old in before.by_token.items():
        row = today.by_token.get(token_id)
        if has_view(old) and row is not None and row["no_view"] is not None:
            view = {"grade_before": old["grade"], "volume_usd_before": old["volume_usd"]}
            lost.append(name_token(row) | view | {"no_view": row["no_view"]})
    lost.sort(key=lambda coin: (-Decimal(coin["volume_usd_before"] or 0), coin["token_id"]))
    return lost
