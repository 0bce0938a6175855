"""Venues: what each one says, read into the house's words.

`PROTOCOLS` makes one protocol for each connection to the venues whose language we speak ourselves.
"""

from collections.abc import Callable, Mapping
from typing import Final

from assay.feeds.ports import Protocol
from assay.feeds.sources.binance.protocol import Binance
from assay.feeds.sources.bybit.protocol import Bybit
from assay.feeds.sources.coinbase.protocol import Coinbase
from assay.feeds.sources.kraken.protocol import Kraken
from assay.feeds.sources.okx.protocol import Okx

PROTOCOLS: Final[Mapping[str, Callable[[], Protocol]]] = {
    "binance": Binance,
    "coinbase": Coinbase,
    "kraken": Kraken,
    "okx": Okx,
    "bybit": Bybit,
}
