"""Who speaks in this room, and the sources that decide its bytes."""

from assay.indices.judging import READS, judge_days
from assay.indices.types import KIND
from assay.publishing import Speaker, daily_kind

INDICES = Speaker(
    kind=daily_kind(KIND),
    judge=judge_days,
    sources=(
        "factors/compute/mathematics.py",
        "factors/compute/regime.py",
        "indices/books.py",
        "indices/compute",
        "indices/judging.py",
        "indices/parse.py",
        "indices/rows.py",
        "indices/types.py",
        "publishing/facts.py",
        "publishing/numbers.py",
    ),
    reads=READS,
    is_continuing=True,
)
SPEAKERS = (INDICES,)
