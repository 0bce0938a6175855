"""Feeds: what venues say now: prices, books, trades and candles, and how far each can be trusted.

Answers   the price of a token and the venues and ages behind it; the books of an instrument; the
          health of every venue
Inputs    WebSocket streams of venues: our own protocols where speed decides, ccxt's for the rest
Cadence   while a process feeds (`assay live`, or `assay serve` by itself); what changed is told on
          the bus (channel `live`, `types.pack_update`), everything again every 5 seconds
Tables    none: what was traded is a fact of `markets` once its bar has closed
"""

from typing import TYPE_CHECKING, Any

from assay.feeds.service.options import Options
from assay.feeds.service.quarantine import Sample
from assay.feeds.service.wishes import Wish, parse_wishes

if TYPE_CHECKING:
    from assay.feeds.service.runtime import Runtime

__all__ = ["Options", "Runtime", "Sample", "Wish", "parse_wishes"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - of modules
    """`Runtime`, once it is asked for: whoever only reads `types` loads no WebSocket client."""
    if name != "Runtime":
        raise AttributeError(name)
    from assay.feeds.service.runtime import Runtime  # noqa: PLC0415 - see above

    return Runtime
