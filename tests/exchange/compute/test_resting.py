"""Who gets what of one trade of the tape."""

import pytest
from tests.exchange.compute.candles import make_recording

from assay.exchange.compute.grid import infer_pair
from assay.exchange.compute.orders import Live
from assay.exchange.compute.resting import RestingSide
from assay.exchange.types import OrderRequest, OrderType, Side

PAIR = infer_pair(make_recording())


def make_live(order_id: int, tick: int, size: int, ahead: int, sign: int) -> Live:
    side = Side.BUY if sign < 0 else Side.SELL
    request = OrderRequest(symbol="SOLUSDT", side=side, type=OrderType.LIMIT)
    live = Live(order_id, "ann", PAIR, request, str(order_id), tick, size, 0, 0)
    live.ahead = ahead
    return live


Order = tuple[int, int, int]
"""Tick, size and steps ahead."""


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("orders", "trade", "is_queued", "drawn", "shares", "aheads"),
    [
        # One order, ten steps before it: a trade of 8 is theirs, of 13 leaves 3, of 99 fills it.
        ([(50, 5, 10)], (50, 8), True, 30, [], [2]),
        ([(50, 5, 10)], (50, 13), True, 30, [(1, 3)], [0]),
        ([(50, 5, 10)], (50, 99), True, 30, [(1, 5)], [0]),
        # What stood before it has been withdrawn meanwhile: only 4 steps are left of the ten.
        ([(50, 5, 10)], (50, 6), True, 4, [(1, 2)], [0]),
        # Beyond its price, or with the other side come to it, nobody is before it.
        ([(50, 5, 10)], (49, 3), True, 30, [(1, 3)], [0]),
        ([(50, 5, 10)], (50, 3), False, 30, [(1, 3)], [0]),
        # Not reached.
        ([(50, 5, 10)], (51, 99), True, 30, [], [10]),
        # Two at one price, in order of time; the second one's ten include the first one's four.
        ([(50, 5, 4), (50, 5, 10)], (50, 11), True, 30, [(1, 5), (2, 0)], [0, 4]),
        ([(50, 5, 4), (50, 5, 10)], (50, 20), True, 30, [(1, 5), (2, 5)], [0, 0]),
        # A better price first, and never more than was traded.
        ([(50, 5, 0), (52, 5, 9)], (50, 7), True, 30, [(2, 5), (1, 2)], [0, 0]),
        ([(50, 5, 0), (52, 5, 9)], (50, 4), True, 30, [(2, 4)], [0, 0]),
    ],
)
def test_shares_of_a_trade(
    sign: int,
    orders: list[Order],
    trade: tuple[int, int],
    is_queued: bool,
    drawn: int,
    shares: list[tuple[int, int]],
    aheads: list[int],
) -> None:
    side = RestingSide(sign)

    def mirror(tick: int) -> int:  # the rules of asks are those of bids seen from 50
        return tick if sign < 0 else 100 - tick

    lives = [
        make_live(number, mirror(tick), size, ahead, sign)
        for number, (tick, size, ahead) in enumerate(orders, start=1)
    ]
    for live in lives:
        side.add(live)
    tick, size = trade
    given = side.share_trade(mirror(tick), size, is_queued, lambda key: drawn)
    assert [(live.order_id, part) for live, part in given] == [each for each in shares if each[1]]
    assert [live.ahead for live in lives] == aheads
    assert sum(part for _, part in given) <= size


def test_orders_leave_their_price_empty() -> None:
    side = RestingSide(1)
    lives = [make_live(number, tick, 5, 0, 1) for number, tick in enumerate([7, 5, 7])]
    for live in lives:
        side.add(live)
    assert side.keys == [5, 7]
    side.remove(lives[1])
    side.remove(lives[0])
    assert side.levels == {7: [lives[2]]}
    assert not side.is_reached(6)
    assert side.is_reached(7)
