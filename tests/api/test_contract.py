"""The OpenAPI document is true: generated requests, right and wrong, get what it promises."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.asking import ask
from tests.api.world import World, make_world

from assay.api import schemas
from assay.api.kinds import LISTINGS
from assay.api.kinds.grades import ExplanationAnswer, Grade, GradePoint

HEADERS = {"host": "localhost:8000"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_answer_is_one_that_the_document_promises(tmp_path: Path, mode: str) -> None:
    app = make_world(tmp_path).app
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS, timeout=None)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == 11 + len(LISTINGS)
    for operation in operations:
        # Nothing about a path without parameters can be wrong.
        if mode == "positive" or operation.path.startswith("/v1/"):
            ask_generated(operation, GenerationMode(mode))


def ask_generated(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask_one(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.validate_response(case.call(headers=HEADERS), checks=CHECKS)

    ask_one()


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        ("/v1/tokens", schemas.TokenList),
        ("/v1/tokens/GONE", schemas.TokenAnswer),
        ("/v1/candles/ETH?sort=time", schemas.CandleList),
        ("/v1/candles/ETH?interval=1h", schemas.CandleList),
        ("/v1/grades/trader", schemas.Page[Grade]),
        ("/v1/grades/investor/LUNC", schemas.TokenHistory[GradePoint]),
        ("/v1/grades/trader/{symbol}/explanation", ExplanationAnswer),
        ("/v1/publications/{publication}", schemas.Publication),
        ("/healthz", schemas.Status),
        ("/readyz", schemas.Readiness),
        ("/v1/nix", schemas.Problem),
        ("/v1/tokens?nix=1", schemas.Problem),
    ],
)
def test_answers_have_the_documented_shape(
    world: World, target: str, shape: type[BaseModel]
) -> None:
    best = ask(world.app, "/v1/grades/trader?limit=1").json
    target = target.format(symbol=best["data"][0]["symbol"], publication=best["publication"])
    read = shape.model_validate_json(ask(world.app, target).body)
    unknown = (read.model_extra or {}).keys()
    assert not unknown, f"{target} answers members that are not documented"
