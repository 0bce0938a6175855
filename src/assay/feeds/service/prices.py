"""The price of each token over the venues that tell of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from assay.feeds.compute.prices import PriceRules, Quote, Rate, aggregate
from assay.feeds.service.lines import Line
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.tokens import Tokens, is_dollar
from assay.feeds.service.venue import VenueFeed
from assay.feeds.types import Price, VenueState

BEGUN_ANEW_MS = 60_000
RULES = PriceRules()

Place = tuple[VenueFeed, Line]


class Prices:
    """Lines by token, and what follows from them. Ages are those of our steady clock."""

    def __init__(self, venues: Sequence[VenueFeed], tokens: Tokens, own_time: OwnTime) -> None:
        self._venues = venues
        self._tokens = tokens
        self._own_time = own_time
        self._places: dict[int, list[Place]] = {}
        self._rate_places: list[Place] = []
        self._generations: list[int] = []
        self._stated_ms: dict[int, int] = {}
        self._leaders: dict[int, Line] = {}

    def list_token_ids(self) -> list[int]:
        """Tokens that any venue tells of."""
        self._look()
        return list(self._places)

    def compute_price(self, token_id: int) -> Price:
        """The price of a token now, with the venues and ages behind it; None, with a reason, where
        none may be believed.
        """
        self._look()
        now_ms = self._own_time.steady_ms()
        places = [place for place in self._places.get(token_id, ()) if place[1].heard_ms]
        quotes = [
            Quote(
                venue.wish.name,
                line.instrument.symbol,
                line.instrument.quote,
                line.price,
                line.quote_volume,
                line.heard_ms,
            )
            for venue, line in places
            if math.isfinite(line.price)
        ]
        price = aggregate(
            token_id, self._name(token_id), quotes, now_ms=now_ms, rates=self._read_rates()
        )
        used = {(one.venue, one.symbol) for one in price.contributions if one.used}
        behind = [
            (venue, line)
            for venue, line in places
            if (venue.wish.name, line.instrument.symbol) in used
        ]
        return replace(
            price,
            time_ms=self._state_time(token_id, behind or places),
            change_24h=_weigh_change(behind),
            is_replay=any(venue.source.is_replay for venue, _ in behind or places),
        )

    def find_leader(self, token_id: int) -> Place | None:
        """Where most of a token trades against dollars, among venues that are live: its bars are
        shown. It stays until `drop_leader`, unless its venue falls silent.
        """
        self._look()
        places = self._places.get(token_id, ())
        known = self._leaders.get(token_id)
        for venue, line in places:
            if line is known and venue.state is VenueState.LIVE:
                return venue, line
        live = [
            (line.quote_volume if math.isfinite(line.quote_volume) else 0.0, -order, venue, line)
            for order, (venue, line) in enumerate(places)
            if venue.state is VenueState.LIVE and is_dollar(line.instrument.quote)
        ]
        if not live:
            return None
        _, _, venue, line = max(live, key=lambda one: one[:2])
        self._leaders[token_id] = line
        return venue, line

    def drop_leader(self, token_id: int) -> None:
        """A bar has ended: another venue may lead now."""
        self._leaders.pop(token_id, None)

    def _look(self) -> None:
        """Follow venues that listed other pairs."""
        generations = [venue.generation for venue in self._venues]
        if generations == self._generations:
            return
        self._generations = generations
        self._places = {}
        self._leaders = {}
        every = [(venue, line) for venue in self._venues for line in venue.lines.values()]
        for venue, line in every:
            if line.token_id is not None:
                self._places.setdefault(line.token_id, []).append((venue, line))
        quotes = {line.instrument.quote for _, line in every}
        self._rate_places = [
            (venue, line)
            for venue, line in every
            if line.instrument.base in quotes and line.instrument.quote in quotes
        ]

    def _read_rates(self) -> Mapping[tuple[str, str], Rate]:
        """What one currency of quotes costs in another, where a pair of both trades: the median of
        the venues that spoke of it lately, so that neither a silent nor a wrong one decides.
        """
        said: dict[tuple[str, str], list[Line]] = {}
        for _, line in self._rate_places:
            if math.isfinite(line.price) and line.price > 0.0:
                pair = (line.instrument.base, line.instrument.quote)
                said.setdefault(pair, []).append(line)
        rates: dict[tuple[str, str], Rate] = {}
        for (base, quote), lines in said.items():
            newest_ms = max(line.heard_ms for line in lines)
            live = [line.price for line in lines if newest_ms - line.heard_ms <= RULES.stale_ms]
            price = live[0] if len(live) == 1 else median(live)
            for pair, value in (((base, quote), price), ((quote, base), 1.0 / price)):
                # Where both ways trade, what was heard last counts.
                if pair not in rates or rates[pair].received_ms <= newest_ms:
                    rates[pair] = Rate(value, newest_ms)
        return rates

    def _state_time(self, token_id: int, places: Sequence[Place]) -> int:
        """When a price is of: in a replay the newest time of the venues, else our time of the
        newest event. It grows, unless a replay began anew.
        """
        shift_ms = self._own_time.wall_ms() - self._own_time.steady_ms()
        times = [
            line.time_ms if venue.source.is_replay else line.heard_ms + shift_ms
            for venue, line in places
        ]
        newest_ms, stated_ms = max(times, default=0), self._stated_ms.get(token_id, 0)
        if newest_ms < stated_ms - BEGUN_ANEW_MS:
            stated_ms = 0
        self._stated_ms[token_id] = max(newest_ms, stated_ms)
        return self._stated_ms[token_id]

    def _name(self, token_id: int) -> str:
        place = self._places[token_id][0]
        token = self._tokens.find(place[1].instrument.base)
        return token.symbol if token else place[1].instrument.base


def _weigh_change(behind: Sequence[Place]) -> float | None:
    """The change of 24 hours at the venue with the greatest volume that says it."""
    said = [
        (line.quote_volume if math.isfinite(line.quote_volume) else 0.0, line.change_24h)
        for _, line in behind
        if line.change_24h is not None
    ]
    return max(said)[1] if said else None
