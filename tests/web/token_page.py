"""What the tests of the token page share: a world with a past, and how to read page and API."""

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route
from tests.api.spoken import SAID_AT, make_kind_rows, say
from tests.api.world import NEWEST, World, make_rows, make_world, publish
from tests.track_record.test_serving import score
from tests.web.conftest import Site

from assay.grades import GradeKind

DAY, BEFORE = "2023-12-29", "2023-12-28"
BITCOIN, GONE = 3375, 5003
FAMILIES = ("liquidity", "momentum", "volatility")
LAST_OF_GONE = date(2022, 11, 14)
TURNED = NEWEST - timedelta(days=4)
"""The signal of Bitcoin was buy on this day and is sell on the two newest."""


def make_past(path: Path) -> World:
    """Ten graded days, whose first outcomes are known; a turn of the signal; ranges whose first
    days are over, wide enough for Bitcoin only; a token's last day.
    """
    world = make_world(path, tokens=45, days=10)
    for seed, kind in enumerate(GradeKind):
        rows = make_rows(world.markets.registry, LAST_OF_GONE, seed)
        publish(world.database, kind, LAST_OF_GONE, rows, SAID_AT)
    rows = make_kind_rows("signals.daily", TURNED)
    rows[0]["signal"] = 1
    say(world.database, "signals.daily", TURNED, rows)
    rows = make_kind_rows("forecasts.quantiles", TURNED)
    for row in rows:
        for horizon in row["horizons"] or ():
            horizon["through"] = (TURNED + timedelta(days=horizon["days"])).isoformat()
    rows[0] = rows[0] | {"horizons": [widen(one) for one in rows[0]["horizons"]]}
    say(world.database, "forecasts.quantiles", TURNED, rows)
    score(world)
    return world


def widen(horizon: dict[str, Any]) -> dict[str, Any]:
    """The same with ends that no price of the made-up world leaves."""
    return horizon | {"prices": ["0.01", *horizon["prices"][1:-1], "1000000.0"]}


def read(site: Site, page: Page, path: str) -> Any:
    """What the API says, to compare the page with."""
    answer = page.request.get(site.url + path)
    assert answer.ok, answer.text()
    return answer.json()


def explain(route: Route, **changed: Any) -> None:
    """An explanation as the models give it; the made-up world has only a hint of one."""
    points = [8.56, -4.32, 3.3, -2.52, 2.94, 1.41, -1.2, 0.87, 0.55, -0.31, 0.02, -0.01]
    contributions = [
        {
            "feature": f"return_{place + 1}",
            "family": FAMILIES[place % 3],
            "points": f"{value:.2f}",
            "rank": f"0.{place:02d}00",
        }
        for place, value in enumerate(points)
    ]
    raw = 50 + sum(points)
    data = {
        "as_of": DAY,
        "publication": "grades.trader-x",
        "origin": "backfilled",
        "grade": f"{100 / (1 + math.exp(-0.04 * (raw - 50))):.2f}",
        "base": "50.00",
        "raw_score": f"{raw:.2f}",
        "no_view": None,
        "contributions": contributions,
    }
    body = json.dumps({"data": data | changed, "as_of": DAY, "publication": None, "origin": None})
    route.fulfill(status=200, content_type="application/json", body=body)
