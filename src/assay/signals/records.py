"""The lists of an evaluation: every coin, every rule, every choice of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from assay import evaluation
from assay.markets.types import Token
from assay.publishing import FIRST_DAY, Facts
from assay.signals.accounts import Accounts, TriedRules
from assay.signals.compute.walking import Scene, choose_walk_rules
from assay.signals.judging import list_refits
from assay.signals.reading import Frame
from assay.signals.report import ChoiceRecord, CoinRecord, RuleRecord
from assay.signals.rows import label_rule, name_rule
from assay.signals.types import DAILY

HEADLINE_LAG = 1
SILENT_DAYS = 14
"""Days without a bar after which a coin that nobody explained counts as dead."""
ENDS = ("collapsed", "delisted")


def list_coins(
    frame: Frame,
    accounts: Accounts,
    tokens: Sequence[Token],
    facts: Facts,
    days: Sequence[date],
) -> list[CoinRecord]:
    """One record a coin, losers against constant exposure first."""
    symbols = {int(token.token_id): token for token in tokens}
    growth = [
        np.expm1(evaluation.compute_growth(daily))
        for daily in (accounts.followed, accounts.constant, accounts.holding)
    ]
    exposures = evaluation.compute_exposures(np.maximum(frame.published.signals, 0.0), HEADLINE_LAG)
    records = []
    for row, token_id in enumerate(frame.token_ids):
        known = np.isfinite(frame.published.signals[row])
        if not np.isfinite(growth[0][row]) or not known.any():
            continue
        token = symbols[token_id]
        records.append(
            CoinRecord(
                symbol=token.symbol,
                days=int(known.sum()),
                died=find_death(token, facts, days),
                exposure=float(exposures[row]),
                signal_return=float(growth[0][row]),
                constant_return=float(growth[1][row]),
                holding_return=float(growth[2][row]),
            )
        )
    return sorted(records, key=lambda coin: (coin.excess, coin.symbol))


def find_death(token: Token, facts: Facts, days: Sequence[date]) -> date | None:
    """The last day of a coin that collapsed, was delisted or fell silent inside the window; None
    for all others, the renamed and migrated too.
    """
    bars = np.flatnonzero(np.isfinite(facts.panel.close[facts.panel.row(token.token_id)]))
    last = facts.panel.day(int(bars[-1]))
    if token.ended is None:
        is_dead = (facts.panel.complete_through - last).days >= SILENT_DAYS
    else:
        is_dead = token.ended in ENDS
        last = token.last_day or last
    return last if is_dead and days[0] <= last < days[-1] else None


def list_rules(tried: TriedRules) -> tuple[RuleRecord, ...]:
    """Every rule of the book, best Sharpe ratio of excess first."""
    records = [
        RuleRecord(
            label_rule(rule),
            float(tried.sharpes[index]),
            float(tried.medians[index]),
        )
        for index, rule in enumerate(DAILY.rules)
    ]
    return tuple(sorted(records, key=lambda rule: (-rule.sharpe, rule.name)))


def list_choices(scene: Scene, facts: Facts, days: Sequence[date]) -> tuple[ChoiceRecord, ...]:
    """The rules that were in force in the window."""
    panel = facts.panel
    first = (FIRST_DAY - panel.first_day).days
    refits = list_refits(DAILY, first, panel.column(days[-1]) + 1)
    choices = choose_walk_rules(DAILY, scene, refits)
    ends = [choice.column for choice in choices[1:]] + [panel.n_days]
    return tuple(
        ChoiceRecord(
            panel.day(choice.column),
            name_rule(DAILY, DAILY.rules[choice.rule]),
            choice.growth * DAILY.per_year,
        )
        for choice, end in zip(choices, ends, strict=True)
        if end > panel.column(days[0])
    )
