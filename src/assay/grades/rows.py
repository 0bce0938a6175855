"""One day's judgement as the rows that are sealed and served: decimal strings, best grade first.

Pure. The fields are documented in `docs/api.md`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from assay.grades.compute.grading import label_grade
from assay.grades.types import FAMILIES, DayGrades, NoView
from assay.ledger import canonical_json
from assay.markets.types import Token

REASONS = {
    NoView.STALE: "It has no complete daily candle for this day.",
    NoView.SHORT_HISTORY: "It has traded for fewer than 30 days.",
    NoView.THIN_TRADING: "Its 30-day median volume is below $100,000 a day.",
    NoView.DELISTING_ANNOUNCED: "The end of its trading was known on this day.",
    NoView.DELISTING_EVIDENT: "It lost more than 80 % within a week; its trading is ending.",
    NoView.WASHED_VOLUME: "Its volume looks made up (round sizes, Benford's law, tail).",
}

NO_VOLUME = "No volume is known for it, so nobody can say how much of it trades."

Json = dict[str, object]
Point = tuple[int, int | None, str | None]


def format_centi(value: int) -> str:
    """Hundredths as a decimal string with two decimals."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"


def create_rows(
    judged: DayGrades,
    listed: Sequence[Token],
    median_volumes_usd: Mapping[int, float],
    yesterday: Mapping[int, int],
) -> list[Json]:
    """Rows of the `listed` coins. `yesterday` holds the grades (hundredths) of the day before."""
    place = {int(token_id): row for row, token_id in enumerate(judged.token_ids)}
    viewed: list[tuple[int, int, Token]] = []
    silent: list[Token] = []
    for token in listed:
        row = place[token.token_id]
        if judged.no_view[row] is None:
            viewed.append((row, int(judged.grades[row]), token))
        else:
            silent.append(token)
    viewed.sort(key=lambda item: (-item[1], -int(judged.raw[item[0]]), item[2].token_id))
    rows = [
        _viewed_row(judged, row, rank, token, median_volumes_usd, yesterday)
        for rank, (row, _, token) in enumerate(viewed, start=1)
    ]
    return rows + [
        _silent_row(judged.no_view[place[token.token_id]], token, median_volumes_usd)
        for token in silent
    ]


def give_reason(code: NoView, median_volume_usd: float | None) -> str:
    """The sentence behind a no-view code; missing volume is not the same as little of it."""
    is_unknown = median_volume_usd is None or not np.isfinite(median_volume_usd)
    return NO_VOLUME if code is NoView.THIN_TRADING and is_unknown else REASONS[code]


def encode_rows(rows: Sequence[Json]) -> bytes:
    """The canonical bytes that are hashed and served."""
    return canonical_json(rows)


def list_points(rows: Sequence[Json]) -> list[Point]:
    """(token id, grade in hundredths, no-view code) of each row, for the index of histories."""
    points: list[Point] = []
    for row in rows:
        grade, view = row["grade"], row["no_view"]
        centi = None if grade is None else int(str(grade).replace(".", ""))
        code = view["code"] if isinstance(view, dict) else None
        points.append((int(str(row["token_id"])), centi, code))
    return points


def _viewed_row(
    judged: DayGrades,
    row: int,
    rank: int,
    token: Token,
    volumes: Mapping[int, float],
    yesterday: Mapping[int, int],
) -> Json:
    grade = int(judged.grades[row])
    before = yesterday.get(int(token.token_id))
    families = zip(FAMILIES, judged.sub_grades[:, row].tolist(), strict=True)
    return {
        "token_id": int(token.token_id),
        "symbol": token.symbol,
        "name": token.name,
        "grade": format_centi(grade),
        "label": label_grade(grade).value,
        "change": None if before is None else format_centi(grade - before),
        "rank": rank,
        "sub_grades": {family.value: format_centi(value) for family, value in families},
        "raw_score": format_centi(int(judged.raw[row])),
        "capped": bool(judged.capped[row]),
        "probability": f"{judged.probabilities[row]:.4f}",
        "interval": {
            "low": _format_return(float(judged.low[row])),
            "high": _format_return(float(judged.high[row])),
        },
        "volume_usd": _format_dollars(volumes.get(int(token.token_id))),
        "no_view": None,
    }


def _silent_row(reason: NoView | None, token: Token, volumes: Mapping[int, float]) -> Json:
    code = reason or NoView.STALE
    volume = volumes.get(int(token.token_id))
    return {
        "token_id": int(token.token_id),
        "symbol": token.symbol,
        "name": token.name,
        "grade": None,
        "label": None,
        "change": None,
        "rank": None,
        "sub_grades": None,
        "raw_score": None,
        "capped": False,
        "probability": None,
        "interval": None,
        "volume_usd": _format_dollars(volume),
        "no_view": {"code": code.value, "reason": give_reason(code, volume)},
    }


def _format_return(value: float) -> str:
    return f"{value + 0.0:.4f}"


def _format_dollars(value: float | None) -> str | None:
    return None if value is None or not np.isfinite(value) else f"{value:.0f}"
