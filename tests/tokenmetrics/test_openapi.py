"""The face's own document is true: generated requests, right and wrong, get what it promises."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.asking import ask
from tests.api.world import make_world
from tests.tokenmetrics.asking import PREFIX, list_required, load_contract, open_face

from assay.tokenmetrics.catalogue import ENDPOINTS

HEADERS = {"host": "localhost:8000"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_document_promises(
    tmp_path: Path, mode: GenerationMode
) -> None:
    app = open_face(make_world(tmp_path), tmp_path).app
    document = f"{PREFIX}/openapi.json"
    schema = schemathesis.openapi.from_asgi(document, app, headers=HEADERS, timeout=None)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) == len(load_contract())
    for operation in operations:
        ask_generated(operation, mode)


def ask_generated(operation: Any, mode: GenerationMode) -> None:
    @settings(
        max_examples=6,
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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_whole_lists_have_the_shape_that_is_described(tmp_path: Path) -> None:
    app = open_face(make_world(tmp_path), tmp_path).app
    schema = schemathesis.openapi.from_asgi(
        f"{PREFIX}/openapi.json", app, headers=HEADERS, timeout=None
    )
    for endpoint in ENDPOINTS:
        operation = schema[f"{PREFIX}/{endpoint.path}"]["GET"]
        query = list_required(endpoint) | {"limit": "1000"}
        case = operation.Case(query=query)
        answer = case.call(headers=HEADERS)
        assert answer.status_code == 200
        case.validate_response(answer, checks=CHECKS)


def test_every_field_says_where_it_is_read_from(tmp_path: Path) -> None:
    app = open_face(make_world(tmp_path), tmp_path).app
    paths = ask(app, f"{PREFIX}/openapi.json").json["paths"]
    for endpoint in ENDPOINTS:
        body = paths[f"{PREFIX}/{endpoint.path}"]["get"]["responses"]["200"]["content"]
        members = body["application/json"]["schema"]["properties"]
        if not endpoint.is_chart:
            fields = members["data"]["items"]["properties"]
            assert all(field["description"] for field in fields.values())
