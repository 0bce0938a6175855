"""Publishing: how every kind of statement is made, once a day or an hour, and made again.

Answers   what is owed, what stands, and whether a publication comes out of its facts again
Inputs    a room's `Speaker`: kind, judge, sources, what it reads; facts as known at `as_of`
Cadence   none of its own: faces call it for every speaker they know, in the order of ranks
Tables    none: what is said lies in the ledger
"""

from assay.publishing.bundles import (
    damaged_bundle,
    pack_facts,
    read_bundle,
    unpack_facts,
    write_bundle,
)
from assay.publishing.code import code_version
from assay.publishing.evidence import Evidence, check_evidence, pack_evidence
from assay.publishing.facts import KnownFacts, group_days, list_coins, load_facts, select_listed
from assay.publishing.numbers import format_decimal, format_price
from assay.publishing.proofs import (
    Check,
    Reproduction,
    check_withdrawal,
    compare,
    export_publication,
    find_speaker,
    reproduce_bundle,
    reproduce_publication,
)
from assay.publishing.said import SaidBook
from assay.publishing.sampling import Drawn, Sample, draw_sample
from assay.publishing.service import (
    Judged,
    check_day,
    check_window,
    judge,
    list_owed,
    load_days,
    load_said,
    publish_day,
    publish_missing,
)
from assay.publishing.types import (
    FIRST_DAY,
    Evaluation,
    Facts,
    Hours,
    Judgement,
    Said,
    SaidRows,
    Speaker,
    daily_kind,
)

__all__ = [
    "FIRST_DAY",
    "Check",
    "Drawn",
    "Evaluation",
    "Evidence",
    "Facts",
    "Hours",
    "Judged",
    "Judgement",
    "KnownFacts",
    "Reproduction",
    "Said",
    "SaidBook",
    "SaidRows",
    "Sample",
    "Speaker",
    "check_day",
    "check_evidence",
    "check_window",
    "check_withdrawal",
    "code_version",
    "compare",
    "daily_kind",
    "damaged_bundle",
    "draw_sample",
    "export_publication",
    "find_speaker",
    "format_decimal",
    "format_price",
    "group_days",
    "judge",
    "list_coins",
    "list_owed",
    "load_days",
    "load_facts",
    "load_said",
    "pack_evidence",
    "pack_facts",
    "publish_day",
    "publish_missing",
    "read_bundle",
    "reproduce_bundle",
    "reproduce_publication",
    "select_listed",
    "unpack_facts",
    "write_bundle",
]
