"""How failures are waited out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Patience:
    """`attempts` in all, and between them pauses of full jitter under a bound that doubles.

    Full jitter spreads the callers that failed together over the whole pause, so that they do not
    come back together. A host's own Retry-After is the least that is waited.
    """

    random: np.random.Generator = field(default_factory=np.random.default_rng)
    attempts: int = 6
    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    sleep: Sleep = field(default=asyncio.sleep)

    def pause_s(self, failures: int, at_least_s: float = 0.0) -> float:
        """Seconds to wait after so many failures."""
        bound = min(self.longest_pause_s, self.first_pause_s * 2.0 ** (failures - 1))
        return at_least_s + bound * float(self.random.uniform(0.0, 1.0))
