"""Windows and histories beside what they stand for."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.alerts.compute.windows import BUCKETS, Extremes, History

steps = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(1, 50).map(float)), min_size=1, max_size=80
)


@given(steps, st.sampled_from([1, 255, 256, 10_000, 60_000]), st.booleans())
def test_an_extreme_is_that_of_its_window(
    told: list[tuple[int, float]], width_ms: int, is_high: bool
) -> None:
    window, now = Extremes(width_ms, is_high=is_high), 0
    bucket = max(1, width_ms // BUCKETS)
    seen: list[tuple[int, float]] = []
    for step, value in told:
        now += step
        seen.append((now, value))
        window.add(now, value)
        inside = [v for at, v in seen if at // bucket >= (now - width_ms) // bucket]
        assert window.value == (max(inside) if is_high else min(inside))
        # All of the window counts, and nothing that is a bucket older than it.
        whole = [v for at, v in seen if at >= now - width_ms]
        wider = [v for at, v in seen if at > now - width_ms - bucket]
        pick = max if is_high else min
        assert pick([*whole, window.value]) == window.value
        assert pick(wider) == pick([*wider, window.value])
        assert len(window) <= BUCKETS + 2
    again = Extremes(width_ms, is_high=is_high)
    again.restore(window.dump())
    assert again.value == window.value


@given(
    st.lists(st.floats(0, 1e9), min_size=1, max_size=60),
    st.floats(0, 1e9),
    st.integers(30, 40),
)
def test_the_robust_z_is_the_formula(values: list[float], value: float, length: int) -> None:
    history = History(length)
    for item in values:
        history.add(item)
    found = history.compute_z(value)
    if len(values) < length:
        assert found is None
        return
    logs = np.log1p(np.array(values[-length:]))
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    if spread == 0.0:
        assert found is None or found > 1e6 or abs(found) < 1e-6
        return
    assert found is not None
    expected = (math.log1p(value) - float(np.median(logs))) / spread
    assert math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6)
    again = History(length)
    again.restore(history.dump())
    assert again.compute_z(value) == found


def test_negative_numbers_are_left_out() -> None:
    history = History(30)
    for _ in range(40):
        history.add(-1.0)
    assert len(history) == 0
    assert history.compute_z(-1.0) is None
