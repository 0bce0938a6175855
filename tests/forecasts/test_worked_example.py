"""The example of the manual, which anybody can follow with a pencil."""

import numpy as np
import pytest

from assay.forecasts.compute.conformal import DECAYS, compute_outcomes, compute_reaches
from assay.forecasts.compute.volatility import compute_spread


def test_coins_that_move_by_two_and_four_percent_get_exactly_that() -> None:
    days = 240
    signs = np.where(np.arange(days) % 2 == 0, 1.0, -1.0)
    steps = np.stack([0.02 * signs, 0.04 * signs])
    closes = np.exp(np.cumsum(steps, axis=1))
    spread = compute_spread(closes, np.array([True, True]), (1,))
    # Fast and slow are both 0.02 and 0.04, the market's median is 0.03:
    # 0.6 * 0.02 + 0.4 * 0.03 = 0.024 and 0.6 * 0.04 + 0.4 * 0.03 = 0.036.
    assert spread.deviations[0, :, -1] == pytest.approx([0.024, 0.036])
    assert spread.thirds[:, -1].tolist() == [0, 1]
    outcomes = compute_outcomes(closes, 1)
    reaches = compute_reaches(outcomes, spread.deviations[0], spread.thirds, 1, DECAYS[1])
    # Every outcome was 0.02 / 0.024 = 0.8333 and 0.04 / 0.036 = 1.1111 deviations away.
    assert reaches[-1, 0] == pytest.approx([0.8333] * 3, abs=0.004)
    assert reaches[-1, 1] == pytest.approx([1.1111] * 3, abs=0.004)
    assert np.isnan(reaches[-1, 2]).all()
    # So the 90 % interval of tomorrow's log return is 2 % and 4 % to either side.
    widths = reaches[-1, [0, 1], 2] * spread.deviations[0, :, -1]
    assert widths == pytest.approx([0.02, 0.04], abs=1.5e-4)
