"""The page of the evaluation and the lines a terminal shows, from its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assay.evaluation import (
    SHARE_HEAD,
    BesideControls,
    Card,
    Section,
    create_blank_page,
    create_table,
    draw_bars,
    draw_lines,
)
from assay.market_state.reading import Measured
from assay.market_state.scoring import HORIZONS
from assay.market_state.summary import (
    describe_link,
    describe_timing,
    list_tiles,
    write_lead,
    write_number,
)
from assay.market_state.types import Series

Json = Mapping[str, Any]

TITLE = "State of the market"
BUCKET_HEAD = ("", "days", *(f"next {h} d" for h in HORIZONS), *(f"up, {h} d" for h in HORIZONS))


def create_market_page(document: Json, measured: Measured, theirs: Series | None) -> str:
    """One self-contained page; `theirs` is the known index, [days], as published the morning after
    each.
    """
    window, universe = document["window"], document["universe"]
    return create_blank_page(
        TITLE,
        write_lead(document),
        origin=document["origin"],
        chips=[
            ("Window", f"{window['first']} to {window['last']}, {window['days']} days"),
            ("Universe", f"{universe['coins']} coins, {universe['died_inside']} died inside"),
            ("Outcomes", "bought at the next close; the market is its coins in equal parts"),
        ],
        tiles=list_tiles(document),
        sections=[
            _show_mood(document["fear_and_greed"], measured, theirs),
            _show_indicator(document["indicator"], measured),
            _show_volatility(document["volatility"], measured),
            _show_coins(document),
            _show_breadth(document, measured),
        ],
        footer="Chance: circular shifts of the same series against its outcome.",
    )


def _show_mood(mood: Json, measured: Measured, theirs: Series | None) -> Section:
    lines = {"ours": measured.figures["fear_and_greed"]}
    if theirs is not None:
        lines["known"] = theirs
    cards = [
        Card(
            "Day by day",
            "0 is fear, 100 greed: the mean of six percentiles of the last year.",
            draw_lines(measured.days, lines, ".0f", label="Fear and greed", wide=True),
            wide=True,
        ),
        Card(
            "What followed each mood",
            "Mean return of the market.",
            _tabulate(mood["buckets"]),
            wide=True,
        ),
        Card(
            "Does it foretell?",
            "Rank correlation with what came after, against circular shifts.",
            create_table(
                ("horizon", "finding"),
                [(f"{h} days", link["words"]) for h, link in mood["links"].items()],
            ),
        ),
    ]
    if mood["comparison"] is not None:
        cards.append(_show_comparison(mood["comparison"]))
    return Section(
        "Fear and greed", "Our own index, from prices and volumes that anyone can check.", cards
    )


def _show_comparison(comparison: Json) -> Card:
    rows = [
        (name.replace("_", " "), write_number(value, ".0f" if name == "days" else ".2f"))
        for name, value in comparison.items()
    ]
    return Card(
        "Beside the known index",
        "Theirs is published the morning after; levels agree where both follow the same market.",
        create_table(("", "value"), rows),
    )


def _tabulate(buckets: Sequence[Json]) -> str:
    return create_table(
        BUCKET_HEAD,
        [
            (
                bucket["name"],
                str(bucket["days"]),
                *(write_number(bucket["means"][str(h)], ".1%") for h in HORIZONS),
                *(write_number(bucket["shares_up"][str(h)], ".0%") for h in HORIZONS),
            )
            for bucket in buckets
        ],
    )


def _show_indicator(indicator: Json, measured: Measured) -> Section:
    timing = indicator["timing"]
    window = slice(measured.columns[0], measured.columns[-1] + 1)
    level = np.cumprod(1.0 + np.nan_to_num(measured.market[window]))[
        np.array(measured.columns) - window.start
    ]
    is_long = measured.figures["last_signal"] > 0
    shares = BesideControls(**timing["coins"]).list_cells()
    return Section(
        "Bull and bear",
        indicator["rule"],
        [
            Card(
                "The market, and when the last signal was a bull's",
                describe_timing(timing),
                draw_lines(
                    measured.days,
                    {"market": level, "bull": np.where(is_long, level, np.nan)},
                    label="Market level",
                    log=True,
                    wide=True,
                ),
                wide=True,
            ),
            Card(
                "What followed",
                "Mean return of the market.",
                _tabulate(indicator["buckets"]),
                wide=True,
            ),
            Card(
                "Timing of every coin, beside its controls",
                "Long or in cash, filled a close later, 10 bp a side.",
                create_table(SHARE_HEAD, [shares]),
                wide=True,
            ),
        ],
    )


def _show_volatility(volatility: Json, measured: Measured) -> Section:
    rows = [
        (
            regime["name"],
            str(regime["days"]),
            write_number(regime["next_volatility"], ".0%"),
            write_number(regime["same_a_month_later"], ".0%"),
            write_number(regime["share_of_all"], ".0%"),
        )
        for regime in volatility["regimes"]
    ]
    head = ("regime", "days", "next month (median)", "same a month later", "by chance")
    return Section(
        "Volatility",
        "Regimes are thirds of the market's own history so far.",
        [
            Card(
                "30-day volatility of the market, a year",
                describe_link(volatility["link"]) + " with the month after.",
                draw_lines(
                    measured.days,
                    {"volatility": measured.figures["volatility"]},
                    ".0%",
                    label="Volatility",
                ),
            ),
            Card("What followed each regime", "", create_table(head, rows)),
        ],
    )


def _show_coins(document: Json) -> Section:
    pairs, tokens = document["correlations"], document["tokens"]
    head = ("", "pairs", "said", "plain", "came to", "error said", "error plain")
    keys = ("said", "plain", "realised", "said_error", "plain_error")
    rows = [
        (
            f"ten {name} correlated",
            str(pairs[name]["pairs"]),
            *(write_number(pairs[name][key], ".3f") for key in keys),
        )
        for name in ("most", "least")
    ]
    lasting = [
        (
            name.replace("_", " "),
            *(write_number(by[key]) for key in ("volatility", "return", "max_drawdown")),
        )
        for name, by in tokens.items()
    ]
    return Section(
        "Coins and pairs",
        "What a coin's record and its correlations say of the 90 days after.",
        [
            Card(
                "Correlations, said and realised",
                "The ends of an order are partly luck: cutting outliers and shrinking take some"
                " of it back. Plain is Pearson's, of the same 90 days.",
                create_table(head, rows),
                wide=True,
            ),
            Card(
                "What lasts of a coin's last year",
                "Mean rank correlation between coins with the next 90 days.",
                create_table(("last year's", "volatility", "return", "drawdown"), lasting),
            ),
        ],
    )


def _show_breadth(document: Json, measured: Measured) -> Section:
    links = document["breadth"]["links"]
    high = document["grades"]["trader_high"]
    rho = [(f"next {h} days", link["rho"] or 0.0) for h, link in links.items()]
    return Section(
        "Breadth",
        "Share of coins above their 50-day and 200-day means, and share graded 60 or more.",
        [
            Card(
                "Shares of coins",
                "Grades rank coins against each other, so the share graded high hardly moves:"
                f" from {write_number(high['lowest'], '.0%')}"
                f" to {write_number(high['highest'], '.0%')}.",
                draw_lines(
                    measured.days,
                    {
                        "50 d": measured.figures["above_mean_50"],
                        "200 d": measured.figures["above_mean_200"],
                        "graded high": measured.figures["trader_high"],
                    },
                    ".0%",
                    label="Breadth",
                    wide=True,
                ),
                wide=True,
            ),
            Card(
                "Does breadth foretell?",
                "; ".join(f"{h} d: {link['words']}" for h, link in links.items()),
                draw_bars(rho, ".2f", label="Rank correlation", wide=False),
            ),
        ],
    )
