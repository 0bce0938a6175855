"""Says in sentences what is published of a token or the market, each with its publication.

Written by rule, without a model: every number is one that a publication or a candle holds. The
assistant will take this place; what it may say will rest on the same rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from assay.tokenmetrics.reading import Listed, Reading

Row = Mapping[str, Any]
SIDES = {1: "long", -1: "short", 0: "no position"}
MARKETS = {1: "bull", -1: "bear", 0: "neither bull nor bear"}
NEAREST = 2


@dataclass(frozen=True)
class Sheet:
    """The newest publications of every kind, looked up by token."""

    reading: Reading

    @cached_property
    def _listed(self) -> dict[str, Listed | None]:
        return {}

    @cached_property
    def _rows(self) -> dict[str, dict[int, Row]]:
        return {}

    def load(self, kind: str) -> Listed | None:
        """What stands of a kind on its newest day."""
        if kind not in self._listed:
            self._listed[kind] = self.reading.load_newest(kind)
        return self._listed[kind]

    def find(self, kind: str, token_id: int) -> Row | None:
        """The row of a token, if it has a view."""
        listed = self.load(kind)
        if listed is None:
            return None
        if kind not in self._rows:
            self._rows[kind] = {row["token_id"]: row for row in listed.rows}
        row = self._rows[kind].get(token_id)
        return None if row is None or row["no_view"] is not None else row

    def cite(self, kind: str) -> str:
        """Day and publication, in brackets."""
        listed = self.load(kind)
        if listed is None:
            return ""
        return f"({listed.day}, publication {listed.publication.publication_id})"


def tell_price(sheet: Sheet, token_id: int) -> str:
    """The newest close."""
    facts = sheet.reading.facts
    close = float(
        facts.panel.close[facts.panel.row(token_id), facts.panel.column(facts.newest_day)]
    )
    if close != close:
        return f"No price: it did not trade on {facts.newest_day}."
    return (
        f"Price: {format(Decimal(repr(close)), 'f')} US dollars at the close of {facts.newest_day}."
    )


def tell_grades(sheet: Sheet, token_id: int) -> str:
    """Both grades with their labels."""
    parts = []
    for kind, words in (("grades.trader", "Trader Grade"), ("grades.investor", "Investor Grade")):
        row = sheet.find(kind, token_id)
        if row is None:
            parts.append(f"No {words}: there is no view.")
            continue
        change = row["change"]
        moved = "" if change is None else f", {change} against the day before"
        parts.append(f"{words}: {row['grade']} of 100, {row['label']}{moved} {sheet.cite(kind)}.")
    return " ".join(parts)


def tell_signal(sheet: Sheet, token_id: int) -> str:
    """The daily signal beside what holding and constant exposure brought."""
    kind = "signals.daily"
    row = sheet.find(kind, token_id)
    if row is None:
        return "No signal: there is no view."
    text = f"Signal: {SIDES[row['signal']]} {sheet.cite(kind)}. {row['reason']}"
    if row["signal_return"] is not None:
        text += (
            f" Since {row['returns_since']} following it returned {row['signal_return']}, holding "
            f"{row['holding_return']}, and the same mean exposure held constantly "
            f"{row['constant_return']} (1 is 100 %)."
        )
    return text


def tell_forecast(sheet: Sheet, token_id: int) -> str:
    """The 90 % ranges of the price."""
    kind = "forecasts.quantiles"
    row = sheet.find(kind, token_id)
    if row is None:
        return "No forecast: there is no view."
    middle = len(row["quantiles"]) // 2
    ranges = [
        f"in {horizon['days']} days {horizon['prices'][0]} to {horizon['prices'][-1]}, "
        f"middle {horizon['prices'][middle]}"
        for horizon in row["horizons"]
    ]
    return f"Forecast, 90 % ranges of the price: {'; '.join(ranges)} {sheet.cite(kind)}."


def tell_levels(sheet: Sheet, token_id: int) -> str:
    """The nearest levels below and above."""
    kind = "forecasts.levels"
    row = sheet.find(kind, token_id)
    if row is None:
        return "No levels: there is no view."
    parts = []
    for side, words in (("supports", "Support"), ("resistances", "Resistance")):
        prices = ", ".join(level["price"] for level in (row[side] or ())[:NEAREST])
        parts.append(f"{words}: {prices or 'none known'}.")
    return f"{' '.join(parts)} {sheet.cite(kind)}"


def tell_scenarios(sheet: Sheet, token_id: int) -> str:
    """The prices that a bear, base and bull market would bring."""
    kind = "forecasts.scenarios"
    row = sheet.find(kind, token_id)
    if row is None:
        return "No scenarios: there is no view."
    parts = []
    for horizon in row["horizons"]:
        prices = ", ".join(
            f"{name} {price}"
            for name, price in zip(row["scenarios"], horizon["prices"], strict=True)
        )
        parts.append(f"in {horizon['days']} days {prices}")
    return f"Scenarios of the market: {'; '.join(parts)} {sheet.cite(kind)}."


def tell_risk(sheet: Sheet, token_id: int) -> str:
    """Volatility, Sharpe ratio and deepest fall since the first bar."""
    kind = "market_state.tokens"
    row = sheet.find(kind, token_id)
    if row is None or row["all"] is None:
        return "No figures of risk: there is no view."
    figures = row["all"]
    return (
        f"Since {figures['since']}: volatility {figures['volatility']} a year, Sharpe ratio "
        f"{figures['sharpe']}, deepest fall {figures['max_drawdown']} (1 is 100 %) "
        f"{sheet.cite(kind)}."
    )


def tell_market(sheet: Sheet) -> str:
    """Bull or bear, fear and greed, breadth."""
    kind = "market_state"
    listed = sheet.load(kind)
    if listed is None or not listed.rows or listed.rows[0]["no_view"] is not None:
        return "The state of the market has not been published."
    row = listed.rows[0]
    mood = row["fear_and_greed"]
    return (
        f"Market: {MARKETS.get(row['indicator']['signal'], 'unknown')}; fear and greed "
        f"{mood['value']} of 100 ({mood['label']}); {row['breadth']['above_mean_50']} of the coins "
        f"stand above their 50-day mean (1 is all) {sheet.cite(kind)}."
    )


def tell_indices(sheet: Sheet, names: Sequence[str] = ()) -> str:
    """Level and returns of the indices named, or of all."""
    kind = "indices"
    listed = sheet.load(kind)
    if listed is None:
        return "No indices have been published."
    lines = [
        f"{row['name']}: level {row['level']}, 1 day {row['return_1d']}, 30 days "
        f"{row['return_30d']}, since the start {row['return_all']}"
        for row in listed.rows
        if row["no_view"] is None and (not names or row["slug"] in names)
    ]
    return f"Indices, returns as shares of one: {'; '.join(lines)} {sheet.cite(kind)}."


def tell_best(sheet: Sheet, count: int = 5) -> str:
    """The highest Trader Grades."""
    kind = "grades.trader"
    listed = sheet.load(kind)
    if listed is None:
        return "No grades have been published."
    best = [row for row in listed.rows if row["no_view"] is None][:count]
    names = ", ".join(f"{row['name']} ({row['symbol']}) {row['grade']}" for row in best)
    return f"Highest Trader Grades: {names} {sheet.cite(kind)}."


TELL: Mapping[str, Callable[[Sheet, int], str]] = {
    "price": tell_price,
    "grades": tell_grades,
    "signal": tell_signal,
    "forecast": tell_forecast,
    "levels": tell_levels,
    "scenarios": tell_scenarios,
    "risk": tell_risk,
}
"""What can be said of one token, by topic."""


def tell_token(sheet: Sheet, token_id: int, topics: Sequence[str]) -> str:
    """One line a topic under the token's name."""
    known = sheet.reading.name(token_id)
    lines = [f"{known['name']} ({known['symbol']}, id {token_id})"]
    lines += [TELL[topic](sheet, token_id) for topic in topics]
    return "\n".join(lines)
