"""A connection's share of a venue: planned within limits, kept up, given up when silent."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import numpy as np
from tests.feeds.service.fakes import FakeSource, make_trade, until

from assay.feeds.ports import Limits
from assay.feeds.service.options import Options, Pauses
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.shards import Shard, plan_shards
from assay.feeds.types import Event, Subscription, Topic, Trade
from assay.kit.clock import SystemClock
from assay.kit.errors import SourceUnavailable

QUICK = Options(first_pause_s=0.002, longest_pause_s=0.01)
ALL = list(Topic)


class Desk:
    """What a shard tells its venue, in order."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.handled: list[Event] = []

    def handle(self, event: Event, heard_ms: int) -> None:
        self.handled.append(event)

    def lose(self, event: Event) -> None:
        self.told.append(("lost", event))

    def refuse(self, reason: str, sample: bytes) -> None:
        self.told.append(("refused", reason))

    def opened(self, shard: Shard) -> None:
        self.told.append("opened")

    def closed(self, shard: Shard) -> None:
        self.told.append(f"closed: {shard.reason}")


def run(
    body: Callable[[FakeSource, Shard, Desk], Awaitable[None]], options: Options = QUICK
) -> Desk:
    desk = Desk()

    async def main() -> None:
        source = FakeSource()
        asked = [Subscription(topic, "BTCUSDT") for topic in ALL]
        random = np.random.default_rng(1)
        shard = Shard(source, asked, desk, options, OwnTime(SystemClock()), random)
        keeping = asyncio.create_task(shard.keep())
        await body(source, shard, desk)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(main())
    return desk


def test_shards_keep_within_the_venues_limit_and_a_symbol_together() -> None:
    symbols = [f"S{n}" for n in range(7)]
    shards = plan_shards(symbols, ALL, Limits(streams_per_connection=12), frozenset())
    assert [len(shard) for shard in shards] == [12, 12, 4]
    assert sorted(one.symbol for shard in shards for one in shard) == sorted(4 * symbols)
    for shard in shards:
        assert {(one.topic, one.symbol) for one in shard} == {
            (topic, symbol) for topic in ALL for symbol in {one.symbol for one in shard}
        }


def test_a_limit_below_one_symbol_still_watches_it() -> None:
    shards = plan_shards(["A", "B"], ALL, Limits(streams_per_connection=1), frozenset())
    assert [len(shard) for shard in shards] == [4, 4]


def test_topics_that_must_be_apart_are_on_connections_of_their_own() -> None:
    limits = Limits(streams_per_connection=6)
    shards = plan_shards(["A", "B", "C"], ALL, limits, frozenset({Topic.CANDLES}))
    together = {Topic.TRADES, Topic.TICKER, Topic.BOOK}
    topics = [{one.topic for one in shard} for shard in shards]
    assert topics == [together, together, {Topic.CANDLES}]


def has_sinks(source: FakeSource, count: int) -> bool:
    return len(source.sinks) == count


def test_it_connects_again_whatever_ended_the_connection() -> None:
    async def body(source: FakeSource, shard: Shard, desk: Desk) -> None:
        for count in (1, 2, 3):
            await until(partial(has_sinks, source, count))
            source.hang_up()
        await until(lambda: len(source.sinks) == 4)
        source.ends[-1].set_exception(ZeroDivisionError("a bug"))
        await until(lambda: len(source.sinks) == 5)
        source.ends[-1].set_result(None)
        await until(lambda: len(source.sinks) == 6)
        assert shard.connections == 6
        assert shard.is_open

    told = run(body).told
    assert told == [
        *3 * ["opened", "closed: fake: hung up."],
        "opened",
        "closed: failed: ZeroDivisionError",
        "opened",
        "closed: the connection ended",
        "opened",
    ]


def test_a_dead_venue_is_tried_ever_more_slowly_within_a_bound() -> None:
    pauses = Pauses(np.random.default_rng(3), 1.0, 8.0)
    most = [max(pauses.draw_s(failures) for _ in range(500)) for failures in (1, 2, 3, 4, 9, 10**6)]
    assert [round(pause) for pause in most] == [1, 2, 4, 8, 8, 8]
    # Full jitter: those that failed together do not come back together.
    assert min(pauses.draw_s(10) for _ in range(500)) < 0.1


def test_a_venue_that_cannot_be_reached_is_tried_again() -> None:
    async def body(source: FakeSource, shard: Shard, desk: Desk) -> None:
        source.failing = SourceUnavailable("nobody there")
        await until(lambda: source.attempts >= 3)
        assert not shard.is_open
        assert shard.reason == "nobody there"
        source.failing = None
        await until(lambda: shard.is_open)

    run(body)


def test_a_silent_connection_is_given_up_and_connected_anew() -> None:
    async def body(source: FakeSource, shard: Shard, desk: Desk) -> None:
        await until(lambda: len(source.sinks) == 1)
        shard.give_up("silent for 60 s")
        await until(lambda: len(source.sinks) == 2)

    assert "closed: silent for 60 s" in run(body).told


def test_what_waits_from_a_connection_that_ended_is_not_worked_off() -> None:
    trades = [make_trade(n) for n in range(5_000)]

    async def body(source: FakeSource, shard: Shard, desk: Desk) -> None:
        await until(lambda: len(source.sinks) == 1)
        for trade in trades:
            source.sinks[0].heard(trade, 0)
        assert source.sinks[0].is_behind
        source.hang_up()
        await until(lambda: len(source.sinks) == 2)
        source.sinks[1].heard(make_trade(9_999), 0)
        await until(lambda: make_trade(9_999) in desk.handled)

    handled = [one.trade_id for one in run(body).handled if isinstance(one, Trade)]
    assert handled == [*range(len(handled) - 1), 9_999]
    assert len(handled) < len(trades)


def test_messages_that_cannot_be_read_are_signs_of_life() -> None:
    async def body(source: FakeSource, shard: Shard, desk: Desk) -> None:
        await until(lambda: len(source.sinks) == 1)
        shard.heard_ms = None
        source.sinks[0].refuse("rubbish", b"?")
        assert shard.heard_ms is not None
        assert desk.told[-1] == ("refused", "rubbish")

    run(body)
