"""The three judges as a whole: causal to the byte, silent where they must be, never crossing."""

from collections.abc import Callable
from datetime import date, timedelta
from math import exp, log
from typing import Any

import numpy as np
import pytest
from tests.forecasts import worlds

from assay import ledger
from assay.forecasts import SPEAKERS
from assay.forecasts.types import HORIZONS, QUANTILE_NAMES, SCENARIO_HORIZONS
from assay.markets.types import Panel
from assay.publishing import Said, Speaker, code_version

QUANTILES, LEVELS, SCENARIOS = SPEAKERS
PANEL = worlds.create_panel()
LAST = PANEL.last_day
Rows = dict[int, dict[str, Any]]


class Nobody:
    """A book that no forecast may open."""

    def find(self, kind: str, day: date) -> None:
        raise AssertionError("forecasts read nothing that was said")

    def rows(self, kind: str, day: date) -> None:
        raise AssertionError("forecasts read nothing that was said")


BOOK: Said = Nobody()


def _days(*columns: int) -> list[date]:
    return [worlds.FIRST + timedelta(days=column) for column in columns]


def _judge(speaker: Speaker, panel: Panel, days: list[date]) -> dict[date, bytes]:
    facts = worlds.create_facts(panel)
    return {
        item.day: ledger.canonical_json(list(item.rows))
        for item in speaker.judge(days, facts, BOOK)
    }


def judge_rows(speaker: Speaker, day: date, panel: Panel = PANEL) -> Rows:
    """The rows of one day by token id, judged from the panel up to it."""
    facts = worlds.create_facts(panel.until(day))
    (judged,) = speaker.judge([day], facts, BOOK)
    return {row["token_id"]: dict(row) for row in judged.rows}


every_speaker = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda item: item.kind.name)


@every_speaker
def test_a_day_alone_among_others_and_before_another_future_is_the_same_bytes(
    speaker: Speaker,
) -> None:
    columns = (260, 330, 349, 350, 351, 400)
    together = _judge(speaker, PANEL.until(_days(400)[0]), _days(*columns))
    for column in columns:
        (day,) = _days(column)
        alone = _judge(speaker, PANEL.until(day), [day])
        assert alone[day] == together[day]
    spoilt = worlds.spoil_future(PANEL, 351)
    later = _judge(speaker, spoilt, _days(*columns[:-1], 419))
    for column in columns[:-1]:
        (day,) = _days(column)
        assert later[day] == together[day], f"{speaker.kind.name} saw the future of {day}"


@every_speaker
def test_the_past_matters(speaker: Speaker) -> None:
    spoilt = worlds.spoil_future(PANEL, 300)
    (day,) = _days(400)
    assert _judge(speaker, spoilt, [day]) != _judge(speaker, PANEL, [day])


@every_speaker
def test_the_dead_the_young_and_what_is_no_coin(speaker: Speaker) -> None:
    day = worlds.FIRST + timedelta(days=worlds.DEAD_FROM)
    before, after = judge_rows(speaker, day - timedelta(days=1)), judge_rows(speaker, day)
    assert before[worlds.DEAD]["no_view"] is None
    assert after[worlds.DEAD]["no_view"]["code"] == "stale"
    assert worlds.DEAD in judge_rows(speaker, day + timedelta(days=29))
    assert worlds.DEAD not in judge_rows(speaker, day + timedelta(days=30))
    young = worlds.FIRST + timedelta(days=worlds.YOUNG_FROM)
    assert worlds.YOUNG not in judge_rows(speaker, young - timedelta(days=1))
    assert judge_rows(speaker, young + timedelta(days=28))[worlds.YOUNG]["no_view"]["code"] == (
        "short_history"
    )
    assert worlds.STABLE not in before


@every_speaker
def test_every_row_has_the_same_fields_and_a_version_of_its_sources(speaker: Speaker) -> None:
    rows = judge_rows(speaker, LAST)
    assert list(rows) == sorted(rows)
    assert len({tuple(row) for row in rows.values()}) == 1
    assert code_version(speaker.sources).count("+") == 1
    with_view = [row for row in rows.values() if row["no_view"] is None]
    assert len(with_view) > 12


