"""What a judgement reads, as it was known: panel, registry, hours, and the digest over them.

Days that see the same corrections share one panel, so that features are computed once for all of
them: kernels run from left to right, a prefix of the panel gives a prefix of the features.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Protocol

import numpy as np

from assay import ledger, markets
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.markets.types import Panel, Token, TokenKind
from assay.publishing.hours import digest_hours, load_hours
from assay.publishing.types import Facts, Hours

LISTED_DAYS = 31


class Tokens(Protocol):
    """Whoever can say which tokens were known on a day: the registry, or a bundle."""

    def tokens(self, as_of: date) -> list[Token]:
        """The tokens that had begun to trade by `as_of`, ascending by id, as known then."""
        ...


@dataclass(frozen=True)
class KnownFacts:
    """Facts of a group of days: the panel reaches to the newest of them."""

    panel: Panel
    registry: Tokens
    recorded_by: datetime
    day_digests: Sequence[bytes]
    fetch_hours: Callable[[], Hours]
    _tokens: dict[date, list[Token]] = field(default_factory=dict, compare=False, repr=False)

    def tokens(self, day: date) -> list[Token]:
        """The tokens of the panel that had begun to trade by `day`, as known then.

        The first recorded bar decides: a token, or older bars of one, that a later import brought
        are not there for what was said before.
        """
        if day not in self._tokens:
            begun = self._first_days
            self._tokens[day] = [
                token if token.first_day == start else replace(token, first_day=start)
                for token in self.registry.tokens(day)
                if (start := begun.get(int(token.token_id))) is not None and start <= day
            ]
        return self._tokens[day]

    @property
    def asked_days(self) -> tuple[date, ...]:
        """The days of which `tokens` has been asked: a judge may look back."""
        return tuple(self._tokens)

    def hours(self, day: date) -> Hours:
        """Hourly bars up to the last hour of `day`, of the tokens that have any."""
        return self._hours.until(day)

    def digest_hour(self, day: date, hour: int) -> str:
        """Hex SHA-256 over what a judgement of an hour reads: the hourly bars up to it and the
        daily facts of the day before.
        """
        width = self._hours.column(day, hour) + 1
        whole = hashlib.sha256(self.digest(day - timedelta(days=1)).encode())
        whole.update(self._hours.first_hour.isoformat().encode())
        for digest in self._hour_digests[:width]:
            whole.update(digest)
        return whole.hexdigest()

    @cached_property
    def _hours(self) -> Hours:
        return self.fetch_hours()

    @cached_property
    def _hour_digests(self) -> list[bytes]:
        return digest_hours(self._hours)

    @cached_property
    def _first_days(self) -> dict[int, date]:
        has_bar = ~np.isnan(self.panel.close)
        rows = np.flatnonzero(has_bar.any(axis=1))
        columns = has_bar[rows].argmax(axis=1)
        return {
            int(self.panel.token_ids[row]): self.panel.day(int(column))
            for row, column in zip(rows, columns, strict=True)
        }

    def digest(self, day: date) -> str:
        """Hex SHA-256 over the candles and registry rows that a judgement of `day` reads."""
        candles = markets.digest_inputs(self.panel.until(day), self.day_digests)
        rows = [_registry_row(token) for token in self.tokens(day)]
        return hashlib.sha256(
            ledger.canonical_json({"candles": candles, "registry": rows})
        ).hexdigest()


def load_facts(home: Home, as_of: date, recorded_by: datetime) -> KnownFacts:
    """Facts known at the close of `as_of` and recorded by `recorded_by`.

    Raises BadInput before the data, InFuture after them, NotFound where nothing was loaded.
    """
    panel = trim_start(markets.load_panel(home, as_of, recorded_by))
    return KnownFacts(
        panel=panel,
        registry=markets.load_registry(home),
        recorded_by=recorded_by,
        day_digests=markets.digest_days(panel),
        fetch_hours=lambda: load_hours(home, as_of, recorded_by),
    )


def list_coins(facts: Facts, day: date) -> list[Token]:
    """The coins a list of `day` speaks of: see `select_listed`."""
    return select_listed(facts.tokens(day), facts.panel, day)


def select_listed(tokens: Sequence[Token], panel: Panel, day: date) -> list[Token]:
    """The coins with a bar in the 31 days that end with `day`.

    So an ended coin, whether anybody said so or not, is listed without a view for 30 more days.
    """
    column = panel.column(day)
    recent = panel.close[:, max(0, column - LISTED_DAYS + 1) : column + 1]
    traded = set(panel.token_ids[~np.isnan(recent).all(axis=1)].tolist())
    return [token for token in tokens if token.kind is TokenKind.COIN and token.token_id in traded]


def trim_start(panel: Panel) -> Panel:
    """Without the empty days before the first bar.

    Older history that was imported later lengthens the axis of the panel; what was said before must
    not see that.
    """
    has_bars = ~np.isnan(panel.close).all(axis=0)
    start = int(has_bars.argmax())
    if start == 0 or not has_bars.any():
        return panel
    fields = ("open", "high", "low", "close", "volume", "unit")
    cut = {name: getattr(panel, name)[:, start:] for name in fields}
    cap = None if panel.market_cap is None else panel.market_cap[:, start:]
    return replace(panel, first_day=panel.day(start), market_cap=cap, **cut)


def group_days(days: Sequence[date], changes: Sequence[datetime]) -> list[list[date]]:
    """Split ascending `days` where a later one knows a correction that an earlier one did not.

    `changes` are the ascending moments at which corrections became known.
    """
    groups: list[list[date]] = []
    seen = -1
    for day in days:
        known = sum(moment <= close_of(day) for moment in changes)
        if known != seen:
            groups.append([])
            seen = known
        groups[-1].append(day)
    return groups


def _registry_row(token: Token) -> list[object]:
    return [
        int(token.token_id),
        token.symbol,
        token.name,
        token.kind.value,
        token.first_day.isoformat(),
        token.last_day.isoformat() if token.last_day else None,
        token.ended,
    ]
