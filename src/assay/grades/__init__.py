"""Grades: how every coin is likely to do against the others, over 7 days and over 90.

Answers   Trader Grade and Investor Grade of a day, 0 to 100, with label, change, sub-grades,
          probability, interval or the reason for no view; why; whether it predicts
Inputs    the panel and registry as known at `as_of`; an artefact that had learnt nothing later
Cadence   daily after the close; `publish_missing` back-fills
Tables    grade_points (an index of histories); what was said lies in the ledger's publications
Manual    docs/method/grades.md
"""

from assay.evaluation import create_document as evaluation_json
from assay.evaluation import create_page as evaluation_html
from assay.grades.explaining import GradeExplanation, explain_grade
from assay.grades.measuring import evaluate_grades
from assay.grades.proofs import (
    export_publication,
    reproduce_bundle,
    reproduce_publication,
)
from assay.grades.service import (
    GradePoint,
    check_day,
    list_owed,
    load_grade_history,
    load_grades,
    publish_grades,
    publish_missing,
)
from assay.grades.training import train_models
from assay.grades.types import GradeKind

__all__ = [
    "GradeExplanation",
    "GradeKind",
    "GradePoint",
    "check_day",
    "evaluate_grades",
    "evaluation_html",
    "evaluation_json",
    "explain_grade",
    "export_publication",
    "list_owed",
    "load_grade_history",
    "load_grades",
    "publish_grades",
    "publish_missing",
    "reproduce_bundle",
    "reproduce_publication",
    "train_models",
]
