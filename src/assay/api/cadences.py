"""The cadence of every room: which jobs become due by themselves, and when.

The judgements of a day follow five minutes after its close. Facts of venues and new models only
where a venue is named: recorded data has no news.
"""

from datetime import timedelta

from assay.api.forms import BACKFILL, FACTS, TRAINING
from assay.kit.schedules import Cadence, Schedule
from assay.kit.settings import Settings

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REFIT = 90 * DAY
"""As often as the walk-forward set was trained that every figure was measured with."""

JUDGEMENTS = Schedule(
    "judgements",
    "Publish what is owed of the days that have closed.",
    BACKFILL.name,
    Cadence(DAY, timedelta(minutes=5)),
    {"kinds": []},
)


def list_schedules(settings: Settings) -> list[Schedule]:
    """The schedules of an installation."""
    if not settings.facts_venue:
        return [JUDGEMENTS]
    facts = Schedule(
        "facts",
        f"Fetch the newest candles from {settings.facts_venue}.",
        FACTS.name,
        Cadence(HOUR, timedelta(minutes=1)),
        {"venue": settings.facts_venue, "intervals": ["1d", "1h"]},
        is_urgent=True,
    )
    training = Schedule(
        "training",
        "Train the models of grades from everything known.",
        TRAINING.name,
        Cadence(REFIT, 3 * HOUR),
        {"kinds": ["trader", "investor"]},
    )
    return [facts, JUDGEMENTS, training]
