"""The method page says what the code does: constants, reasons, fields."""

from pathlib import Path

import pytest
from tests.forecasts import worlds
from tests.forecasts.test_judging import judge_rows

from assay.forecasts import SPEAKERS
from assay.forecasts.compute import conformal, levels, scenarios, trends, volatility
from assay.forecasts.types import HORIZONS, QUANTILE_NAMES, SCENARIO_HORIZONS, NoView
from assay.publishing import Speaker

PAGE = Path(__file__).parents[2] / "docs" / "method" / "forecasts.md"


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


def test_every_reason_quantile_and_horizon_is_named(page: str) -> None:
    for reason in NoView:
        assert f"`{reason.value}`" in page
    assert ", ".join(QUANTILE_NAMES[:-1]) + f" and {QUANTILE_NAMES[-1]}" in page
    assert "Horizons {}, {}, {} and {} days".format(*HORIZONS) in page
    assert "{}, {} and {} days".format(*SCENARIO_HORIZONS) in page


def test_the_constants_are_those_of_the_code(page: str) -> None:
    shares = ", ".join(f"{volatility.FAST_SHARES[horizon]:g}" for horizon in HORIZONS)
    assert f"decays {volatility.FAST_DECAY} and {volatility.SLOW_DECAY}" in page
    assert f"w = {shares} for 1, 7, 30, 90 days" in page
    assert f"{1 - volatility.SHRINK:g} own(h) + {volatility.SHRINK:g} times the median" in page
    for decay in set(conformal.DECAYS.values()):
        assert f"{decay:g}" in page
    assert f"fewer than {conformal.LEAST_OUTCOMES} known outcomes" in page
    assert f"`up` from {trends.THRESHOLD} on" in page
    assert f"the last {trends.TREND_DAYS} log prices" in page
    assert f"of the {levels.TURN_DAYS} days on either side" in page
    assert f"Turning points of the last {levels.LOOK_BACK_DAYS} days" in page
    assert f"on the market's over {scenarios.BETA_DAYS} days" in page
    assert f"{scenarios.LEAST_PAIRS} pairs" in page


def test_half_lives_are_what_the_decays_give() -> None:
    wanted = {1: 180, 7: 180, 30: 180, 90: 270, 365: 1100}
    for horizon, days in wanted.items():
        assert conformal.DECAYS[horizon] ** days == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda item: item.kind.name)
def test_every_published_field_is_explained(speaker: Speaker, page: str) -> None:
    rows = judge_rows(speaker, worlds.create_panel().last_day)
    fields: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            fields.update(value)
            for item in value.values():
                collect(item)
        elif isinstance(value, list | tuple):
            for item in value:
                collect(item)

    for row in rows.values():
        collect({key: item for key, item in row.items() if key != "no_view"})
    plain = {"token_id", "symbol", "name"}
    assert [field for field in sorted(fields - plain) if f"`{field}`" not in page] == []