def test_quantiles_ascend_around_today_and_widen_with_the_horizon() -> None:
    for row in judge_rows(QUANTILES, LAST).values():
        if row["no_view"] is not None:
            continue
        assert row["quantiles"] == QUANTILE_NAMES
        assert [part["days"] for part in row["horizons"]] == list(HORIZONS)
        widths = []
        for part in row["horizons"]:
            returns = [float(word) for word in part["returns"]]
            prices = [float(word) for word in part["prices"]]
            assert returns == sorted(returns)
            assert prices == sorted(prices)
            assert returns[3] == 0.0
            price = float(row["price"])
            assert prices == pytest.approx([price * exp(value) for value in returns], rel=1e-5)
            assert part["through"] == (LAST + timedelta(days=part["days"])).isoformat()
            widths.append(returns[-1])
        assert widths == sorted(widths)
        assert "-0.0000" not in str(row)


def test_a_price_that_never_moved_gets_the_markets_swing_and_no_trend() -> None:
    row = judge_rows(QUANTILES, LAST)[worlds.FLAT]
    assert row["volatility_third"] == "calm"
    assert float(row["volatility"]) > 0.005
    assert row["trend"] == {
        "direction": "none",
        "statistic": "0.00",
        "slope": "0.0000",
        "return": "0.0000",
        "days": 30,
    }
    assert judge_rows(LEVELS, LAST)[worlds.FLAT]["no_view"]["code"] == "no_levels"


def test_a_market_that_stands_still_is_not_forecast() -> None:
    still = worlds.create_panel()
    for name in ("open", "high", "low", "close"):
        getattr(still, name)[~np.isnan(still.close)] = 7.0
    still.unit[:] = 1.0
    codes = {row["no_view"]["code"] for row in judge_rows(QUANTILES, LAST, still).values()}
    assert codes == {"no_movement"}
    assert judge_rows(LEVELS, LAST, still)[worlds.BITCOIN]["no_view"]["code"] == "no_movement"
    assert judge_rows(SCENARIOS, LAST, still)[worlds.BITCOIN]["no_view"]["code"] == "short_history"


def test_too_few_past_outcomes_are_no_basis() -> None:
    (day,) = _days(60)
    codes = [row["no_view"]["code"] for row in judge_rows(QUANTILES, day).values()]
    assert set(codes) == {"no_calibration"}


def _unsplit(panel: Panel) -> Panel:
    """The same coin had it not been redenominated."""
    other = worlds.create_panel()
    row = panel.row(worlds.SPLIT)
    for name in ("open", "high", "low", "close"):
        getattr(other, name)[row] *= other.unit[row]
    other.unit[row] = 1.0
    return other


@every_speaker
def test_a_redenomination_changes_the_quote_and_nothing_else(speaker: Speaker) -> None:
    (day,) = _days(worlds.SPLIT_ON + 2)
    split = judge_rows(speaker, day)[worlds.SPLIT]
    whole = judge_rows(speaker, day, _unsplit(PANEL))[worlds.SPLIT]

    def strip(row: dict[str, Any]) -> Any:
        if isinstance(row, dict):
            return {key: strip(value) for key, value in row.items() if "price" not in key}
        return [strip(item) for item in row] if isinstance(row, list) else row

    assert strip(split) == strip(whole)
    assert float(split["price"]) == pytest.approx(float(whole["price"]) / worlds.SPLIT_FACTOR)


FIND_PRICE: dict[str, Callable[[dict[str, Any]], str]] = {
    "forecasts.quantiles": lambda row: row["horizons"][1]["prices"][0],
    "forecasts.levels": lambda row: (row["supports"] + row["resistances"])[0]["price"],
    "forecasts.scenarios": lambda row: row["horizons"][0]["prices"][0],
}


@every_speaker
def test_prices_after_a_redenomination_are_in_todays_quote(speaker: Speaker) -> None:
    (day,) = _days(worlds.SPLIT_ON + 2)
    find = FIND_PRICE[speaker.kind.name]
    now = find(judge_rows(speaker, day)[worlds.SPLIT])
    had = find(judge_rows(speaker, day, _unsplit(PANEL))[worlds.SPLIT])
    assert float(now) == pytest.approx(float(had) / worlds.SPLIT_FACTOR, rel=1e-5)


def test_levels_lie_on_their_side_the_nearest_first() -> None:
    seen = 0
    for row in judge_rows(LEVELS, LAST).values():
        if row["no_view"] is not None:
            continue
        price = float(row["price"])
        supports = [float(item["price"]) for item in row["supports"]]
        resistances = [float(item["price"]) for item in row["resistances"]]
        assert supports == sorted(supports, reverse=True)
        assert resistances == sorted(resistances)
        assert all(item < price for item in supports)
        assert all(item >= price for item in resistances)
        for item in row["supports"] + row["resistances"]:
            assert float(item["distance"]) == pytest.approx(
                float(item["price"]) / price - 1, abs=1e-4
            )
            assert 0 <= item["bounces"] <= item["touches"]
            assert item["first_touch"] <= item["last_touch"] <= LAST.isoformat()
            seen += 1
    assert seen > 30


