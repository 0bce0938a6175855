"""Every path of the contract: its envelope, its fields with their exact names, their types."""

from typing import Any

import pytest
from tests.api.asking import ask
from tests.tokenmetrics.asking import (
    PREFIX,
    AskedFace,
    list_endpoints,
    list_required,
    load_contract,
)

from assay.tokenmetrics.catalogue import ENDPOINTS
from assay.tokenmetrics.types import Endpoint, Missing

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "boolean": (bool,),
}
EXTRA = {
    "market-metrics": {"FEAR_AND_GREED_VALUE"},
    "ai-reports": {"TRADER_REPORT", "FUNDAMENTAL_REPORT", "TECHNOLOGY_REPORT"},
    "trader-indices": {"INDEX_ID"},
    "hourly-trading-signals": set(),
}
"""Fields that only the Python SDK's README or its sibling path names."""
SILENT = {
    "technology-grade",
    "technology-grade-history",
    "fundamental-grade",
    "fundamental-grade-history",
    "sentiments",
    "crypto-investors",
    "all-trend-indicators",
}


def test_every_path_of_the_contract_is_answered() -> None:
    contract = load_contract()
    gets = {path for path, entry in contract.items() if entry["method"] == "GET"}
    assert gets == {endpoint.path for endpoint in ENDPOINTS}
    assert set(contract) - gets == {"tmai"}


@pytest.mark.parametrize("endpoint", list_endpoints(), ids=lambda e: e.path)
def test_fields_have_the_names_and_types_of_the_contract(
    face: AskedFace, endpoint: Endpoint
) -> None:
    said = load_contract()[endpoint.path]["fields"]
    known = {field.name for field in endpoint.fields}
    assert known == set(said) | EXTRA.get(endpoint.path, set())
    rows = face.rows(endpoint.path, **list_required(endpoint))
    assert bool(rows) is (endpoint.path not in SILENT)
    for row in rows:
        for field in endpoint.fields:
            if field.name not in row:
                assert field.missing is Missing.OMIT, field.name
            elif row[field.name] is None:
                assert field.missing is Missing.NULL, field.name
            else:
                check_type(row[field.name], said.get(field.name, field.kind), field.name)


def check_type(value: Any, kind: str, name: str) -> None:
    """A value has one of the types that the contract lists; a bool is no number."""
    allowed = tuple(t for part in kind.split("|") for t in TYPES[part])
    assert isinstance(value, allowed), f"{name}: {value!r} is not a {kind}"
    assert not isinstance(value, bool) or bool in allowed, name


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.path)
def test_every_parameter_of_the_contract_is_taken(face: AskedFace, endpoint: Endpoint) -> None:
    harmless = {
        "limit": "10",
        "page": "0",
        "token_id": "3306, 3375",
        "symbol": "BTC, ETH",
        "token_name": "Bitcoin",
        "startDate": "2021-01-01",
        "endDate": "2023-12-29",
        "start_date": "2021-01-01",
        "end_date": "2023-12-29",
        "date": "2023-12-29",
        "signal": "1",
        "top_k": "5",
        "indicesType": "passive",
        "type": "trader",
    }
    query = {n: harmless.get(n, "1") for n in load_contract()[endpoint.path]["parameters"]}
    if endpoint.path == "moonshot-tokens":
        query["type"] = "past"
    answer = face.ask(endpoint.path, **query)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.path)
def test_unknown_parameters_are_ignored(face: AskedFace, endpoint: Endpoint) -> None:
    required = list_required(endpoint)
    plain = face.ask(endpoint.path, **required)
    noisy = face.ask(endpoint.path, **required, interval="1d", base_symbol="BTC", made_up="x")
    assert noisy.status == 200
    assert noisy.body == plain.body


def test_empty_lists_say_why(face: AskedFace) -> None:
    for path in sorted(SILENT):
        body = face.ask(path).json
        assert body["success"] is True
        assert body["data"] == []
        assert body["length"] == 0
        assert body["message"] != "Data fetched successfully"


def test_chart_paths_answer_without_an_address(face: AskedFace) -> None:
    charts = [endpoint for endpoint in ENDPOINTS if endpoint.is_chart]
    assert len(charts) == 12
    for endpoint in charts:
        assert face.ask(endpoint.path).json["chartUrl"] is None


def test_the_index_and_the_document_name_every_path(face: AskedFace) -> None:
    for target in (PREFIX, PREFIX + "/", PREFIX + "/openapi.json"):
        answer = ask(face.app, target)
        assert answer.status == 200
        assert b"not affiliated with" in answer.body
    listed = {row["PATH"] for row in ask(face.app, PREFIX + "/").json["data"]}
    described = set(ask(face.app, PREFIX + "/openapi.json").json["paths"])
    assert listed == described
    assert len(described) == len(load_contract())


def test_the_native_document_does_not_name_them(face: AskedFace) -> None:
    assert not [path for path in ask(face.app, "/openapi.json").json["paths"] if PREFIX in path]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("trader-grades?limit=5000", 400),
        ("tokens?token_id=abc", 400),
        ("trading-signals?signal=2", 400),
        ("indices-holdings", 400),
        ("moonshot-tokens?type=future", 400),
        ("indices?indicesType=lazy", 400),
        ("coins", 404),
        ("nothing/here", 404),
    ],
)
def test_errors_have_the_shape_that_clients_read(face: AskedFace, target: str, status: int) -> None:
    answer = ask(face.app, f"{PREFIX}/{target}")
    body = answer.json
    assert answer.status == status
    assert answer.header("content-type") == "application/json"
    assert (body["success"], body["length"], body["data"]) == (False, 0, [])
    assert body["message"]
    assert body["detail"]


@pytest.mark.parametrize("header", [b"api_key", b"x-api-key"])
def test_an_unknown_key_is_refused_in_that_shape(face: AskedFace, header: bytes) -> None:
    answer = face.ask("tokens", headers=[(header, b"tm-00000000-0000-0000-0000-000000000000")])
    assert answer.status == 401
    assert answer.json["success"] is False
