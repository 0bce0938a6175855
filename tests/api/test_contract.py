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
from schemathesis.core.failures import FailureGroup
from tests.api.asking import ask
from tests.api.keyed import make_keyed
from tests.api.world import World, make_world

from assay.api import schemas
from assay.api.kinds import LISTINGS
from assay.api.kinds.facts import Quarantined, Said
from assay.api.kinds.grades import ExplanationAnswer, Grade, GradePoint
from assay.api.kinds.sectors import SectorList
from assay.api.negotiation import Format
from assay.api.routes import health

TOO_LONG = frozenset({413, 414, 431})
"""What is refused before anybody looks at what it says."""


def refuse_wrong_data(context: Any, response: Any, case: Any) -> bool | None:
    """What violates the document is refused; so is what is too long to be read."""
    if response.status_code in TOO_LONG:
        return None
    verdict: bool | None = negative_data_rejection(context, response, case)
    return verdict


HEADERS = {"host": "localhost:8000"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    refuse_wrong_data,
]


APART = frozenset({"accounts"})
"""Tags that have a contract test of their own, with people in it."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("keyed", [False, True], ids=["open", "keyed"])
def test_every_answer_is_one_that_the_document_promises(
    tmp_path: Path, mode: GenerationMode, keyed: bool
) -> None:
    headers = dict(HEADERS)
    if keyed:
        site = make_keyed(tmp_path)
        app, headers["x-api-key"] = site.app, site.keys["owner"]
    else:
        app = make_world(tmp_path).app
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers, timeout=None)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= len(LISTINGS) + 45
    broken: list[str] = []
    for operation in operations:
        raw = operation.definition.raw
        if keyed and APART & set(raw.get("tags", ())):
            continue
        # Nothing about a request that has neither parameters nor a body can be wrong.
        if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & raw.keys():
            try:
                ask_generated(operation, mode, headers, 4 if keyed else 10)
            except FailureGroup as failures:
                broken.append(f"{operation.label}: {failures}")
    assert not broken, "\n\n".join(broken)


def ask_generated(
    operation: Any, mode: GenerationMode, headers: dict[str, str], examples: int
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask_one(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.validate_response(case.call(headers=headers), checks=CHECKS)

    ask_one()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("accept", [*(form.media_type for form in Format), "image/png", "*/*"])
def test_every_list_answers_every_accept_as_promised(tmp_path: Path, accept: str) -> None:
    app = make_world(tmp_path).app
    headers = HEADERS | {"accept": accept}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS, timeout=None)
    asked = 0
    for operation in (result.ok() for result in schema.get_all_operations()):
        parameters = operation.definition.raw.get("parameters", ())
        if any(parameter["name"] == "format" for parameter in parameters):
            ask_generated(operation, GenerationMode.POSITIVE, headers, 3)
            asked += 1
    assert asked >= 25


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        ("/v1/tokens", schemas.TokenList),
        ("/v1/tokens/GONE", schemas.TokenAnswer),
        ("/v1/sectors", SectorList),
        ("/v1/candles/ETH?sort=time", schemas.CandleList),
        ("/v1/candles/ETH?interval=1h", schemas.CandleList),
        ("/v1/candles", schemas.TokenCandleList),
        ("/v1/candles?symbol=BTC,ETH&interval=1m", schemas.TokenCandleList),
        ("/v1/publications", schemas.Page[Said]),
        ("/v1/quarantine", schemas.Page[Quarantined]),
        ("/v1/grades/trader", schemas.Page[Grade]),
        ("/v1/grades/investor/LUNC", schemas.TokenHistory[GradePoint]),
        ("/v1/grades/trader/{symbol}/explanation", ExplanationAnswer),
        ("/v1/publications/{publication}", schemas.Publication),
        ("/healthz", schemas.Status),
        ("/readyz", health.ReadinessShown),
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
