"""One venue, watched: its instruments, its connections, what they say, and how it is."""

import asyncio
import logging
from typing import Final

import numpy as np

from assay.feeds.ports import Source
from assay.feeds.service.hearing import Hearing
from assay.feeds.service.lines import Line
from assay.feeds.service.options import Options, Pauses
from assay.feeds.service.own_time import OwnTime
from assay.feeds.service.shards import Shard, plan_shards
from assay.feeds.service.tokens import Tokens
from assay.feeds.service.wishes import Wish
from assay.feeds.types import Instrument, VenueHealth, VenueState
from assay.kit.errors import AssayError, BadInput, SourceUnavailable

REPLAY_NOTICE: Final = (
    "A replay of recorded prices, not a live market; the depth of its books is synthetic."
)

log = logging.getLogger("assay.feeds")


class VenueFeed(Hearing):
    """A venue. It is the listener of its connections; nothing that one venue sends or fails at
    reaches another.
    """

    def __init__(
        self,
        wish: Wish,
        source: Source,
        tokens: Tokens,
        own_time: OwnTime,
        options: Options,
        random: np.random.Generator,
    ) -> None:
        super().__init__(wish, source, own_time, random)
        self.generation = 0
        """Grows whenever there are other lines."""
        self._tokens = tokens
        self._options = options
        self._random = random
        self._pauses = Pauses(random, options.first_pause_s, options.longest_pause_s)
        self._shards: list[Shard] = []
        self._past_dropped = 0
        self._past_reconnects = 0
        self._was_tried = False

    # --- keeping it up ------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch the venue until cancelled, whatever happens to it."""
        failures = 0
        while True:
            wish_s = 0.0
            began_ms = self._own_time.steady_ms()
            try:
                await self._watch()
            except AssayError as error:
                self.reason = error.message
                if isinstance(error, SourceUnavailable):
                    wish_s = min(self._options.longest_pause_s, error.retry_after_s or 0.0)
            except Exception as error:
                self.reason = f"failed: {type(error).__name__}"
                log.exception("%s: the feed failed and begins anew", self.wish.name)
            self._was_tried = True
            lasted_ms = self._own_time.steady_ms() - began_ms
            failures = 1 if lasted_ms >= 1_000 * self._options.settled_s else failures + 1
            await asyncio.sleep(max(wish_s, self._pauses.draw_s(failures)))

    async def _watch(self) -> None:
        """Watch the instruments listed now, until cancelled."""
        chosen, missing = self._tokens.choose(
            await self.source.fetch_instruments(), self.wish.pairs
        )
        self.reason = f"does not list {', '.join(missing)}" if missing else ""
        if not chosen:
            raise SourceUnavailable(self.reason or "lists no pair of a token that we know")
        await self._keep_shards([one.symbol for one in chosen if self._add(one)])

    def _add(self, instrument: Instrument) -> bool:
        """Watch an instrument; False where it cannot be."""
        known = self.lines.get(instrument.symbol)
        if known is None or known.instrument != instrument:
            try:
                self.books.add(instrument)
            except BadInput as error:
                self.refuse(error.message, instrument.symbol.encode())
                return False
            token = self._tokens.find(instrument.base)
            self.lines[instrument.symbol] = Line(instrument, token.token_id if token else None)
            self.generation += 1
        return True

    async def _keep_shards(self, symbols: list[str]) -> None:
        source, options = self.source, self._options
        topics = [topic for topic in options.topics if topic in source.topics]
        plan = plan_shards(symbols, topics, source.limits, source.topics_apart)
        shards = [
            Shard(source, share, self, options, self._own_time, self._random) for share in plan
        ]
        self._shards = shards
        tasks = [asyncio.create_task(shard.keep()) for shard in shards]
        tasks.append(asyncio.create_task(self._keep_clock()))
        tasks.append(asyncio.create_task(self._keep_checking()))
        try:
            # None of them ends by itself: one that fails ends all, and the venue begins anew. Not
            # `gather`: cancelled, it would be done before its tasks, and they cancelled twice.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for shard in shards:
                self.closed(shard)
            self._past_dropped += sum(shard.inbox.dropped for shard in shards)
            self._past_reconnects += sum(shard.connections for shard in shards)
            self._shards = []
            await self.books.close()

    async def _keep_checking(self) -> None:
        """Give silent connections up, and ask for books that are late."""
        give_up_ms = 1_000 * self._options.give_up_s
        while True:
            await asyncio.sleep(min(1.0, self._options.stale_s / 4))
            now_ms = self._own_time.steady_ms()
            for shard in self._shards:
                if shard.is_open and now_ms - (shard.heard_ms or now_ms) > give_up_ms:
                    shard.give_up(f"silent for {self._options.give_up_s:g} s")
            self.books.check()
            self._check_books()

    def _check_books(self) -> None:
        """Doubt a book in which nothing changes while its instrument trades."""
        give_up_ms = 1_000 * self._options.give_up_s
        for symbol, line in self.lines.items():
            kept = self.books.kept[symbol]
            since_ms = max(line.book_ms, kept.since_ms)
            if kept.is_live and line.trade_ms - since_ms > give_up_ms:
                self.books.renew(symbol, "trades without changes of the book")

    async def _keep_clock(self) -> None:
        """Ask the venue for its time now and then."""
        while True:
            # A replay's time is the recorded one: its distance from ours says nothing.
            if not self.source.is_replay:
                try:
                    sent_ms = self._own_time.wall_ms()
                    venue_ms = await self.source.fetch_time()
                    if venue_ms is not None:
                        self.clock.add_exchange(sent_ms, venue_ms, self._own_time.wall_ms())
                except AssayError as error:
                    log.info("%s: no time: %s", self.wish.name, error.message)
            await asyncio.sleep(self._options.clock_every_s)

    # --- the listener -------------------------------------------------------------------------

    def opened(self, shard: Shard) -> None:
        """A connection stands: its books begin anew."""
        for symbol in shard.books:
            self.books.open(symbol)

    def closed(self, shard: Shard) -> None:
        """A connection has ended: its books are out of sight, its trades have a gap."""
        self._was_tried = True
        for symbol in shard.books:
            self.books.close_one(symbol, "no connection")
        for symbol in shard.trades:
            self.lines[symbol].lose_trades()

    # --- how it is ----------------------------------------------------------------------------

    @property
    def state(self) -> VenueState:
        """Live while any connection speaks."""
        is_open = [shard for shard in self._shards if shard.is_open]
        if not is_open:
            return VenueState.DOWN if self._was_tried else VenueState.CONNECTING
        heard_ms = max(shard.heard_ms or 0 for shard in is_open)
        silent_ms = self._own_time.steady_ms() - heard_ms
        return VenueState.STALE if silent_ms > 1_000 * self._options.stale_s else VenueState.LIVE

    @property
    def dropped(self) -> int:
        """Events that found no room, or were replaced before their turn came."""
        waiting = sum(shard.inbox.dropped for shard in self._shards)
        return self._past_dropped + waiting + self.books.dropped

    @property
    def reconnects(self) -> int:
        """Connections made beyond the first ones."""
        return self._past_reconnects + sum(max(0, one.connections - 1) for one in self._shards)

    def describe(self) -> VenueHealth:
        """The venue as it is now."""
        heard = [shard.heard_ms for shard in self._shards if shard.heard_ms is not None]
        shift_ms = self._own_time.wall_ms() - self._own_time.steady_ms()
        is_replay = self.source.is_replay
        return VenueHealth(
            venue=self.wish.name,
            state=self.state,
            verified=self.source.verified,
            instruments=len(self.lines),
            last_message_ms=max(heard) + shift_ms if heard else None,
            clock_offset_ms=None if is_replay else self.clock.offset_ms,
            latency_ms=None if is_replay else self.clock.latency_ms,
            messages=self.messages,
            reconnects=self.reconnects,
            gaps=self.books.gaps + self.books.crossed,
            malformed=self.quarantine.count,
            dropped=self.dropped,
            reason=self._explain(),
            is_replay=is_replay,
            notice=REPLAY_NOTICE if is_replay else "",
        )

    def _explain(self) -> str:
        down = [shard for shard in self._shards if not shard.is_open and shard.reason]
        if down:
            few = f"{len(down)} of {len(self._shards)} connections: " if self._shards[1:] else ""
            return few + down[0].reason
        if self.state is VenueState.STALE:
            return f"said nothing for {self._options.stale_s:g} s"
        return self.reason
