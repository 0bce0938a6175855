"""Clocks: the offset to within its stated error, latency, and jumps on either side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.feeds.compute.offset import ClockFilter


def test_worked_example() -> None:
    """Sent at 1000, answered at 1100, the venue says 1250: it is 200 ms ahead, give or take 50."""
    clock = ClockFilter()
    assert (clock.offset_ms, clock.error_ms, clock.latency_ms) == (None, None, None)
    clock.add_event(5_000.0, 4_830.0)
    assert clock.latency_ms is None
    assert clock.add_exchange(1000.0, 1250.0, 1100.0)
    assert (clock.offset_ms, clock.error_ms) == (200.0, 50.0)
    assert clock.latency_ms == 30.0


def test_the_shortest_round_trip_decides() -> None:
    clock = ClockFilter()
    clock.add_exchange(0.0, 500.0, 600.0)
    clock.add_exchange(1000.0, 1210.0, 1020.0)
    clock.add_exchange(2000.0, 2400.0, 2300.0)
    assert (clock.offset_ms, clock.error_ms) == (200.0, 10.0)
    for start in range(3000, 11_000, 1000):
        clock.add_exchange(start, start + 220.0, start + 60.0)
    assert (clock.offset_ms, clock.error_ms) == (190.0, 30.0)


def test_latency_is_never_negative() -> None:
    clock = ClockFilter()
    clock.add_exchange(0.0, 0.0, 100.0)
    clock.add_event(1000.0, 1010.0)
    assert clock.offset_ms == -50.0
    assert clock.latency_ms == 0.0


def test_a_venue_that_puts_its_clock_right() -> None:
    clock = ClockFilter()
    for start in (0.0, 1000.0, 2000.0):
        assert clock.add_exchange(start, start + 10.0, start + 20.0)
    clock.add_event(0.0, 15.0)
    assert not clock.add_exchange(3000.0, 8010.0, 3020.0)
    assert (clock.offset_ms, clock.jumps, clock.latency_ms) == (5000.0, 1, None)
    assert clock.add_exchange(4000.0, 9010.0, 4020.0)


def test_our_own_clock_put_right() -> None:
    clock = ClockFilter()
    assert clock.check_own_clock(1_000_000.0, 500.0) == 0.0
    clock.add_exchange(0.0, 10.0, 20.0)
    assert clock.check_own_clock(1_001_100.0, 1_500.0) == 0.0
    assert clock.check_own_clock(1_000_100.0, 2_500.0) == -2000.0
    assert (clock.offset_ms, clock.jumps) == (None, 1)
    assert clock.check_own_clock(1_001_100.0, 3_500.0) == 0.0


def test_an_answer_before_its_request() -> None:
    clock = ClockFilter()
    clock.add_exchange(0.0, 10.0, 20.0)
    assert not clock.add_exchange(1000.0, 900.0, 990.0)
    assert (clock.offset_ms, clock.jumps) == (None, 1)


@given(
    offset=st.floats(-1e7, 1e7),
    seed=st.integers(0, 2**32),
    floor=st.floats(0.0, 50.0),
)
def test_the_offset_is_within_its_error(offset: float, seed: int, floor: float) -> None:
    """Whatever the way there and back takes, and with the venue's whole milliseconds."""
    random = np.random.default_rng(seed)
    clock = ClockFilter()
    for start in range(0, 20_000, 1000):
        there, back = floor + random.exponential(30.0, 2)
        said = np.floor(start + there + offset)
        assert clock.add_exchange(float(start), float(said), float(start + there + back))
    assert clock.jumps == 0
    assert clock.offset_ms is not None
    assert clock.error_ms is not None
    assert clock.offset_ms == pytest.approx(offset, abs=clock.error_ms + 1.0)
