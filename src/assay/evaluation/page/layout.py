"""The whole page: what it is, the headline figures, and the charts in the order of a sceptic's
questions.
"""

from __future__ import annotations

from html import escape
from math import isfinite

from assay.evaluation.document import NOT_ADVICE
from assay.evaluation.page import money, order, tables, truth
from assay.evaluation.page.style import STYLE
from assay.evaluation.page.tables import create_tile, format_number
from assay.evaluation.report import GATE_SD
from assay.evaluation.types import HEADLINE_LAG, EvaluationReport

_ORIGINS = {
    "live": "Said before the outcome: published as its day closed, before any outcome bar opened.",
    "replay": "Replayed: computed on a replayed clock from what was known on each day.",
    "backfilled": (
        "Backfilled: computed afterwards, walk-forward, from what was known on each day. "
        "It was not said before the outcome."
    ),
}


def create_page(report: EvaluationReport) -> str:
    """One self-contained HTML page: inline styles and drawings, no script, nothing fetched."""
    title = f"{report.kind[:1].upper()}{report.kind[1:]}: does it predict?"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        + _create_header(report, title)
        + _create_tiles(report)
        + _create_order(report)
        + _create_luck(report)
        + _create_money(report)
        + _create_truth(report)
        + _create_footer(report)
        + "</main></body></html>"
    )


def _card(title: str, words: str, body: str, *, wide: bool = False) -> str:
    classes = "card wide" if wide else "card"
    return (
        f'<section class="{classes}"><h3>{escape(title)}</h3><p>{escape(words)}</p>{body}</section>'
    )


def _section(title: str, words: str, *cards: str) -> str:
    return f'<h2>{escape(title)}</h2><p>{escape(words)}</p><div class="grid">{"".join(cards)}</div>'


def _create_header(report: EvaluationReport, title: str) -> str:
    window, universe = report.window, report.universe
    chips = (
        ("Window", f"{window.first_day} to {window.last_day}, {window.days} days scored"),
        (
            "Universe",
            f"{universe.coins} coins, {universe.died_inside} stopped inside, "
            f"{universe.mean_coins:.0f} a day",
        ),
        ("Views", f"{universe.view_share:.1%} of coin-days"),
        ("Origin", report.origin),
        ("Horizon", f"{report.horizon_days} days from the next close"),
    )
    items = "".join(f"<li><b>{name}</b> {escape(words)}</li>" for name, words in chips)
    notes = "".join(f"<p>{escape(note)}</p>" for note in report.notes)
    return (
        '<header><div class="over">Assay · evaluation</div>'
        f'<h1>{escape(title)}</h1><p class="lead">{escape(_say_verdict(report))}</p>'
        f"<p>{escape(_ORIGINS.get(report.origin, report.origin))} {escape(NOT_ADVICE)}</p>"
        f'<ul class="chips">{items}</ul>'
        + (f'<div class="notes">{notes}</div>' if notes else "")
        + "</header>"
    )


def _say_verdict(report: EvaluationReport) -> str:
    score, null = report.lags[HEADLINE_LAG], report.permutation
    said = (
        f"Over {score.days} days the order of the scores and the order of the returns of the "
        f"following {report.horizon_days} days had a mean rank correlation of "
        f"{format_number(score.rank_ic_mean)}"
    )
    if not isfinite(null.distance_sd):
        return f"{said}. Without a permutation null, how much of it is luck is not known."
    reading = (
        "more than luck explains" if null.distance_sd >= GATE_SD else "not enough to rule out luck"
    )
    return (
        f"{said}, {null.distance_sd:.1f} standard deviations from what the same pipeline finds in "
        f"shuffled labels: {reading}."
    )


