"""One day's list as the rows that are sealed and served: decimal strings, lowest risk first.

Pure. The fields are documented in `docs/method/moonshots.md`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from assay.evaluation import compute_wilson
from assay.markets.types import Token
from assay.moonshots.types import RISES, BaseRate, Event, SizeMeasure, TrackRecord
from assay.publishing import format_decimal, format_price

Json = dict[str, object]

CHANCE_PLACES = 5
NO_SKILL = "no skill shown"


@dataclass(frozen=True, slots=True)
class Coin:
    """One listed coin on one day. `chances`: the calibrated probability of each event, NaN where
    there is none.
    """

    token: Token
    age_days: int
    price: float
    volume_usd: float
    volume_24h_usd: float
    market_cap_usd: float
    size_rank: int
    size_by: SizeMeasure
    return_7d: float
    daily_move: float
    youth: float
    price_rank: float
    chances: Mapping[Event, float]


@dataclass(frozen=True)
class Known:
    """What was known of each event when the list was made."""

    base_rates: Mapping[Event, BaseRate]
    records: Mapping[Event, TrackRecord]

    @cached_property
    def usual(self) -> dict[Event, Json]:
        """What is said of an event of every coin of which no model speaks."""
        return {
            event: _write_event(base.rate, False, base, self.records[event])
            for event, base in self.base_rates.items()
        }


def create_row(coin: Coin, rank: int, count: int, known: Known) -> Json:
    """The row of a coin that is `rank`-th of `count` by its risk of a fall, the safest first."""
    events = {event: _create_event(event, coin, known) for event in Event}
    return {
        "token_id": int(coin.token.token_id),
        "symbol": coin.token.symbol,
        "name": coin.token.name,
        "rank": rank,
        "ranked_by": Event.FALL_80.value,
        "age_days": coin.age_days,
        "price": format_price(coin.price),
        "return_7d": format_decimal(coin.return_7d, 4),
        "volume_24h_usd": format_decimal(coin.volume_24h_usd, 0),
        "volume_usd": format_decimal(coin.volume_usd, 0),
        "market_cap_usd": format_decimal(coin.market_cap_usd, 0),
        "size_rank": coin.size_rank,
        "size_by": coin.size_by.value,
        "events": {event.value: events[event] for event in RISES},
        "fall_80": events[Event.FALL_80],
        "drivers": {
            "daily_move": format_decimal(coin.daily_move, 4),
            "youth": format_decimal(coin.youth + 0.5, 4),
            "price_rank": format_decimal(coin.price_rank + 0.5, 4),
        },
        "reason": _give_reason(coin, rank, count, known),
        "no_view": None,
    }


def state_chance(event: Event, coin: Coin, known: Known) -> tuple[float, bool]:
    """The probability that is published, and whether a model made it."""
    chance = coin.chances[event]
    if known.records[event].has_skill and math.isfinite(chance):
        return chance, True
    return known.base_rates[event].rate, False


def _create_event(event: Event, coin: Coin, known: Known) -> Json:
    chance, has_skill = state_chance(event, coin, known)
    if not has_skill:
        return known.usual[event]
    return _write_event(chance, True, known.base_rates[event], known.records[event])


def _write_event(chance: float, has_skill: bool, base: BaseRate, record: TrackRecord) -> Json:
    low, high = compute_wilson(chance, base.trials)
    return {
        "probability": format_decimal(chance, CHANCE_PLACES),
        "low": format_decimal(low, CHANCE_PLACES),
        "high": format_decimal(high, CHANCE_PLACES),
        "base_rate": format_decimal(base.rate, CHANCE_PLACES),
        "past_events": base.episodes,
        "among": "all_coins" if base.of_all_coins else "outside_top_100",
        "lift": format_decimal(record.lift, 2),
        "auc": format_decimal(record.auc, 3),
        "skill": has_skill,
    }


def _give_reason(coin: Coin, rank: int, count: int, known: Known) -> str:
    chance, has_skill = state_chance(Event.FALL_80, coin, known)
    base = known.base_rates[Event.FALL_80].rate
    claimed = [e.value for e in RISES if state_chance(e, coin, known)[1]]
    rises = f"skill shown for {', '.join(claimed)}" if claimed else NO_SKILL
    if has_skill and math.isfinite(base):
        falls = f"An 80 % fall within 90 days: {_percent(chance)} against {_percent(base)} usually."
    elif math.isfinite(base):
        falls = f"An 80 % fall within 90 days: {_percent(base)}, the base rate ({NO_SKILL})."
    else:
        falls = "No outcome is known yet."
    move = f"moves {_percent(coin.daily_move)} a day, " if math.isfinite(coin.daily_move) else ""
    return (
        f"Risk {rank} of {count} (1 is lowest): {move}{coin.age_days} days of history. {falls}"
        f" Rises: {rises}."
    )


def _percent(value: float) -> str:
    return f"{100.0 * value:.2f} %"
