"""When is it tried again, and when is it given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.alerts.compute.patience import (
    LONGEST_WAIT_S,
    LONGEST_WISH_S,
    compute_wait_s,
    is_given_up,
)
from assay.alerts.sources.judging import judge_status, parse_retry_after

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(("failures", "most"), [(1, 2), (2, 4), (3, 8), (9, 512), (10, 600)])
def test_waits_double_up_to_ten_minutes(failures: int, most: float) -> None:
    assert compute_wait_s(failures, 0, 0.0) == most / 2
    assert compute_wait_s(failures, 0, 1.0) == most


@given(st.integers(1, 10_000), st.floats(0, 1e9), st.floats(0, 1))
def test_waits_honour_a_wish_within_bounds(failures: int, wished_s: float, share: float) -> None:
    wait_s = compute_wait_s(failures, wished_s, share)
    assert min(wished_s, LONGEST_WISH_S) <= wait_s <= max(LONGEST_WAIT_S, LONGEST_WISH_S)
    assert wait_s >= 1


def test_it_is_given_up_after_a_day_and_eight_attempts() -> None:
    day = timedelta(days=1)
    assert is_given_up(8, NOW - day, NOW)
    assert not is_given_up(7, NOW - 9 * day, NOW)
    assert not is_given_up(500, NOW - day + timedelta(seconds=1), NOW)


@pytest.mark.parametrize(
    ("status", "is_accepted", "is_channels", "is_final"),
    [
        (200, True, True, False),
        (299, True, True, False),
        (302, False, True, False),
        (400, False, False, False),
        (401, False, True, False),
        (410, False, True, True),
        (422, False, False, False),
        (429, False, True, False),
        (500, False, True, False),
        (599, False, True, False),
        (199, False, False, False),
    ],
)
def test_what_an_answer_says(
    status: int, is_accepted: bool, is_channels: bool, is_final: bool
) -> None:
    verdict = judge_status(status, None, NOW)
    assert verdict.is_accepted is is_accepted
    assert verdict.is_final is verdict.is_gone is is_final
    assert verdict.is_channels is is_channels
    assert (str(status) in verdict.reason) is not is_accepted


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 02 Jan 2024 03:05:05 GMT", 60.0),
        ("Tue, 02 Jan 2024 03:00:05 GMT", 0.0),
        ("Tue, 02 Jan 2024 03:05:05", None),
        ("soon", None),
        ("-1", None),
        ("١٢", None),
        ("9" * 400, None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds
