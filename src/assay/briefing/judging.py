"""How the briefing of a day is made: the judge that publishing calls, and what it depends on."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date

from assay import ledger
from assay.briefing.compute import forecasts, grades, picks, record, risks, signals
from assay.briefing.compute.desk import Desk
from assay.briefing.compute.prices import Prices
from assay.briefing.compute.record import OWN_KIND, Records
from assay.briefing.compute.writing import compute_briefing
from assay.publishing import Judgement, Speaker, daily_kind
from assay.publishing.types import Facts, Said

RULES = {
    "boards": list(grades.BOARDS),
    "forecasts": [forecasts.SHOWN, forecasts.LEVELS],
    "minimum_move_centi": grades.MIN_MOVE_CENTI,
    "minimum_part": str(grades.MIN_PART),
    "minimum_volume_usd": grades.MIN_VOLUME_USD,
    "picks": [picks.RULE, picks.SHOWN],
    "record_lists": record.RECORD_LISTS,
    "shown": [grades.SHOWN_MOVES, signals.SHOWN, risks.SHOWN_FALLS, risks.SHOWN_SILENT],
}
MODEL = f"rules:{hashlib.sha256(ledger.canonical_json(RULES)).hexdigest()[:12]}"


def judge_days(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """One briefing a day. Everything but what became of picks is read from publications."""
    records = Records(Prices(facts))
    for day in days:
        yield Judgement(day, [compute_briefing(Desk(said, day), records)], MODEL)


BRIEFING = Speaker(
    kind=daily_kind(OWN_KIND),
    judge=judge_days,
    sources=("briefing/compute", "briefing/judging.py", "publishing/numbers.py"),
    reads=(
        "market_state",
        "grades.trader",
        "grades.investor",
        "signals.daily",
        "indices",
        "moonshots",
        "forecasts.quantiles",
    ),
    is_continuing=True,
)
SPEAKERS = (BRIEFING,)
