"""A venue under watch for a test, on a loop of its own."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
from tests.feeds.service.fakes import FakeSource, make_registry, until

from assay.feeds.service.options import Options
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.tokens import Tokens
from assay.feeds.service.venue import VenueFeed
from assay.feeds.service.wishes import Wish
from assay.feeds.types import Event
from assay.kit.clock import SystemClock

QUICK = Options(first_pause_s=0.002, longest_pause_s=0.01)
PAIRS = ("BTC/USDT", "ETH/USDT")
Body = Callable[[FakeSource, VenueFeed], Awaitable[None]]


def make_venue(
    source: FakeSource,
    pairs: tuple[str, ...] = PAIRS,
    own_time: OwnTime | None = None,
    options: Options = QUICK,
) -> VenueFeed:
    return VenueFeed(
        Wish("fake", "fake", pairs),
        source,
        Tokens(make_registry("BTC", "ETH", "USDT")),
        own_time or OwnTime(SystemClock()),
        options,
        np.random.default_rng(1),
    )


def run(body: Body, venue: VenueFeed) -> None:
    async def main() -> None:
        task = asyncio.create_task(venue.run())
        source = venue.source
        assert isinstance(source, FakeSource)
        try:
            await body(source, venue)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


async def tell(source: FakeSource, venue: VenueFeed, *events: Event) -> None:
    """Say these and wait until they were worked off."""
    before = venue.messages
    for event in events:
        source.sinks[-1].heard(event, 0)
    await until(lambda: venue.messages == before + len(events))
