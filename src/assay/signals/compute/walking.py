"""The whole walk of one book over the bars: trends, choices, states, confidence, barriers.

Causal: every array at a column, and every choice and fit at a refit, comes from bars up to it, so
a longer panel changes nothing before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.factors import compute_exp, compute_log
from assay.signals.compute.barriers import SIDES, compute_labels, compute_widths
from assay.signals.compute.choosing import choose_rules, compute_gains, compute_returns
from assay.signals.compute.confidence import (
    compute_chances,
    compute_relative_deviation,
    fit_chance,
)
from assay.signals.compute.deciding import compute_states
from assay.signals.compute.running import Followed, Runs, compute_followed, compute_runs
from assay.signals.compute.trends import carry_closes, compute_market_trends, compute_trends
from assay.signals.types import Bars, Book, Choice, Flags, Matrix, NoView, Rule, States


@dataclass(frozen=True)
class Scene:
    """What every rule of a book reads: own trends [shapes, tokens, bars], the market's and
    Bitcoin's [shapes, bars], the deviation a bar, carried closes and who has a view.
    """

    bars: Bars
    viewed: Flags
    own: Matrix
    market: Matrix
    bitcoin: Matrix
    deviation: Matrix
    close: Matrix
    returns: Matrix


@dataclass(frozen=True)
class Walk:
    """Everything that is said of a book's bars, [tokens, bars] unless said otherwise.

    `confidence` is NaN without a position or without enough past labels; `entry_price`, `target`
    and `stop` (continuous prices) are NaN without a position. `followed` has a column for each
    judged one.
    """

    scene: Scene
    choices: tuple[Choice, ...]
    states: States
    scores: Matrix
    runs: Runs
    confidence: Matrix
    entry_price: Matrix
    target: Matrix
    stop: Matrix
    followed: Followed

    def rule(self, book: Book, column: int) -> Rule:
        """The rule in force at a column."""
        index = [choice.rule for choice in self.choices if choice.column <= column][-1]
        return book.rules[index]


def find_views(book: Book, bars: Bars) -> Flags:
    """Who has a view: a bar now, and `warm_up` bars' time since the first one."""
    has_bar = ~np.isnan(bars.close)
    ages = np.arange(bars.close.shape[1]) - has_bar.argmax(axis=1)[:, None]
    viewed: Flags = has_bar & (ages >= book.warm_up)
    return viewed


def explain_silence(has_bar: bool, has_view: bool) -> NoView | None:
    """Why a token has no view; None where it has one."""
    if has_view:
        return None
    return NoView.SHORT_HISTORY if has_bar else NoView.STALE


def compute_scene(book: Book, bars: Bars, bitcoin_id: int) -> Scene:
    """Trends of all, once over the bars. Without Bitcoin's bars its scores are missing."""
    viewed = find_views(book, bars)
    own, deviation = compute_trends(bars, book.scale)
    place = np.flatnonzero(bars.token_ids == bitcoin_id)
    bitcoin = own[:, place[0]].copy() if place.size else np.full_like(own[:, 0], np.nan)
    close = carry_closes(bars)
    return Scene(
        bars,
        viewed,
        own,
        compute_market_trends(bars, viewed, book.scale),
        bitcoin,
        deviation,
        close,
        compute_returns(close),
    )


def compute_rule_states(book: Book, scene: Scene, index: int) -> tuple[States, Matrix]:
    """States and scores of one rule of the book over all bars, [tokens, bars]."""
    return compute_states(
        book.rules[index],
        scene.own,
        scene.market,
        scene.bitcoin,
        scene.viewed,
        book.minimal_hold,
    )


def choose_walk_rules(book: Book, scene: Scene, refits: Sequence[int]) -> list[Choice]:
    """The rules in force from column 0 and from each refit on."""
    trends = (scene.own, scene.market, scene.bitcoin)
    gains = compute_gains(book, trends, scene.viewed, scene.returns, refits)
    return choose_rules(book, gains, refits)


def compute_walk(
    book: Book,
    bars: Bars,
    bitcoin_id: int,
    refits: Sequence[int],
    first: int,
    columns: Sequence[int],
) -> Walk:
    """Walk the book over at least one token: rules chosen at `refits` (ascending columns), followed
    from column `first` on, returns at `columns`.
    """
    scene = compute_scene(book, bars, bitcoin_id)
    choices = choose_walk_rules(book, scene, refits)
    states = np.zeros(scene.viewed.shape, np.int8)
    scores = np.full(scene.viewed.shape, np.nan)
    confidence = np.full(scene.viewed.shape, np.nan)
    labels = compute_labels(
        book,
        compute_log(scene.close),
        compute_log(bars.high),
        compute_log(bars.low),
        scene.deviation,
    )
    relative = compute_relative_deviation(scene.deviation, scene.viewed)
    for choice, part in _split(choices, bars.close.shape[1]):
        of_rule, read = compute_rule_states(book, scene, choice.rule)
        states[:, part], scores[:, part] = of_rule[:, part], read[:, part]
        for place, side in enumerate(SIDES):
            known = choice.column - book.horizon
            fit = fit_chance(relative, of_rule, labels[place], side, known)
            chances = compute_chances(relative[:, part], fit)
            held = states[:, part] == side
            confidence[:, part][held] = chances[held]
    runs = compute_runs(states)
    target, stop = compute_widths(book, scene.deviation)
    sign = np.where(states == 0, np.nan, states)
    return Walk(
        scene=scene,
        choices=tuple(choices),
        states=states,
        scores=scores,
        runs=runs,
        confidence=confidence,
        entry_price=np.where(
            states == 0, np.nan, np.take_along_axis(scene.close, runs.entry, axis=1)
        ),
        target=scene.close * compute_exp(sign * target),
        stop=scene.close * compute_exp(-sign * stop),
        followed=compute_followed(
            book, bars.close, scene.returns, states, scene.viewed, first, columns
        ),
    )


def _split(choices: Sequence[Choice], width: int) -> Iterator[tuple[Choice, slice]]:
    ends = [choice.column for choice in choices[1:]] + [width]
    for choice, end in zip(choices, ends, strict=True):
        yield choice, slice(choice.column, end)
