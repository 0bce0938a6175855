"""Which format a list comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.api.negotiation import Format, choose_format, takes_json

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        (b"", Format.JSON),
        (b"*/*", Format.JSON),
        (BROWSER, Format.JSON),
        (b"application/json", Format.JSON),
        (b"application/*", Format.JSON),
        (b"application/vnd.apache.arrow.stream", Format.ARROW),
        (b"application/vnd.apache.parquet, */*;q=0.1", Format.PARQUET),
        (b"TEXT/CSV; charset=utf-8", Format.CSV),
        (b"text/*", Format.CSV),
        (b"application/x-ndjson", Format.NDJSON),
        (b"application/ndjson", Format.NDJSON),
        (b"text/csv;q=0.5, application/x-ndjson;q=0.9", Format.NDJSON),
        (b"application/json;q=0, */*", Format.ARROW),
        (b"image/png", None),
        (b"text/csv;q=0", None),
        (b"text/csv;q=nonsense", None),
    ],
)
def test_the_format_that_weighs_most_is_chosen(accepted: bytes, form: Format | None) -> None:
    assert choose_format(accepted) is form
    assert takes_json(accepted) is (form is Format.JSON)


@given(st.binary(max_size=80))
def test_any_accept_has_an_answer(accepted: bytes) -> None:
    assert choose_format(accepted) in {*Format, None}
