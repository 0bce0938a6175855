"""One token's rows cut out of a publication are those that reading all of it would give."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.spoken import make_kind_rows

from assay.api.answers.slices import load_rows_of
from assay.ledger import canonical_json

KINDS = (
    "signals.daily",
    "signals.hourly",
    "forecasts.quantiles",
    "forecasts.levels",
    "forecasts.scenarios",
    "indices",
    "moonshots",
    "moonshots.outcomes",
    "market_state.tokens",
    "market_state.correlations",
)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_every_kind(kind: str) -> None:
    rows = make_kind_rows(kind, date(2023, 12, 29))
    member = "index_id" if kind == "indices" else "token_id"
    sealed = canonical_json(rows)
    for value in {row[member] for row in rows} | {1, 10**12}:
        wanted = [row for row in rows if row[member] == value]
        assert load_rows_of(sealed, member, value) == wanted


WORDS = st.text(alphabet='{},:"\\at_oken id7', max_size=12)
IDS = st.integers(0, 30)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"a": WORDS, "list": st.lists(st.fixed_dictionaries({"token_id": IDS})), "token_id": IDS}
        | {"z": WORDS}
    ),
    max_size=8,
)
ALIKE = st.lists(
    st.fixed_dictionaries(
        {"list": st.lists(st.fixed_dictionaries({"list": WORDS, "x": IDS})), "token_id": IDS}
    ),
    max_size=6,
)


@given(rows=st.one_of(ROWS, ALIKE), value=IDS)
def test_rows_of_any_content(rows: list[dict[str, object]], value: int) -> None:
    sealed = canonical_json(rows)
    assert load_rows_of(sealed, "token_id", value) == [
        row for row in rows if row["token_id"] == value
    ]
