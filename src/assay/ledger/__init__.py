"""The ledger: what we said, when, about which day, from which inputs.

Answers   what was published for a day, by a moment, and under which digest
Inputs    a room's `Draft`: canonical rows, inputs digest, model and code
Cadence   none of its own: rooms publish into it inside their own transaction
Tables    publications (append-only; triggers refuse updates and deletes)
"""

from assay.ledger.compute import canonical_json, compute_digest, parse_as_of
from assay.ledger.service import save_publication
from assay.ledger.store import (
    list_standing,
    load_latest,
    load_publication,
    load_version,
)
from assay.ledger.types import Draft, Kind, Origin, Publication, Standing

__all__ = [
    "Draft",
    "Kind",
    "Origin",
    "Publication",
    "Standing",
    "canonical_json",
    "compute_digest",
    "list_standing",
    "load_latest",
    "load_publication",
    "load_version",
    "parse_as_of",
    "save_publication",
]
