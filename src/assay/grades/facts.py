"""What a judgement reads, as it was known: the panel, the registry and the digest over both.

Days that see the same corrections share one panel, so that features are computed once for all of
them: kernels run from left to right, a prefix of the panel gives a prefix of the features.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from assay import ledger, markets
from assay.kit.home import Home
from assay.kit.moments import close_of
from assay.markets.types import Panel, Registry, Token


@dataclass(frozen=True)
class Facts:
    """Facts of a group of days: the panel reaches to the newest of them."""

    panel: Panel
    registry: Registry
    recorded_by: datetime
    day_digests: Sequence[bytes]

    def tokens(self, day: date) -> list[Token]:
        """The tokens of the panel that had begun to trade by `day`, as known then."""
        known = set(self.panel.token_ids.tolist())
        return [token for token in self.registry.tokens(day) if token.token_id in known]

    def digest(self, day: date) -> str:
        """Hex SHA-256 over the candles and registry rows that a judgement of `day` reads."""
        candles = markets.digest_inputs(self.panel.until(day), self.day_digests)
        rows = [_registry_row(token) for token in self.tokens(day)]
        return hashlib.sha256(
            ledger.canonical_json({"candles": candles, "registry": rows})
        ).hexdigest()


def load_facts(home: Home, as_of: date, recorded_by: datetime) -> Facts:
    """Facts known at the close of `as_of` and recorded by `recorded_by`.

    Raises BadInput before the data, InFuture after them, NotFound where nothing was loaded.
    """
    panel = markets.load_panel(home, as_of, recorded_by)
    return Facts(
        panel=panel,
        registry=markets.load_registry(home),
        recorded_by=recorded_by,
        day_digests=markets.digest_days(panel),
    )


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
