"""The evaluation says what the published rows say, recounted here with plain loops."""

import json
from datetime import date, timedelta
from math import log

import numpy as np
import orjson
import pytest
from tests.forecasts import worlds
from tests.forecasts.conftest import CLOCK, WINDOW

from assay import markets, publishing
from assay.forecasts import SPEAKERS, evaluate_forecasts
from assay.forecasts.measuring.levels import score_levels
from assay.forecasts.measuring.reading import SaidLevels, Window
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.publishing import Evaluation

pytestmark = pytest.mark.slow


def _recount(home: Home, database: Database, horizon: int, place: int) -> list[bool]:
    """Inside or outside the 90 % interval, one for each published row with a known outcome."""
    panel = markets.load_panel(home)
    found = []
    for day, payload in publishing.load_days(database, SPEAKERS[0].kind.name, *WINDOW):
        start = panel.column(day)
        stop = start + horizon
        if stop >= panel.column(panel.complete_through) + 1:
            continue
        for row in orjson.loads(payload):
            if row["no_view"] is None:
                closes = panel.close[panel.row(row["token_id"])]
                last = closes[: stop + 1][~np.isnan(closes[: stop + 1])][-1]
                outcome = log(last / closes[start])
                returns = [float(word) for word in row["horizons"][place]["returns"]]
                found.append(returns[0] <= outcome <= returns[-1])
    return found


@pytest.mark.parametrize(("horizon", "place"), [(1, 0), (7, 1), (30, 2)])
def test_coverage_is_what_the_published_rows_covered(
    home: Home, database: Database, evaluation: Evaluation, horizon: int, place: int
) -> None:
    inside = _recount(home, database, horizon, place)
    said = evaluation.document["quantiles"][str(horizon)]
    assert said["forecasts"] == len(inside)
    assert said["pairs"][0]["coverage"] == pytest.approx(float(np.mean(inside)), abs=1e-6)
    # A market of independent normal days: what is promised must hold.
    assert said["pairs"][0]["coverage"] == pytest.approx(0.9, abs=0.05)
    assert sum(said["cells"]) == pytest.approx(1.0, abs=1e-5)


def test_a_random_market_shows_no_skill_and_the_page_says_so(evaluation: Evaluation) -> None:
    assert [score["has_skill"] for score in evaluation.document["trends"]] == [False, False]
    assert evaluation.document["levels"]["has_skill"] is False
    lines = dict(evaluation.summary)
    assert lines["Trend, 7 days later"].startswith("no skill shown")
    assert lines["Levels"].startswith("no skill shown")
    assert "7 days: promised 90%" in lines
    assert evaluation.page.count("no skill shown") >= 3
    assert "<script" not in evaluation.page
    assert "nan" not in evaluation.page.lower().replace("finance", "")


def test_the_document_is_json_and_counts_the_dead(evaluation: Evaluation) -> None:
    document = json.loads(json.dumps(evaluation.document, allow_nan=False))
    assert document["kind"] == "forecasts"
    assert document["origin"] == "backfilled"
    assert document["window"]["days"] == (WINDOW[1] - WINDOW[0]).days + 1
    # All coins but the redenominated one were imported; the young one came too late for a view.
    assert document["universe"]["coins"] == len(worlds.IDS) - 1
    assert document["universe"]["died_inside"] == 1
    assert document["universe"]["view_share"] == pytest.approx(1.0, abs=0.01)
    assert len(document["series"]["days"]) == document["window"]["days"]


def test_scenarios_hold_once_the_market_is_known(evaluation: Evaluation) -> None:
    (month, _) = evaluation.document["scenarios"]
    assert month["horizon_days"] == 30
    # Nineteen coins and five months that overlap: far from exact.
    assert 0.55 < month["band_coverage"] < 0.95
    assert month["error"] < month["error_no_market"]


def test_bad_windows_are_named(home: Home, database: Database) -> None:
    def evaluate(start: date, end: date) -> Evaluation:
        return evaluate_forecasts(home, database, CLOCK, SilentProgress(), start=start, end=end)

    with pytest.raises(BadInput, match="ends before it begins"):
        evaluate(WINDOW[1], WINDOW[0])
    with pytest.raises(NotEnoughData, match="is known yet"):
        evaluate(WINDOW[1], WINDOW[1])


def test_levels_that_hold_by_construction_are_found_to_hold() -> None:
    """Every coin swings between two walls: its own walls turn it, other coins' do not."""
    generator = np.random.default_rng(3)
    days, tokens = 300, 24
    panel = worlds.create_panel()
    waves = np.sin(np.linspace(0, 40, days)[None] + generator.uniform(0, 6, (tokens, 1)))
    size = generator.uniform(0.05, 0.3, (tokens, 1))
    close = np.exp(size * waves)
    swinging = type(panel)(
        **{
            **vars(panel),
            "token_ids": np.arange(tokens),
            "close": close,
            "open": close,
            "high": close,
            "low": close,
            "volume": close,
            "unit": np.ones_like(close),
            "complete_through": worlds.FIRST + timedelta(days=days - 1),
        }
    )
    window = Window(swinging, worlds.FIRST, worlds.FIRST + timedelta(days=days - 61))
    rows = np.repeat(np.arange(tokens), 30)
    columns = np.tile(np.arange(0, 240, 8), tokens)
    here = np.log(close[rows, columns])
    said = SaidLevels(
        rows=rows,
        days=columns,
        distances=size[rows, 0] - here,
        tolerances=np.full(rows.size, 0.01),
        touches=np.full(rows.size, 6),
    )
    score = score_levels(said, window)
    assert score is not None
    assert score.bounced == 1.0
    assert score.bounced_random < 0.8
    assert score.has_skill
    assert score.bounced_well_tried == 1.0
    nothing = SaidLevels(*(np.array([], kind) for kind in (int, int, float, float, int)))
    assert score_levels(nothing, window) is None
