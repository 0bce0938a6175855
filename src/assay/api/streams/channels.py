"""What can be listened to: one entry of this table is one channel. Pure.

Whatever reads a channel's name reads it here: the bus, subscriptions, limits, the documentation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from assay.accounts.types import Verb


class Source(Enum):
    """Where a channel's updates come from."""

    LIVE = "live"
    """The bus: prices, books, candles, venues."""
    SAID = "said"
    """The ledger: whatever is published."""
    PRIVATE = "private"
    """The bus, for one account each."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `key` is the form of its keys, `keys_are` says it in words.

    Of `is_event` every update counts and stands alone; of the others the latest value of a key
    replaces what came before, apart for each value of the member `part`.
    """

    name: str
    source: Source
    about: str
    keys_are: str
    key: re.Pattern[str]
    names_token: bool = False
    is_event: bool = False
    part: str = ""
    verb: Verb = Verb.READ

    @property
    def is_private(self) -> bool:
        """True if each account hears only what is its own."""
        return self.source is Source.PRIVATE


_COIN = r"[A-Za-z0-9._$-]{1,32}"
_PLACE = r"[a-z0-9_-]{1,32}/[A-Za-z0-9._/:-]{1,48}"

_ALL = (
    Channel(
        "prices",
        Source.LIVE,
        "The price of a token over all venues, and what stands behind it.",
        "a token's id or symbol",
        re.compile(_COIN),
        names_token=True,
    ),
    Channel(
        "candles",
        Source.LIVE,
        "The running bar of a token, and each bar once more when it closes.",
        "a token's id or symbol, `/` and the interval: `3375/1m`",
        re.compile(_COIN + r"/[0-9]{1,2}[a-zM]"),
        names_token=True,
        part="open_ms",
    ),
    Channel(
        "books",
        Source.LIVE,
        "The best 20 levels of a venue's order book, at most ten times a second.",
        "a venue, `/` and its own symbol: `binance/BTCUSDT`",
        re.compile(_PLACE),
    ),
    Channel(
        "venues",
        Source.LIVE,
        "How a venue is: state, delay, what was lost and healed.",
        "a venue: `binance`",
        re.compile(r"[a-z0-9_-]{1,32}"),
    ),
    Channel(
        "grades",
        Source.SAID,
        "Each new publication of grades: its id, its best rows, whose label changed.",
        "`trader` or `investor`",
        re.compile(r"[a-z_]{1,32}"),
    ),
    Channel(
        "signals",
        Source.SAID,
        "Each new publication of signals: its id, its first rows, whose signal changed.",
        "`daily` or `hourly`",
        re.compile(r"[a-z_]{1,32}"),
    ),
    Channel(
        "indices",
        Source.SAID,
        "Each new publication of indices: its id, their levels, which were rebalanced.",
        "`all`",
        re.compile(r"[a-z_]{1,32}"),
    ),
    Channel(
        "alerts",
        Source.PRIVATE,
        "Your own alerts as they fire.",
        "none: an account hears its own",
        re.compile(r"(?!)"),
        is_event=True,
        verb=Verb.USE,
    ),
)

CHANNELS: Mapping[str, Channel] = MappingProxyType({channel.name: channel for channel in _ALL})
