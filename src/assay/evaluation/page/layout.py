"""The whole page: what it is, the headline figures, and the charts in the order of a sceptic's
questions.
"""

from __future__ import annotations

from math import isfinite

from assay.evaluation.page import money, order, tables, truth
from assay.evaluation.page.blocks import Card, Section, create_blank_page
from assay.evaluation.page.tables import format_number
from assay.evaluation.report import GATE_SD
from assay.evaluation.types import HEADLINE_LAG, EvaluationReport


def create_page(report: EvaluationReport) -> str:
    """One self-contained HTML page: inline styles and drawings, no script, nothing fetched."""
    sections = (
        _create_order(report),
        _create_luck(report),
        _create_money(report),
        _create_truth(report),
    )
    return create_blank_page(
        f"{report.kind[:1].upper()}{report.kind[1:]}: does it predict?",
        _say_verdict(report),
        origin=report.origin,
        chips=_list_chips(report),
        notes=report.notes,
        tiles=_list_tiles(report),
        sections=[section for section in sections if section.cards],
        footer=_write_footer(report),
    )


def _list_chips(report: EvaluationReport) -> list[tuple[str, str]]:
    window, universe = report.window, report.universe
    return [
        ("Window", f"{window.first_day} to {window.last_day}, {window.days} days scored"),
        (
            "Universe",
            f"{universe.coins} coins, {universe.died_inside} stopped inside, "
            f"{universe.mean_coins:.0f} a day",
        ),
        ("Views", f"{universe.view_share:.1%} of coin-days"),
        ("Origin", report.origin),
        ("Horizon", f"{report.horizon_days} days from the next close"),
    ]


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


def _list_tiles(report: EvaluationReport) -> list[tuple[str, str, str]]:
    score, null, deaths = report.lags[HEADLINE_LAG], report.permutation, report.deaths
    spread, coverage = report.quintiles, report.coverage
    return [
        ("Rank IC, lag 1", format_number(score.rank_ic_mean), "mean of days, whole universe"),
        ("ICIR", format_number(score.icir, ".2f"), f"{score.share_positive:.0%} of days above 0"),
        (
            "Distance from luck",
            format_number(null.distance_sd, ".1f") + (" sd" if isfinite(null.distance_sd) else ""),
            f"{null.permutations} permutations, sd {format_number(null.null_sd)}",
        ),
        ("Residual IC", format_number(report.residual.rank_ic_mean), "once volatility is known"),
        (
            "Spread, net of 10 bp",
            format_number(spread.net.sharpe, ".2f"),
            f"Sharpe; {format_number(spread.turnover, '.0f')}× turnover; not investable",
        ),
        (
            "Interval coverage",
            format_number(coverage.overall, ".1%") if coverage else tables.UNKNOWN,
            f"promised {coverage.level:.0%}; Winkler {coverage.winkler_ratio:.3f} of naive"
            if coverage
            else "no intervals were given",
        ),
        (
            "Probability skill",
            format_number(report.calibration.skill, ".1%")
            if report.calibration
            else tables.UNKNOWN,
            "Brier score against the base rate" if report.calibration else "none were given",
        ),
        (
            f"Deaths scored above {deaths.high_score:g}",
            f"{deaths.any_day_high} of {deaths.count}" if deaths.count else tables.UNKNOWN,
            f"in their last 30 days; {deaths.mean_high} by the mean",
        ),
    ]


def _create_order(report: EvaluationReport) -> Section:
    cards = [
        Card(
            "Cumulative rank IC",
            "Sum of daily rank correlations at lag 1. Steady skill climbs in a straight line.",
            order.draw_cumulative_ic(report),
            wide=True,
        ),
        Card(
            "Rank IC by month",
            "Mean of the days of each month.",
            order.draw_monthly_ic(report),
            wide=True,
        ),
        Card(
            "Decay",
            "The later one buys, the less is left. A cliff after lag 0 would be a leak.",
            order.draw_decay(report),
        ),
        Card(
            "Daily rank ICs",
            f"{report.lags[HEADLINE_LAG].share_positive:.0%} of days were right on balance.",
            order.draw_daily_distribution(report.series.rank_ic),
        ),
        Card(
            "By year",
            "Lag 1; the spread is liquid, net of 10 bp.",
            tables.create_year_table(report),
        ),
        Card(
            "Other slices",
            "The naive t ignores how the pipeline was chosen: it is a reference, not the gate.",
            tables.create_slice_table(report),
        ),
    ]
    if report.baselines:
        shown = min(len(report.baselines), 24)
        cards.append(
            Card(
                "Against simpler scores",
                f"Mean rank IC at lag 1, the {shown} strongest of {len(report.baselines)}; "
                "one below 0 predicts when turned round.",
                order.draw_baselines(report),
                wide=True,
            )
        )
    return Section(
        "Does the order predict?",
        "Spearman rank correlation of score and return, every day over the whole universe. "
        "A coin with no view stands at the median, so silence cannot buy correlation.",
        cards,
    )