def _create_tiles(report: EvaluationReport) -> str:
    score, null, deaths = report.lags[HEADLINE_LAG], report.permutation, report.deaths
    spread, coverage = report.quintiles, report.coverage
    tiles = [
        create_tile(
            "Rank IC, lag 1", format_number(score.rank_ic_mean), "mean of days, whole universe"
        ),
        create_tile(
            "ICIR", format_number(score.icir, ".2f"), f"{score.share_positive:.0%} of days above 0"
        ),
        create_tile(
            "Distance from luck",
            format_number(null.distance_sd, ".1f") + (" sd" if isfinite(null.distance_sd) else ""),
            f"{null.permutations} permutations, sd {format_number(null.null_sd)}",
        ),
        create_tile(
            "Residual IC", format_number(report.residual.rank_ic_mean), "once volatility is known"
        ),
        create_tile(
            "Spread, net of 10 bp",
            format_number(spread.net.sharpe, ".2f"),
            f"Sharpe; {format_number(spread.turnover, '.0f')}× turnover; not investable",
        ),
        create_tile(
            "Interval coverage",
            format_number(coverage.overall, ".1%") if coverage else tables.UNKNOWN,
            f"promised {coverage.level:.0%}; Winkler {coverage.winkler_ratio:.3f} of naive"
            if coverage
            else "no intervals were given",
        ),
        create_tile(
            "Probability skill",
            format_number(report.calibration.skill, ".1%")
            if report.calibration
            else tables.UNKNOWN,
            "Brier score against the base rate" if report.calibration else "none were given",
        ),
        create_tile(
            f"Deaths scored above {deaths.high_score:g}",
            f"{deaths.any_day_high} of {deaths.count}" if deaths.count else tables.UNKNOWN,
            f"in their last 30 days; {deaths.mean_high} by the mean",
        ),
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _create_order(report: EvaluationReport) -> str:
    cards = [
        _card(
            "Cumulative rank IC",
            "Sum of daily rank correlations at lag 1. Steady skill climbs in a straight line.",
            order.draw_cumulative_ic(report),
            wide=True,
        ),
        _card(
            "Rank IC by month",
            "Mean of the days of each month.",
            order.draw_monthly_ic(report),
            wide=True,
        ),
        _card(
            "Decay",
            "The later one buys, the less is left. A cliff after lag 0 would be a leak.",
            order.draw_decay(report),
        ),
        _card(
            "Daily rank ICs",
            f"{report.lags[HEADLINE_LAG].share_positive:.0%} of days were right on balance.",
            order.draw_daily_distribution(report.series.rank_ic),
        ),
        _card(
            "By year",
            "Lag 1; the spread is liquid, net of 10 bp.",
            tables.create_year_table(report),
        ),
        _card(
            "Other slices",
            "The naive t ignores how the pipeline was chosen: it is a reference, not the gate.",
            tables.create_slice_table(report),
        ),
    ]
    if report.baselines:
        shown = min(len(report.baselines), 24)
        cards.append(
            _card(
                "Against simpler scores",
                f"Mean rank IC at lag 1, the {shown} strongest of {len(report.baselines)}; "
                "one below 0 predicts when turned round.",
                order.draw_baselines(report),
                wide=True,
            )
        )
    return _section(
        "Does the order predict?",
        "Spearman rank correlation of score and return, every day over the whole universe. "
        "A coin with no view stands at the median, so silence cannot buy correlation.",
        *cards,
    )


def _create_money(report: EvaluationReport) -> str:
    quintiles = report.quintiles
    return _section(
        "What would it have earned?",
        f"Research, not investable. Fifths of coins ({quintiles.universe}) by score, equally "
        f"weighted, bought one day later and held {quintiles.holding_days} days in staggered "
        "books. Shorts are free and closes are tradable here, which they are not outside. "
        "Dead coins leave at their last price.",
        _card(
            "Highest minus lowest fifth",
            "Value of 1 behind a long and a short of equal size.",
            money.draw_spread(report),
            wide=True,
        ),
        _card("Every fifth", "Value of 1, before costs, logarithmic.", money.draw_fifths(report)),
        _card(
            "The long leg alone",
            "Highest fifth net of 10 bp a side, beside holding everything and Bitcoin.",
            money.draw_long_leg(report),
        ),
        _card(
            "Return by fifth",
            "Arithmetic mean a year, before costs.",
            money.draw_annual_fifths(report),
        ),
        _card(
            "Long leg against what one could have held",
            "Sharpe ratios and a weekly regression, net of 10 bp a side.",
            tables.create_leg_table(report),
        ),
        _card(
            "After costs",
            "Weekly returns, annualised; turnover is one way. Single starts: the books alone.",
            tables.create_cost_table(report),
            wide=True,
        ),
    )


def _create_truth(report: EvaluationReport) -> str:
    cards = []
    if report.calibration is not None:
        calibration = report.calibration
        cards.append(
            _card(
                "Calibration",
                f"Brier {calibration.brier:.4f} against {calibration.brier_base:.4f} for the base "
                f"rate; mean gap {calibration.expected_error:.1%}; {calibration.count:,} stated.",
                truth.draw_calibration(calibration),
            )
        )
    if report.coverage is not None:
        coverage = report.coverage
        cards.append(
            _card(
                f"Coverage of the {coverage.level:.0%} interval",
                f"Winkler score {coverage.winkler:.4f} against {coverage.winkler_baseline:.4f} for "
                f"the naive one: ratio {coverage.winkler_ratio:.3f}.",
                truth.draw_coverage(coverage),
            )
        )
        cards.append(
            _card(
                "Coverage by month",
                f"Worst month {coverage.worst_month_name}: "
                f"{format_number(coverage.worst_month, '.1%')}. "
                "Common shocks break every interval at once.",
                truth.draw_monthly_coverage(coverage),
                wide=True,
            )
        )
    deaths = report.deaths
    base_any = format_number(deaths.base_share_any_day, ".0%")
    base_mean = format_number(deaths.base_share_mean, ".0%")
    if deaths.count:
        cards.append(
            _card(
                "The dead",
                "Real deaths in the window. Bar: mean score of the last 30 days; dot: the highest. "
                f"{deaths.any_day_high} of {deaths.count} were above {deaths.high_score:g} on some "
                f"day (any coin in any 30 days: {base_any}), "
                f"{deaths.mean_high} by their mean ({base_mean}).",
                truth.draw_deaths(deaths),
                wide=True,
            )
        )
    if not cards:
        return ""
    return _section(
        "Does it mean what it says?",
        "Probabilities should happen as often as stated, intervals should hold as often as "
        "promised, and a coin about to die should not look good.",
        *cards,
    )


def _create_luck(report: EvaluationReport) -> str:
    tried = report.tried
    rows = [
        ("configurations tried", str(tried.configurations)),
        ("Sharpe of the chosen one, net", format_number(tried.sharpe, ".2f")),
        ("best expected from luck alone", format_number(tried.expected_best_by_chance, ".2f")),
        ("deflated Sharpe (probability of skill)", format_number(tried.deflated_sharpe, ".1%")),
        ("probability of overfitting", format_number(tried.overfit_probability, ".1%")),
        (
            "mean change of a score a day",
            format_number(report.stability.mean_absolute_change, ".2f"),
        ),
        (
            "rank autocorrelation, 1 and 7 days",
            f"{format_number(report.stability.rank_autocorrelation_1d, '.2f')}, "
            f"{format_number(report.stability.rank_autocorrelation_7d, '.2f')}",
        ),
    ]
    cards = [
        _card(
            "Number of tries",
            "The best of many looks good by luck; how much is left once that is admitted.",
            tables.create_table(("figure", "value"), rows),
        )
    ]
    if report.permutation.null_means:
        cards.insert(
            0,
            _card(
                "Permutation null",
                "The whole pipeline trained on labels shuffled within each day.",
                order.draw_null(report),
            ),
        )
    return _section(
        "How much of it is luck?",
        "Neighbouring days share their returns, so ordinary t-statistics flatter. A permutation "
        "null does not, and the best of many tries has to answer for the others.",
        *cards,
    )


def _create_footer(report: EvaluationReport) -> str:
    return (
        "<footer><p>Judged at the close of a day, bought at the close of the next, held "
        f"{report.horizon_days} calendar days. A day counts with at least "
        f"{report.universe.minimum_coins} coins; {report.window.days_too_few_coins} had fewer. "
        f"Outcomes are known up to the judgements of {report.window.last_scored_day}. "
        "A coin that stops inside the horizon gets its last price.</p>"
        f"<p>{escape(NOT_ADVICE)} Formulas: docs/method/evaluation.md.</p></footer>"
    )
