"""From facts to a day's list: universe, scores, what was known, rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assay.ledger import canonical_json
from assay.markets.types import Panel, Token, TokenKind
from assay.moonshots.compute.base_rates import BaseRates
from assay.moonshots.compute.learning import Learnt, learn, list_refit_columns
from assay.moonshots.compute.outcomes import compute_outcomes
from assay.moonshots.compute.sections import compute_sections
from assay.moonshots.rows import Coin, Json, Known, create_row
from assay.moonshots.types import Event, Matrix, Refit, Sections, SizeMeasure
from assay.publishing import FIRST_DAY, Judgement, Said, Speaker, daily_kind
from assay.publishing.types import Facts


@dataclass(frozen=True)
class Study:
    """Everything that is computed once for all days of a call; every column reads its past only."""

    panel: Panel
    close: Matrix
    sections: Sections
    base_rates: BaseRates
    learnt: Learnt


def study_panel(panel: Panel, tokens: Sequence[Token]) -> Study:
    """Universe, outcomes, base rates and scores of every day of a panel whose kinds `tokens` say.

    A prefix of the panel gives a prefix of everything, bit for bit.
    """
    coins = [int(token.token_id) for token in tokens if token.kind is TokenKind.COIN]
    close, volume = panel.close * panel.unit, panel.volume / panel.unit
    sections = compute_sections(
        close, panel.close, volume, np.isin(panel.token_ids, coins), panel.market_cap
    )
    outcomes = compute_outcomes(close)
    base_rates = BaseRates(sections, outcomes)
    columns = list_refit_columns((FIRST_DAY - panel.first_day).days, panel.n_days)
    return Study(panel, close, sections, base_rates, learn(sections, outcomes, base_rates, columns))


def judge_days(days: Sequence[date], facts: Facts, said: Said) -> Iterator[Judgement]:
    """One list a day of the coins outside the top 100, lowest risk of a fall first."""
    del said
    study = study_panel(facts.panel, facts.tokens(days[-1]))
    for day in days:
        column = facts.panel.column(day)
        refit = study.learnt.refit(column)
        tokens = {int(token.token_id): token for token in facts.tokens(day) if not token.ended}
        yield Judgement(day, list_coins(study, column, refit, tokens), name_model(refit))


def list_coins(study: Study, column: int, refit: Refit, tokens: dict[int, Token]) -> list[Json]:
    """The rows of one day; `tokens` by id as known then, without those whose end was announced."""
    known = Known({event: study.base_rates.find(event, column) for event in Event}, refit.records)
    ids = study.panel.token_ids
    rows = [
        row
        for row in np.flatnonzero(study.sections.eligible[:, column]).tolist()
        if int(ids[row]) in tokens
    ]
    rows.sort(key=lambda row: (study.learnt.fall_scores[row, column], int(ids[row])))
    coins = _describe(study, np.array(rows, np.int64), column, tokens)
    return [create_row(coin, rank, len(rows), known) for rank, coin in enumerate(coins, start=1)]


def name_model(refit: Refit) -> str:
    """Digest of everything learnt at a refit."""
    learnt = [
        [f"{weight:.17g}" for weight in (*refit.fall_weights, *refit.rise_weights)],
        [[event.value, repr(refit.records[event])] for event in Event],
    ]
    return f"refit:{hashlib.sha256(canonical_json(learnt)).hexdigest()[:12]}"


def _describe(
    study: Study, rows: NDArray[np.int64], column: int, tokens: Mapping[int, Token]
) -> Iterator[Coin]:
    panel, sections = study.panel, study.sections
    nothing = np.full(rows.size, np.nan)
    price, cap = panel.close[rows, column], panel.market_cap
    week_ago = study.close[rows, column - 7] if column >= 7 else nothing
    columns = (
        panel.token_ids[rows],
        sections.age_days[rows, column],
        price,
        sections.volume_usd[rows, column],
        price * panel.volume[rows, column],
        nothing if cap is None else cap[rows, column],
        sections.size_rank[rows, column],
        sections.by_cap[rows, column],
        study.close[rows, column] / week_ago - 1.0,
        sections.daily_move[rows, column],
        sections.features[1, rows, column],
        sections.features[2, rows, column],
        *(study.learnt.candidates[event][rows, column] for event in Event),
    )
    for token_id, *facts in zip(*(values.tolist() for values in columns), strict=True):
        age, paid, volume, today, dollars, place, by_cap, week, move, youth, dear = facts[:11]
        yield Coin(
            token=tokens[token_id],
            age_days=age,
            price=paid,
            volume_usd=volume,
            volume_24h_usd=today,
            market_cap_usd=dollars,
            size_rank=place,
            size_by=SizeMeasure.MARKET_CAP if by_cap else SizeMeasure.DOLLAR_VOLUME,
            return_7d=week,
            daily_move=move,
            youth=youth,
            price_rank=dear,
            chances=dict(zip(Event, facts[11:], strict=True)),
        )


SOURCES = (
    "factors",
    "evaluation/events.py",
    "moonshots/compute",
    "moonshots/types.py",
    "moonshots/rows.py",
    "moonshots/judging.py",
)
MOONSHOTS = Speaker(kind=daily_kind("moonshots"), judge=judge_days, sources=SOURCES)
