"""Faults as data: when they strike, how often, and when they are over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.exchange.service.faults import (
    Fault,
    FaultKind,
    Faults,
    parse_fault,
    write_fault,
)
from assay.kit.errors import BadInput


def test_words_become_a_fault() -> None:
    fault = parse_fault("lose_deltas:at=1m,every=30s,for=500ms,count=2,symbol=btcusdt")
    assert fault == Fault(
        FaultKind.LOSE_DELTAS,
        at_ms=60_000,
        every_ms=30_000,
        for_ms=500,
        count=2,
        symbol="BTCUSDT",
    )
    assert parse_fault("slow:delay=250").delay_ms == 250
    assert parse_fault("refuse_orders:code=-1003").code == -1003


@pytest.mark.parametrize(
    "text",
    [
        "",
        "explode",
        "stale:for=soon",
        "stale:for=-1s",
        "stale:for=inf",
        "stale:for=nan",
        "lose_deltas:count=0",
        "lose_deltas:count=1.5",
        "stale:colour=red",
        "refuse_orders:code=no",
    ],
)
def test_what_cannot_be_read_says_what_to_write(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_fault(text)
    assert caught.value.hint


faults = st.builds(
    Fault,
    kind=st.sampled_from(FaultKind),
    at_ms=st.none() | st.integers(0, 10**9),
    every_ms=st.none() | st.integers(1, 10**9),
    for_ms=st.none() | st.integers(0, 10**9),
    count=st.none() | st.integers(1, 1_000),
    symbol=st.sampled_from(["", "BTCUSDT"]),
)


@given(faults)
def test_a_fault_can_be_written_and_read_again(fault: Fault) -> None:
    assert parse_fault(write_fault(fault)) == fault


def test_a_counted_fault_strikes_so_often_and_only_its_pair() -> None:
    live = Faults([parse_fault("lose_deltas:count=2,symbol=BTCUSDT")])
    struck = [live.take(FaultKind.LOSE_DELTAS, pair) for pair in ("ETHUSDT", *["BTCUSDT"] * 3)]
    assert [one is not None for one in struck] == [False, True, True, False]


def test_a_lasting_fault_begins_and_ends_at_its_moments() -> None:
    live = Faults([parse_fault("stale:at=10s,for=5s")])
    seen = []
    for second in (9, 10, 14, 15, 16):
        live.move_to(second * 1_000)
        seen.append(live.is_on(FaultKind.STALE))
    assert seen == [False, True, True, False, False]


def test_a_lasting_fault_without_an_end_stays_until_it_is_cleared() -> None:
    live = Faults([parse_fault("stale")])
    live.move_to(10**9)
    assert live.is_on(FaultKind.STALE)
    live.clear()
    assert not live.is_on(FaultKind.STALE)


def test_a_counted_fault_with_a_time_strikes_all_through_it() -> None:
    live = Faults([parse_fault("refuse_orders:for=1s")])
    assert all(live.take(FaultKind.REFUSE_ORDERS, "BTCUSDT") for _ in range(20))
    live.move_to(1_000)
    assert live.take(FaultKind.REFUSE_ORDERS, "BTCUSDT") is None


@given(st.lists(st.integers(1, 50_000), min_size=1, max_size=50))
def test_a_repeated_fault_strikes_once_a_period_however_time_moves(moves: list[int]) -> None:
    live, now, cuts = Faults([parse_fault("disconnect:every=10s")]), 0, 0
    for move in moves:
        before, now = now, now + move
        live.move_to(now)
        passed = now // 10_000 > before // 10_000
        cuts += live.take_disconnect()
        assert not live.take_disconnect()
        assert passed or cuts <= before // 10_000
    assert cuts <= now // 10_000
    assert (cuts > 0) == (now >= 10_000)


def test_delays_add_up_and_go() -> None:
    live = Faults([parse_fault("slow:delay=100ms,for=1s"), parse_fault("slow:delay=50ms")])
    assert live.delay_ms == 150
    live.move_to(1_000)
    assert live.delay_ms == 50


def test_down_cuts_once_and_lasts() -> None:
    live = Faults([parse_fault("down:for=2s")])
    assert live.take_disconnect()
    assert not live.take_disconnect()
    assert live.is_on(FaultKind.DOWN)
    live.move_to(2_000)
    assert not live.is_on(FaultKind.DOWN)


def test_the_end_of_the_recording_ends_what_waits_for_a_later_moment() -> None:
    live = Faults([parse_fault("stale:for=10s"), parse_fault("slow")])
    live.end_timed()
    assert not live.is_on(FaultKind.STALE)
    assert live.is_on(FaultKind.SLOW)
