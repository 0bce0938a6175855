"""The track record: what came of everything that was said.

Answers   of every sealed publication of every kind: hits and misses, open ones, how often things
          happened beside how often they were said to, IC with its noise, controls; each statement
          with its publication and place in the log; live, backfilled and replayed apart
Inputs    the ledger as published; facts known now; the instruments of `evaluation` and the rooms
Cadence   after publishing, in a worker or by `assay track-record`; requests only read what is kept
Tables    track_record_scores, track_record_state (derived: may be built again at any time)
Manual    docs/method/track_record.md
"""

from assay.track_record.building import Built, check_owed, rebuild_record, update_record
from assay.track_record.measures import (
    KINDS,
    MEASURES,
    SCORERS,
    UNSCORED,
    find_measure,
    find_number,
    find_place,
)
from assay.track_record.page import create_record_page
from assay.track_record.reading import (
    Book,
    History,
    Record,
    count_statements,
    load_calibration,
    load_coverage,
    load_days,
    load_record,
    load_score,
    walk_statements,
)
from assay.track_record.types import Measure, Point, Score, Selection, Statement, Summary

__all__ = [
    "KINDS",
    "MEASURES",
    "SCORERS",
    "UNSCORED",
    "Book",
    "Built",
    "History",
    "Measure",
    "Point",
    "Record",
    "Score",
    "Selection",
    "Statement",
    "Summary",
    "check_owed",
    "count_statements",
    "create_record_page",
    "find_measure",
    "find_number",
    "find_place",
    "load_calibration",
    "load_coverage",
    "load_days",
    "load_record",
    "load_score",
    "rebuild_record",
    "update_record",
    "walk_statements",
]
