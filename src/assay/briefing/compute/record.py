"""What came of earlier picks: every pick of the lists of 26 Mondays, held as long as its grade
looks ahead. One list a week, so that a coin that stays on the list is not counted daily.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from assay.briefing.compute.desk import Desk, Sheet, choose_middle, name_token
from assay.briefing.compute.prices import Prices
from assay.briefing.types import Json
from assay.markets.types import BITCOIN
from assay.publishing import FIRST_DAY, format_decimal

RECORD_LISTS = 26
MONDAY = 0
OWN_KIND = "briefing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pick, bought at the close after it was published and held to the end of its horizon."""

    pick: Json
    list_day: date
    gained: float
    median: float
    bitcoin: float
    has_stopped: bool


def list_picks(sheet: Sheet, kind: str) -> list[Json]:
    """The picks of one grade in a published briefing."""
    boards = sheet.rows[0]["picks"]["boards"]
    return next((board["coins"] for board in boards if board["kind"] == kind), [])


def list_record_days(day: date, horizon_days: int) -> list[date]:
    """The newest Mondays, oldest first, whose picks had been held for the horizon by `day`."""
    latest = day - timedelta(days=horizon_days + 1)
    monday = latest - timedelta(days=(latest.weekday() - MONDAY) % 7)
    mondays = [monday - timedelta(weeks=back) for back in range(RECORD_LISTS)]
    return [found for found in reversed(mondays) if found >= FIRST_DAY]


class Records:
    """Records of earlier picks; what came of a list is worked out once."""

    def __init__(self, prices: Prices) -> None:
        self.prices = prices
        self._known: dict[tuple[str, str], list[Outcome]] = {}

    def compute_record(self, desk: Desk, kind: str, horizon_days: int) -> Json:
        """Mean and median return of all those picks beside the median coin's and Bitcoin's."""
        sheets: list[Sheet] = []
        outcomes: list[Outcome] = []
        for day in list_record_days(desk.day, horizon_days):
            sheet = desk.read(OWN_KIND, day)
            if sheet is not None:
                sheets.append(sheet)
                outcomes += self._find_outcomes(sheet, kind, day, horizon_days)
        return summarise(outcomes) | {
            "sources": [sheet.source for sheet in sheets],
            "lists": len(sheets),
            "absent": None if outcomes else _say_absent(horizon_days),
        }

    def _find_outcomes(
        self, sheet: Sheet, kind: str, day: date, horizon_days: int
    ) -> list[Outcome]:
        key = (sheet.digest, kind)
        if key not in self._known:
            picks = list_picks(sheet, kind)
            self._known[key] = list_outcomes(picks, day, horizon_days, self.prices)
        return self._known[key]


def list_outcomes(
    coins: list[Json], day: date, horizon_days: int, prices: Prices, lag: int = 1
) -> list[Outcome]:
    """What came of the picks of one list, bought `lag` days later. A pick that did not trade on
    that day is left out.
    """
    bought = day + timedelta(days=lag)
    until = bought + timedelta(days=horizon_days)
    median = prices.compute_median_return(bought, until)
    bitcoin = prices.compute_return(BITCOIN, bought, until)
    found = []
    for pick in coins:
        gained = prices.compute_return(pick["token_id"], bought, until)
        if gained == gained:
            stopped = not prices.has_bar(pick["token_id"], until)
            found.append(Outcome(pick, day, gained, median, bitcoin, stopped))
    return found


def summarise(outcomes: list[Outcome]) -> Json:
    """The figures of a record; null where there are no outcomes."""
    gains = [outcome.gained for outcome in outcomes]
    ordered = sorted(outcomes, key=lambda item: (item.gained, item.list_day, item.pick["token_id"]))
    return {
        "picks": len(outcomes),
        "stopped": sum(outcome.has_stopped for outcome in outcomes),
        "positive": sum(gained > 0.0 for gained in gains),
        "beat_median": sum(outcome.gained > outcome.median for outcome in outcomes),
        "mean_return": _format_mean(gains),
        "median_return": format_decimal(choose_middle(gains), 4),
        "median_coin_return": _format_mean([outcome.median for outcome in outcomes]),
        "bitcoin_return": _format_mean([outcome.bitcoin for outcome in outcomes]),
        "best": _describe(ordered[-1]) if ordered else None,
        "worst": _describe(ordered[0]) if ordered else None,
    }


def _describe(outcome: Outcome) -> Json:
    return name_token(outcome.pick) | {
        "list_day": outcome.list_day.isoformat(),
        "return": format_decimal(outcome.gained, 4),
    }


def _format_mean(values: list[float]) -> str | None:
    total = 0.0
    for value in values:
        total += value
    return format_decimal(total / len(values), 4) if values else None


def _say_absent(horizon_days: int) -> str:
    days = "day" if horizon_days == 1 else "days"
    return (
        f"No published pick is old enough: a record needs {horizon_days} {days} and the next close."
    )
