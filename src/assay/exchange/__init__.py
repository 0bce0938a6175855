"""Exchange: a local venue that replays recorded candles and speaks Binance's spot protocol.

Answers   `/api/v3`, `/stream` and `/ws-api/v3` as Binance does, so that unmodified clients trade
Inputs    the bundled minute candles of 2022-11-08 (150 pairs), a speed, fees, delays and faults
Honesty   the path of prices is recorded; the depth around it is synthetic, and every answer that
          can say so does
Tables    none: balances and orders live as long as the process
"""

from assay.exchange.server import MAX, ReplayServer
from assay.exchange.service.faults import Fault, FaultKind, parse_fault

__all__ = ["MAX", "Fault", "FaultKind", "ReplayServer", "parse_fault"]
