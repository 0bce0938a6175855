"""The developer API: a face that assembles the rooms and serves what they published.

Answers   tokens, candles, grades, histories, explanations, publications; pages for people
Inputs    a `Home`, a clock, settings, the front doors of grades and markets
Cadence   on request; a watcher notices new publications and facts within half a second
Tables    none
"""

from assay.api.answers.slices import load_rows_of
from assay.api.app import Application, create_app
from assay.api.cadences import list_schedules
from assay.api.draining import Draining
from assay.api.faces import Face
from assay.api.forms import (
    BACKFILL,
    BACKTEST,
    EVALUATION,
    FACTS,
    FORMS,
    REPRODUCTION,
    TRAINING,
    BackfillParameters,
    BacktestParameters,
    EvaluationParameters,
    FactsParameters,
    IndexParameters,
    ReproductionParameters,
    SignalsParameters,
    Spell,
    SweepParameters,
    TrainingParameters,
    WeightsParameters,
    read_parameters,
)
from assay.api.routes.common import get_state
from assay.api.sealed import Content, SealedResponse
from assay.api.serve import check_host, name_url, open_socket, serve
from assay.api.server import refuse_connections
from assay.api.state import ApiState, Facts

__all__ = [
    "BACKFILL",
    "BACKTEST",
    "EVALUATION",
    "FACTS",
    "FORMS",
    "REPRODUCTION",
    "TRAINING",
    "ApiState",
    "Application",
    "BackfillParameters",
    "BacktestParameters",
    "Content",
    "Draining",
    "EvaluationParameters",
    "Face",
    "Facts",
    "FactsParameters",
    "IndexParameters",
    "ReproductionParameters",
    "SealedResponse",
    "SignalsParameters",
    "Spell",
    "SweepParameters",
    "TrainingParameters",
    "WeightsParameters",
    "check_host",
    "create_app",
    "get_state",
    "list_schedules",
    "load_rows_of",
    "name_url",
    "open_socket",
    "read_parameters",
    "refuse_connections",
    "serve",
]
