"""Errors, moments, progress and settings: small things every face relies on."""

import gc
import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.factors import compute_log
from assay.kit import compiled, errors
from assay.kit.clock import FixedClock, SystemClock
from assay.kit.memory import rarer_collections
from assay.kit.moments import close_of, format_utc, last_closed_day, parse_day, parse_utc
from assay.kit.progress import parse_line
from assay.kit.settings import Settings

ROOT = Path(__file__).parents[2]


def error_classes() -> list[type[errors.AssayError]]:
    found = [errors.AssayError]
    for parent in found:
        found.extend(parent.__subclasses__())
    return [kind for kind in found if kind.__module__ == errors.__name__]


def test_every_error_is_drawn_in_the_tree_with_its_status() -> None:
    tree = errors.__doc__ or ""
    for kind in error_classes():
        line = next(line for line in tree.splitlines() if kind.__name__ in line)
        assert kind is errors.AssayError or f" {kind.status} " in line
        assert kind is errors.AssayError or ("not retried" not in line) == kind.retryable


def test_error_codes_are_unique() -> None:
    codes = [kind.code for kind in error_classes()]
    assert len(codes) == len(set(codes))


def test_every_setting_is_in_the_manual_with_its_meaning() -> None:
    manual = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`ASSAY_{name.upper()}`" in manual
        assert field.description is not None
        assert field.description in manual


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_is_known_at_its_close_and_not_before(day: date) -> None:
    assert last_closed_day(close_of(day)) == day
    assert last_closed_day(close_of(day) - timedelta(microseconds=1)) == day - timedelta(days=1)
    assert parse_day(day.isoformat()) == day


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_survive_being_written(moment: datetime) -> None:
    assert parse_utc(format_utc(moment)) == moment
    assert parse_utc(moment.astimezone(timezone(timedelta(hours=5))).isoformat()) == moment


def test_malformed_days_say_how_to_write_one() -> None:
    with pytest.raises(errors.BadInput, match="YYYY-MM-DD"):
        parse_day("yesterday")
    with pytest.raises(ValueError, match="time zone"):
        parse_utc("2023-01-01T00:00:00")


def test_clocks_tell_aware_time() -> None:
    assert SystemClock().now().tzinfo is UTC
    moment = datetime(2023, 1, 1, tzinfo=UTC)
    assert FixedClock(moment).now() == moment


@pytest.mark.parametrize("line", ["", "hello", "[]", "{}", '{"label": "x"}'])
def test_foreign_lines_are_no_progress(line: str) -> None:
    assert parse_line(line) is None


def test_progress_lines_are_read_back() -> None:
    assert parse_line('{"label": "grading", "done": 3, "total": 9}') == ("grading", 3, 9)


def test_kernels_are_cached_apart_for_each_state_of_the_sources() -> None:
    folder = compiled.name_folder("factors")
    assert folder.parent == Path(os.environ["ASSAY_KERNEL_CACHE"])
    assert folder.name.startswith("factors-")
    assert len(folder.name) == len("factors-") + 16
    assert compute_log(np.ones(1))[0] == 0.0
    assert any(folder.rglob("*.nbi"))


@pytest.mark.parametrize("text", ["20230601", "2023-W22-4", "2023-6-1", "", "2023-06-31"])
def test_a_day_has_one_form(text: str) -> None:
    with pytest.raises(errors.BadInput, match="is not a day"):
        parse_day(text)


def test_garbage_is_looked_for_as_often_as_before_once_the_rows_are_made() -> None:
    before = gc.get_threshold()
    with rarer_collections():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
