"""The evaluation of moonshots as one HTML page, its verdict, notes and summary. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from assay.evaluation import (
    Card,
    EventGroup,
    EventScore,
    Section,
    create_blank_page,
    create_table,
    draw_bars,
    draw_groups,
    format_number,
)
from assay.moonshots.report import (
    ENOUGH_EVENTS,
    TARGET_AUC,
    TARGET_LIFT,
    EventReport,
    MoonshotsReport,
    Pick,
)
from assay.moonshots.types import RISES, Event

WORDS = {
    Event.UP_2X: "2x",
    Event.UP_5X: "5x",
    Event.UP_10X: "10x",
    Event.FALL_80: "fall of 80 %",
}
NO_SKILL = "no skill shown"


def describe_verdict(report: MoonshotsReport) -> str:
    """What the figures say, in two sentences."""
    order = report.fall.order
    met = "reaches" if report.is_on_target else "misses"
    falls = (
        f"Falls of 80 % are ordered with a per-day AUC of {format_number(order.auc_daily)} and a"
        f" top-decile lift of {format_number(order.lift, '.2f')}: the list {met} its target of"
        f" {TARGET_AUC:.2f} and {TARGET_LIFT:g}."
    )
    skilled = [event for event in RISES if _is_better(report.events[event])]
    if not skilled:
        return f"{falls} For rises of 2x, 5x and 10x: {NO_SKILL}."
    return f"{falls} Rises ordered better than volatility alone: {_name(skilled)}."


def list_notes(report: MoonshotsReport) -> list[str]:
    """What a reader has to know before believing a figure."""
    order, null = report.fall.order, report.null_auc
    known = null[np.isfinite(null)]
    within, enough = report.calibrated
    notes = [
        f"{order.events:,} judgements came true, but neighbouring days see the same fall: they are"
        f" {order.episodes} episodes, on {order.days_with_events} days.",
        f"{report.tried} configurations were tried on this window, and the best is flattered by the"
        " choice.",
        f"Stated and observed frequency agree in {within} of the {enough} deciles of risk with"
        f" {ENOUGH_EVENTS} episodes or more; over time they do not: falls come in crashes that"
        " nothing here foresees.",
    ]
    if known.size:
        notes.append(
            f"Random orders of the coins reach a per-day AUC of {known.mean():.3f} with a deviation"
            f" of {known.std():.3f}, because some coins carry many days alone; by episode the AUC"
            f" is {format_number(order.auc_episodes)}."
        )
    return notes


def summarise(report: MoonshotsReport) -> list[tuple[str, str]]:
    """The lines a terminal shows."""
    order, fall = report.fall.order, report.fall
    within, enough = report.calibrated
    tally = Counter(pick.verdict for pick in report.picks)
    lines = [
        ("verdict", describe_verdict(report)),
        ("window", f"{report.first} to {report.last}, outcomes known to {report.last_known}"),
        ("origin", report.origin),
        (
            "fall of 80 %",
            f"AUC by day {format_number(order.auc_daily)}, by event"
            f" {format_number(order.auc_events)}, by episode {format_number(order.auc_episodes)};"
            f" lift {format_number(order.lift, '.2f')}; base rate {order.rate:.2%}",
        ),
        (
            "probability of a fall",
            f"Brier skill {format_number(fall.probability.skill, '.4f')} against the base rate"
            f" known then; stated {fall.stated:.2%}; {within} of {enough} deciles calibrated",
        ),
    ]
    for event in RISES:
        item = report.events[event]
        lines.append(
            (
                f"rise to {WORDS[event]}",
                f"{_claim(item)}; AUC by day {format_number(item.order.auc_daily)}, by episode"
                f" {format_number(item.order.auc_episodes)}; base rate {item.order.rate:.2%}",
            )
        )
    words = ", ".join(f"{count} {verdict}" for verdict, count in sorted(tally.items()))
    lines.append(("first ten of each month", words or "none ended"))
    return lines


def create_moonshots_page(report: MoonshotsReport) -> str:
    """The whole page."""
    order, fall = report.fall.order, report.fall
    return create_blank_page(
        "Moonshots: what was said, and what came of it",
        describe_verdict(report),
        origin=report.origin,
        chips=[
            ("Window", f"{report.first} to {report.last}; known to {report.last_known}"),
            ("Universe", f"{report.coins} coins outside the top 100, {report.died_inside} died"),
            ("Horizon", "90 days from the close of the next day, touched at any close"),
            ("Judgements", f"{order.judgements:,} in {report.lists:,} lists"),
        ],
        notes=list_notes(report),
        tiles=[
            ("AUC by day, fall", format_number(order.auc_daily), f"target {TARGET_AUC:.2f}"),
            ("AUC by episode", format_number(order.auc_episodes), f"{order.episodes} episodes"),
            (
                "Top-decile lift",
                format_number(order.lift, ".2f"),
                f"target {TARGET_LIFT:g}; base rate {order.rate:.2%}",
            ),
            (
                "Brier skill",
                format_number(fall.probability.skill, ".4f"),
                "against the base rate known then",
            ),
        ],
        sections=[_write_falls(report), _write_rises(report), _write_picks(report)],
        footer="Figures are of what was published. Dead coins stay at their last price.",
    )


def _write_falls(report: MoonshotsReport) -> Section:
    lift = [(f"decile {i + 1}", _lift(report, i)) for i in reversed(range(len(report.deciles)))]
    months = [(f"{month:%Y-%m}", value) for month, value in report.months.items()]
    return Section(
        "Does the risk foretell falls?",
        "Coins of each day in ten equal groups by published rank; decile 10 is the riskiest.",
        [
            Card(
                "Stated and observed",
                "Each dot is a decile of risk with a 90 % interval of the observed frequency;"
                f" hollow below {ENOUGH_EVENTS} episodes.",
                draw_groups(report.deciles, ENOUGH_EVENTS),
            ),
            Card(
                "Lift by decile",
                "Frequency of a fall against that of all listed coins.",
                draw_bars(lift, ".2f", label="Lift by decile of risk", wide=False),
            ),
            Card(
                "AUC by month",
                "Mean of the days with a fall within 90 days; 0.5 is chance. Months in which one"
                " coin fell say little.",
                draw_bars(months, ".2f", label="AUC by month", highlight=None),
                wide=True,
            ),
            Card("By year", "Years of the judgement.", _create_year_table(report), wide=True),
            Card(
                "By quarter",
                "Mean stated probability and what happened: the level follows crashes, late.",
                create_table(
                    ("91 days from", "stated", "happened"),
                    [
                        (f"{day}", f"{said:.2%}", f"{seen:.2%}")
                        for day, said, seen in report.quarters
                    ],
                ),
                wide=True,
            ),
            Card("Deciles", "", _create_decile_table(report.deciles), wide=True),
        ],
    )


def _lift(report: MoonshotsReport, decile: int) -> float:
    rate = report.fall.order.rate
    return report.deciles[decile].observed / rate if rate > 0.0 else float("nan")


def _create_year_table(report: MoonshotsReport) -> str:
    rows = [(year, *_write_score(score)) for year, score in report.fall.by_year.items()]
    rows.append(("all", *_write_score(report.fall.order)))
    rows.append(("volatility alone", *_write_score(report.fall.volatility)))
    return create_table(_SCORE_HEAD, rows)


_SCORE_HEAD = ("", "AUC by day", "by event", "by episode", "lift", "rate", "episodes")


def _write_score(score: EventScore) -> tuple[str, ...]:
    return (
        format_number(score.auc_daily),
        format_number(score.auc_events),
        format_number(score.auc_episodes),
        format_number(score.lift, ".2f"),
        format_number(score.rate, ".2%"),
        str(score.episodes),
    )


def _create_decile_table(deciles: Sequence[EventGroup]) -> str:
    rows = [
        (
            f"{place}",
            format_number(group.stated, ".2%"),
            format_number(group.observed, ".2%"),
            f"{format_number(group.low, '.2%')} to {format_number(group.high, '.2%')}",
            str(group.episodes),
            f"{group.judgements:,}",
        )
        for place, group in enumerate(deciles, start=1)
    ]
    head = ("decile of risk", "stated", "happened", "90 % interval", "episodes", "judgements")
    return create_table(head, rows)


def _write_rises(report: MoonshotsReport) -> Section:
    rows = []
    for event in RISES:
        item = report.events[event]
        rows.append((f"{WORDS[event]}, our score", *_write_score(item.order), _claim(item)))
        rows.append((f"{WORDS[event]}, volatility", *_write_score(item.volatility), ""))
    return Section(
        "Does anything foretell rises?",
        "A score for rises is fitted the same way and never used for an order; where it does not"
        " beat chance and volatility, lists state the base rate and say so.",
        [
            Card(
                "Rises within 90 days",
                "AUC 0.5 and lift 1 are chance.",
                create_table((*_SCORE_HEAD, "claim"), rows),
                wide=True,
            )
        ],
    )


def _claim(item: EventReport) -> str:
    return f"a model spoke in {item.claimed:.0%}" if item.claimed > 0.0 else NO_SKILL


def _is_better(item: EventReport) -> bool:
    return item.claimed > 0.0 and item.order.auc_episodes > item.volatility.auc_episodes


def _name(events: Sequence[Event]) -> str:
    return ", ".join(WORDS[event] for event in events)


def _write_picks(report: MoonshotsReport) -> Section:
    rows = [
        (
            "first ten of each month",
            *(f"{_share(report.picks, verdict):.1%}" for verdict in _VERDICTS),
            str(len(report.picks)),
        )
    ]
    return Section(
        "Hits and misses",
        "The ten coins with the lowest risk at the start of each month, dead ones included. A hit"
        " is a close of twice the price paid within 90 days."
        f" Of all listed coins {report.events[Event.UP_2X].order.rate:.1%} rose to 2x and"
        f" {report.fall.order.rate:.1%} fell by 80 %.",
        [
            Card("Shares", "", create_table(("", *_VERDICTS, "picks"), rows), wide=True),
            Card("Every pick", "Newest first.", _create_pick_table(report.picks), wide=True),
        ],
    )


_VERDICTS = ("hit", "miss", "fall", "hit and fall")


def _share(picks: Sequence[Pick], verdict: str) -> float:
    return sum(pick.verdict == verdict for pick in picks) / max(len(picks), 1)


def _create_pick_table(picks: Sequence[Pick]) -> str:
    rows = [
        (
            f"{pick.said_on} #{pick.rank}",
            pick.symbol,
            pick.verdict,
            format_number(pick.final, "+.0%"),
            format_number(pick.highest, "+.0%"),
            format_number(pick.lowest, "+.0%"),
            format_number(pick.fall_80, ".2%"),
            pick.stopped_on or "",
        )
        for pick in sorted(picks, key=lambda item: (-item.said_on.toordinal(), item.rank))
    ]
    head = ("said", "coin", "outcome", "after 90 days", "highest", "lowest", "risk said", "stopped")
    return create_table(head, rows)
