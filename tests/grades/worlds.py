"""A made-up market for the tests of the grades: labelled synthetic, never shown to anyone."""

from datetime import date

import numpy as np

from assay.markets.types import Panel

FIRST = date(2020, 1, 1)


def create_panel(seed: int = 1, tokens: int = 40, days: int = 420, edge: float = 0.0) -> Panel:
    """Random walks with a common market. `edge`: how much calm coins gain a day against wild ones,
    in units of their rank.
    """
    generator = np.random.default_rng(seed)
    calm = np.linspace(0.02, 0.08, tokens)
    market = generator.normal(0.0, 0.02, days)
    own = generator.standard_t(5, (tokens, days)) * calm[:, None]
    drift = -edge * (np.arange(tokens) / (tokens - 1) - 0.5)
    close = 10.0 * np.exp(np.cumsum(market + own + drift[:, None], axis=1))
    spread = np.abs(generator.normal(0.0, 0.02, (2, tokens, days)))
    high = close * (1.0 + spread[0])
    low = close * (1.0 - np.minimum(spread[1], 0.5))
    turnover = np.exp(generator.normal(15.0, 1.0, (tokens, 1)) + generator.normal(0, 0.5, days))
    volume = turnover / close
    return Panel(
        token_ids=np.arange(100, 100 + tokens),
        first_day=FIRST,
        open=np.concatenate([close[:, :1], close[:, :-1]], axis=1),
        high=high,
        low=low,
        close=close,
        volume=volume,
        unit=np.ones_like(close),
        complete_through=FIRST.fromordinal(FIRST.toordinal() + days - 1),
    )
