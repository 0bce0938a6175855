"""No query makes the face fail: it answers or refuses, always as a JSON object of the contract."""

from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.asking import ask
from tests.tokenmetrics.asking import PREFIX, AskedFace, load_contract

from assay.tokenmetrics.catalogue import ENDPOINTS

NAMES = sorted({name for entry in load_contract().values() for name in entry["parameters"]})
ODD = ["", ",", "0", "-1", "1e400", "NaN", "3375", "BTC", "2023-12-29", "9" * 40, "\x00", "é", "%"]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=20))
QUERIES = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=5)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from([endpoint.path for endpoint in ENDPOINTS]), query=QUERIES)
def test_any_query_is_answered_or_refused(
    face: AskedFace, path: str, query: list[tuple[str, str]]
) -> None:
    answer = ask(face.app, f"{PREFIX}/{path}?{urlencode(query, errors='replace')}")
    assert answer.status in (200, 400), answer.body
    assert answer.json["success"] is (answer.status == 200)


@pytest.mark.parametrize("query", ["%", "%zz", "&&&", "=", "a=%ff%fe", "symbol=%00", ";", "?" * 9])
def test_a_broken_query_is_one_too(face: AskedFace, query: str) -> None:
    assert ask(face.app, f"{PREFIX}/tokens?{query}").status in (200, 400)
