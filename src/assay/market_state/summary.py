"""What the evaluation found, in words: a lead, tiles, and the lines a terminal shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.evaluation import BesideControls, format_number

Json = Mapping[str, Any]


def list_summary(document: Json) -> list[tuple[str, str]]:
    """Name and words of each finding."""
    mood, timing = document["fear_and_greed"], document["indicator"]["timing"]
    comparison = mood["comparison"]
    lines = [
        (f"fear and greed, next {horizon} d", link["words"])
        for horizon, link in mood["links"].items()
    ]
    lines.append(
        (
            "against the known index",
            "no file of it was given"
            if comparison is None
            else f"level correlation {write_number(comparison['level_correlation'])}, change"
            f" {write_number(comparison['change_correlation'])} over {comparison['days']} days",
        )
    )
    lines += [
        ("bull and bear, market", describe_timing(timing)),
        ("bull and bear, coins", BesideControls(**timing["coins"]).describe_constant()),
        ("volatility regime", _describe_volatility(document["volatility"])),
        ("correlations", _describe_pairs(document["correlations"])),
        ("a coin's last year", _describe_lasting(document["tokens"])),
    ]
    return lines


def write_number(value: float | None, form: str = ".2f") -> str:
    """A number, or a dash where there is none."""
    return format_number(float("nan") if value is None else value, form)


def write_lead(document: Json) -> str:
    """The verdict in three sentences."""
    shown = [h for h, link in document["fear_and_greed"]["links"].items() if _is_shown(link)]
    chance = document["indicator"]["timing"]["chance"]
    mood = (
        f"Fear and greed ranked the market's return of {', '.join(shown)} days better than chance."
        if shown
        else "Fear and greed foretold nothing of the market's return that chance does not."
    )
    timing = (
        "The bull and bear indicator timed the market"
        if chance < 0.05
        else "The bull and bear indicator showed no timing"
    )
    regimes = {r["name"]: r["next_volatility"] for r in document["volatility"]["regimes"]}
    return (
        f"{mood} {timing} (p = {write_number(chance, '.3f')}). After days of high volatility the"
        f" next month's was {write_number(regimes['high'], '.0%')} a year, after low ones"
        f" {write_number(regimes['low'], '.0%')}."
    )


def _is_shown(link: Json) -> bool:
    return link["chance"] is not None and link["chance"] < 0.05


def describe_timing(timing: Json) -> str:
    """The bull and bear indicator beside its controls."""
    return (
        f"log growth {write_number(timing['followed'])}; constant exposure"
        f" {write_number(timing['constant'])}, shifted signals"
        f" {write_number(timing['shifted'])} ({write_number(timing['shifted_low'])} to"
        f" {write_number(timing['shifted_high'])}), p = {write_number(timing['chance'], '.3f')};"
        f" holding {write_number(timing['holding'])}; {timing['changes']} changes"
    )


def _describe_volatility(volatility: Json) -> str:
    parts = [
        f"{r['name']} {write_number(r['next_volatility'], '.0%')}" for r in volatility["regimes"]
    ]
    return f"next month's volatility after {', '.join(parts)}; {describe_link(volatility['link'])}"


def describe_link(link: Json) -> str:
    """A rank correlation and its chance."""
    return (
        f"rank correlation {write_number(link['rho'])}, p = {write_number(link['chance'], '.3f')}"
    )


def _describe_pairs(pairs: Json) -> str:
    most = pairs["most"]
    return (
        f"the ten highest were said at {write_number(most['said'])} (plain"
        f" {write_number(most['plain'])}) and came to {write_number(most['realised'])}"
    )


def _describe_lasting(tokens: Json) -> str:
    if not tokens:
        return "too few coins with a year behind them"
    risk, sharpe = tokens["volatility"]["volatility"], tokens["sharpe"]["return"]
    return (
        f"its volatility ranks the next 90 days' at {write_number(risk)},"
        f" its Sharpe ratio their return at {write_number(sharpe)}"
    )


def list_tiles(document: Json) -> list[tuple[str, str, str]]:
    """Headline figures: name, number, more."""
    mood, timing = document["fear_and_greed"], document["indicator"]["timing"]
    month, comparison = mood["links"]["30"], mood["comparison"]
    volatility = document["volatility"]["link"]
    tiles = [
        (
            "Fear and greed, next 30 days",
            write_number(month["rho"]),
            f"rank correlation, p = {write_number(month['chance'], '.3f')}",
        ),
        (
            "Bull and bear, net growth",
            write_number(timing["followed"]),
            f"constant exposure {write_number(timing['constant'])}",
        ),
        (
            "Volatility, next month",
            write_number(volatility["rho"]),
            f"rank correlation, p = {write_number(volatility['chance'], '.3f')}",
        ),
    ]
    if comparison is not None:
        level = write_number(comparison["level_correlation"])
        tiles.append(("Beside the known index", level, "correlation of levels"))
    return tiles
