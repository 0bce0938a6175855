"""The only code that touches the tables of the track record."""

from assay.track_record.store.scores import (
    Kept,
    Line,
    count_all,
    count_selected,
    delete_all,
    load_coverage,
    load_facts_word,
    load_kept,
    load_lines,
    mark_changed,
    save_lines,
    save_state,
    save_status,
)
from assay.track_record.store.statements import (
    count_of_subject,
    list_statements,
    load_bins,
    load_score,
)

__all__ = [
    "Kept",
    "Line",
    "count_all",
    "count_of_subject",
    "count_selected",
    "delete_all",
    "list_statements",
    "load_bins",
    "load_coverage",
    "load_facts_word",
    "load_kept",
    "load_lines",
    "load_score",
    "mark_changed",
    "save_lines",
    "save_state",
    "save_status",
]
