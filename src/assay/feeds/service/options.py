"""How the feed behaves; the defaults are what every installation runs with."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.feeds.types import Topic
from assay.kit.upstream import Patience

MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds."""

    stale_s: float = 15.0
    """A venue that said nothing for so long is stale ..."""
    give_up_s: float = 60.0
    """... and for so long, is connected anew."""
    first_pause_s: float = 0.5
    longest_pause_s: float = 60.0
    """Pauses between connections: full jitter under a bound that doubles from one to the other."""
    settled_s: float = 30.0
    """A connection that stood so long has no failures behind it."""
    tick_s: float = 0.1
    """Prices and books are published at most once in it."""
    keyframe_s: float = 5.0
    """Everything is published again at least so often."""
    clock_every_s: float = 60.0
    """How often a venue is asked for its time."""
    levels: int = 20
    """Levels of a book that are published."""
    topics: tuple[Topic, ...] = (Topic.TRADES, Topic.TICKER, Topic.CANDLES, Topic.BOOK)


class Pauses:
    """Pauses of full jitter under a bound that doubles with each failure in a row."""

    def __init__(self, random: np.random.Generator, first_s: float, longest_s: float) -> None:
        self._patience = Patience(random=random, first_pause_s=first_s, longest_pause_s=longest_s)

    def draw_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; none, none."""
        return self._patience.pause_s(min(failures, MOST_DOUBLINGS)) if failures else 0.0
