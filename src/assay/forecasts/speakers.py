"""Who speaks in this room, and the sources that decide each one's bytes."""

from assay.forecasts.levels import judge_levels
from assay.forecasts.quantiles import judge_quantiles
from assay.forecasts.scenarios import judge_scenarios
from assay.publishing import Speaker, daily_kind

_SHARED = (
    "factors/compute/mathematics.py",
    "forecasts/types.py",
    "forecasts/board.py",
    "forecasts/rows.py",
    "forecasts/rules.py",
    "forecasts/compute/volatility.py",
    "publishing/facts.py",
    "publishing/numbers.py",
)
_CONFORMAL = "forecasts/compute/conformal.py"

QUANTILES = Speaker(
    kind=daily_kind("forecasts.quantiles"),
    judge=judge_quantiles,
    sources=(*_SHARED, _CONFORMAL, "forecasts/quantiles.py", "forecasts/compute/trends.py"),
)
LEVELS = Speaker(
    kind=daily_kind("forecasts.levels"),
    judge=judge_levels,
    sources=(*_SHARED, "forecasts/levels.py", "forecasts/compute/levels.py"),
)
SCENARIOS = Speaker(
    kind=daily_kind("forecasts.scenarios"),
    judge=judge_scenarios,
    sources=(
        *_SHARED,
        _CONFORMAL,
        "forecasts/market.py",
        "forecasts/scenarios.py",
        "forecasts/compute/scenarios.py",
    ),
)
SPEAKERS = (QUANTILES, LEVELS, SCENARIOS)
