"""Streams: what changes, told at once to everybody who listens.

Answers   prices, candles, books, venues, grades, signals, indices and one's own alerts, live
Inputs    the bus (live values, alerts) and the ledger (what is published)
Cadence   each update as it comes; a slow reader gets the latest of everything
Tables    none; tickets are the accounts room's
"""

from assay.api.streams.board import Board, Latest
from assay.api.streams.channels import CHANNELS, Channel, Source
from assay.api.streams.service import Streams

__all__ = ["CHANNELS", "Board", "Channel", "Latest", "Source", "Streams"]