def test_scenarios_follow_beta_and_keep_the_band_around_them() -> None:
    rows = judge_rows(SCENARIOS, LAST)
    for row in rows.values():
        if row["no_view"] is not None:
            continue
        assert row["market"] == "bitcoin"
        assert row["market_cap"] is None
        # 365 days need two windows that do not overlap: this market is too young for them.
        assert [part["days"] for part in row["horizons"]] == list(SCENARIO_HORIZONS[:2])
        for part in row["horizons"]:
            moves = [float(word) for word in part["market_returns"]]
            assert moves[0] < 0.0 == moves[1] < moves[2]
            returns = [float(word) for word in part["returns"]]
            assert returns == pytest.approx(
                [float(row["beta"]) * move for move in moves], abs=0.005 * abs(moves[0]) + 1e-4
            )
            names = ("prices_low", "prices", "prices_high")
            for low, middle, high in zip(*(part[name] for name in names), strict=True):
                assert float(low) <= float(middle) <= float(high)
    bitcoin = rows[worlds.BITCOIN]
    assert (bitcoin["beta"], bitcoin["correlation"]) == ("1.00", "1.00")
    part = bitcoin["horizons"][0]
    assert part["prices"] == part["prices_low"] == part["prices_high"]
    assert [float(level) for level in part["market_levels"]] == pytest.approx(
        [float(price) for price in part["prices"]], rel=1e-5
    )
    last = [float(row["price"]) for row in (bitcoin,)]
    assert float(part["market_levels"][1]) == pytest.approx(last[0])


def test_without_bitcoin_or_caps_there_is_no_market() -> None:
    panel = worlds.create_panel()
    row = panel.row(worlds.BITCOIN)
    panel.token_ids[row] = 999
    rows = judge_rows(SCENARIOS, LAST, panel)
    codes = {item["no_view"]["code"] for item in rows.values() if item["no_view"]}
    assert codes == {"no_market"}


def test_with_caps_the_market_is_their_total_and_tokens_have_caps() -> None:
    panel = worlds.create_panel()
    caps = panel.close * panel.unit * 1e6
    caps[panel.row(worlds.YOUNG)] = np.nan
    with_caps = Panel(**{**vars(panel), "market_cap": caps})
    row = judge_rows(SCENARIOS, LAST, with_caps)[101]
    assert row["market"] == "total_market_cap"
    assert float(row["market_cap"]) == pytest.approx(float(row["price"]) * 1e6)
    part = row["horizons"][0]
    coins = [item for item in worlds.IDS if item != worlds.STABLE]
    total = np.nansum([caps[panel.row(item), -1] for item in coins])
    assert float(part["total_market_caps"][1]) == pytest.approx(total)
    assert float(part["market_caps"][0]) == pytest.approx(float(part["prices"][0]) * 1e6, rel=1e-4)
    assert log(float(part["total_market_caps"][2]) / total) == pytest.approx(
        float(part["market_returns"][2]), abs=1e-4
    )


def test_caps_that_begin_later_say_nothing_about_a_day() -> None:
    panel = worlds.create_panel()
    caps = panel.close * panel.unit * 1e6
    caps[:, :150] = np.nan
    panel = Panel(**{**vars(panel), "market_cap": caps})
    # Before the caps, with them, and while the young coin has a cap but no history yet.
    columns = (140, 149, 400, worlds.YOUNG_FROM + 5)
    days = sorted(_days(*columns))
    together = _judge(SCENARIOS, panel, [*days, LAST])
    for day in days:
        assert _judge(SCENARIOS, panel.until(day), [day])[day] == together[day]
    markets = [judge_rows(SCENARIOS, day, panel)[101]["market"] for day in days]
    assert markets == ["bitcoin", "bitcoin", "total_market_cap", "total_market_cap"]


@every_speaker
def test_a_market_that_fell_silent_a_month_ago_is_an_empty_list(speaker: Speaker) -> None:
    panel = worlds.create_panel()
    for side in (panel.open, panel.high, panel.low, panel.close, panel.volume):
        side[:, 300:] = np.nan
    judged = _judge(speaker, panel, _days(329, 330, 340))
    assert [rows == b"[]" for rows in judged.values()] == [False, True, True]
