"""One day's briefing as the row that is sealed."""

from collections.abc import Mapping
from decimal import Decimal

from assay.briefing.compute.desk import Desk
from assay.briefing.compute.forecasts import compute_forecasts
from assay.briefing.compute.grades import compute_grades
from assay.briefing.compute.indices import compute_indices
from assay.briefing.compute.market import compute_market
from assay.briefing.compute.picks import compute_picks
from assay.briefing.compute.record import Records
from assay.briefing.compute.risks import compute_risks
from assay.briefing.compute.signals import compute_signals
from assay.briefing.types import Json

VOLUME_KIND = "grades.trader"


def compute_briefing(desk: Desk, records: Records) -> Json:
    """All sections of `desk.day`, and the publications they were read from."""
    sections = {
        "market": compute_market(desk),
        "grades": compute_grades(desk),
        "signals": compute_signals(desk, _list_volumes(desk)),
        "indices": compute_indices(desk),
        "risks": compute_risks(desk),
        "picks": compute_picks(desk, records),
        "forecasts": compute_forecasts(desk),
    }
    return {"as_of": desk.day.isoformat(), **sections, "sources": desk.sources}


def _list_volumes(desk: Desk) -> Mapping[int, Decimal]:
    sheet = desk.read(VOLUME_KIND, desk.day)
    rows = () if sheet is None else sheet.rows
    return {row["token_id"]: Decimal(row["volume_usd"]) for row in rows if row["volume_usd"]}
