"""Every venue that must pass the suite."""

from tests.feeds.sources.conformance import binance, bybit, coinbase, kraken, okx
from tests.feeds.sources.conformance.cases import Venue

from assay.feeds.sources import PROTOCOLS

VENUES: dict[str, Venue] = {
    "binance": binance.VENUE,
    "coinbase": coinbase.VENUE,
    "kraken": kraken.VENUE,
    "okx": okx.VENUE,
    "bybit": bybit.VENUE,
}

# A venue without examples would pass by not being asked.
assert VENUES.keys() == PROTOCOLS.keys()