def _create_money(report: EvaluationReport) -> Section:
    quintiles = report.quintiles
    return Section(
        "What would it have earned?",
        f"Research, not investable. Fifths of coins ({quintiles.universe}) by score, equally "
        f"weighted, bought one day later and held {quintiles.holding_days} days in staggered "
        "books. Shorts are free and closes are tradable here, which they are not outside. "
        "Dead coins leave at their last price.",
        [
            Card(
                "Highest minus lowest fifth",
                "Value of 1 behind a long and a short of equal size.",
                money.draw_spread(report),
                wide=True,
            ),
            Card(
                "Every fifth", "Value of 1, before costs, logarithmic.", money.draw_fifths(report)
            ),
            Card(
                "The long leg alone",
                "Highest fifth net of 10 bp a side, beside holding everything and Bitcoin.",
                money.draw_long_leg(report),
            ),
            Card(
                "Return by fifth",
                "Arithmetic mean a year, before costs.",
                money.draw_annual_fifths(report),
            ),
            Card(
                "Long leg against what one could have held",
                "Sharpe ratios and a weekly regression, net of 10 bp a side.",
                tables.create_leg_table(report),
            ),
            Card(
                "After costs",
                "Weekly returns, annualised; turnover is one way. Single starts: the books alone.",
                tables.create_cost_table(report),
                wide=True,
            ),
        ],
    )


def _create_truth(report: EvaluationReport) -> Section:
    cards = []
    if report.calibration is not None:
        calibration = report.calibration
        cards.append(
            Card(
                "Calibration",
                f"Brier {calibration.brier:.4f} against {calibration.brier_base:.4f} for the base "
                f"rate; mean gap {calibration.expected_error:.1%}; {calibration.count:,} stated.",
                truth.draw_calibration(calibration),
            )
        )
    if report.coverage is not None:
        coverage = report.coverage
        cards.append(
            Card(
                f"Coverage of the {coverage.level:.0%} interval",
                f"Winkler score {coverage.winkler:.4f} against {coverage.winkler_baseline:.4f} for "
                f"the naive one: ratio {coverage.winkler_ratio:.3f}.",
                truth.draw_coverage(coverage),
            )
        )
        cards.append(
            Card(
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
            Card(
                "The dead",
                "Real deaths in the window. Bar: mean score of the last 30 days; dot: the highest. "
                f"{deaths.any_day_high} of {deaths.count} were above {deaths.high_score:g} on some "
                f"day (any coin in any 30 days: {base_any}), "
                f"{deaths.mean_high} by their mean ({base_mean}).",
                truth.draw_deaths(deaths),
                wide=True,
            )
        )
    return Section(
        "Does it mean what it says?",
        "Probabilities should happen as often as stated, intervals should hold as often as "
        "promised, and a coin about to die should not look good.",
        cards,
    )


def _create_luck(report: EvaluationReport) -> Section:
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
        Card(
            "Number of tries",
            "The best of many looks good by luck; how much is left once that is admitted.",
            tables.create_table(("figure", "value"), rows),
        )
    ]
    if report.permutation.null_means:
        cards.insert(
            0,
            Card(
                "Permutation null",
                "The whole pipeline trained on labels shuffled within each day.",
                order.draw_null(report),
            ),
        )
    return Section(
        "How much of it is luck?",
        "Neighbouring days share their returns, so ordinary t-statistics flatter. A permutation "
        "null does not, and the best of many tries has to answer for the others.",
        cards,
    )


def _write_footer(report: EvaluationReport) -> str:
    return (
        "Judged at the close of a day, bought at the close of the next, held "
        f"{report.horizon_days} calendar days. A day counts with at least "
        f"{report.universe.minimum_coins} coins; {report.window.days_too_few_coins} had fewer. "
        f"Outcomes are known up to the judgements of {report.window.last_scored_day}. "
        "A coin that stops inside the horizon gets its last price. "
        "Formulas: docs/method/evaluation.md."
    )
