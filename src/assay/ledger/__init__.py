"""The ledger: what we said, when, about which day, from which inputs.

Answers   what was published for a day, by a moment, and under which digest
Inputs    a room's `Draft`: canonical rows, inputs digest, model and code
Cadence   none of its own: rooms publish into it inside their own transaction
Tables    publications (append-only; triggers refuse updates and deletes)
"""

from assay.ledger.compute.headers import canonical_json, compute_digest, parse_as_of, split_rows
from assay.ledger.compute.notes import format_vkey, parse_vkey
from assay.ledger.compute.private import PRIVATE_KIND, open_private_entry
from assay.ledger.compute.sealing import Seal, check_seals, find_altered
from assay.ledger.outside import (
    AnchorReceipt,
    HeadState,
    Outside,
    OutsideHead,
    OutsideView,
    Submission,
    WitnessState,
    read_outside,
)
from assay.ledger.service.anchoring import Anchoring, AnchorStatus
from assay.ledger.service.appending import refuse_moved
from assay.ledger.service.asking import ask_outside
from assay.ledger.service.checking import LogReport, check_log, check_publications
from assay.ledger.service.heads import keep_view, list_unmet
from assay.ledger.service.private import PrivateReading, export_private, verify_private
from assay.ledger.service.proving import prove_consistency, prove_publication, prove_row
from assay.ledger.service.reading import load_checkpoint, read_entries, read_tile
from assay.ledger.service.receipts import check_anchor, format_receipt, parse_receipt
from assay.ledger.service.starting import forget_place, resume_log, rotate_key, start_new_log
from assay.ledger.service.watching import watch
from assay.ledger.service.witnessing import submit_checkpoint
from assay.ledger.service.writing import Writer, open_log, write_ledger
from assay.ledger.store.log import (
    list_checkpoints,
    list_log_keys,
    list_logs,
    load_end,
    load_log,
    load_position,
)
from assay.ledger.store.outside import list_anchors, list_failures, list_witnesses
from assay.ledger.store.private import erase_private, list_private, load_private
from assay.ledger.store.publications import (
    list_headers,
    list_kinds,
    list_overruled,
    list_standing,
    load_latest,
    load_newest,
    load_publication,
    load_rows,
    load_version,
)
from assay.ledger.types import (
    Draft,
    Heading,
    Kind,
    Log,
    LogKey,
    Origin,
    PrivateStatement,
    Publication,
    Selection,
    SignedCheckpoint,
    Standing,
)

__all__ = [
    "PRIVATE_KIND",
    "AnchorReceipt",
    "AnchorStatus",
    "Anchoring",
    "Draft",
    "HeadState",
    "Heading",
    "Kind",
    "Log",
    "LogKey",
    "LogReport",
    "Origin",
    "Outside",
    "OutsideHead",
    "OutsideView",
    "PrivateReading",
    "PrivateStatement",
    "Publication",
    "Seal",
    "Selection",
    "SignedCheckpoint",
    "Standing",
    "Submission",
    "WitnessState",
    "Writer",
    "ask_outside",
    "canonical_json",
    "check_anchor",
    "check_log",
    "check_publications",
    "check_seals",
    "compute_digest",
    "erase_private",
    "export_private",
    "find_altered",
    "forget_place",
    "format_receipt",
    "format_vkey",
    "keep_view",
    "list_anchors",
    "list_checkpoints",
    "list_failures",
    "list_headers",
    "list_kinds",
    "list_log_keys",
    "list_logs",
    "list_overruled",
    "list_private",
    "list_standing",
    "list_unmet",
    "list_witnesses",
    "load_checkpoint",
    "load_end",
    "load_latest",
    "load_log",
    "load_newest",
    "load_position",
    "load_private",
    "load_publication",
    "load_rows",
    "load_version",
    "open_log",
    "open_private_entry",
    "parse_as_of",
    "parse_receipt",
    "parse_vkey",
    "prove_consistency",
    "prove_publication",
    "prove_row",
    "read_entries",
    "read_outside",
    "read_tile",
    "refuse_moved",
    "resume_log",
    "rotate_key",
    "split_rows",
    "start_new_log",
    "submit_checkpoint",
    "verify_private",
    "watch",
    "write_ledger",
]
