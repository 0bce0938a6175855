"""One pair at work: its tape, its book, users' orders on it, and what its watchers are told."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from assay.exchange.compute.bars import find_open_ms, get_interval_ms, make_kline, make_ticker
from assay.exchange.compute.book import Book, HalfBook
from assay.exchange.compute.noise import name_seed
from assay.exchange.compute.orders import Live
from assay.exchange.compute.resting import Resting, RestingSide, Share, share_level
from assay.exchange.compute.tape import Minute, Place, Tape
from assay.exchange.types import (
    STEP_MS,
    BookTop,
    Channel,
    DepthDelta,
    DepthSnapshot,
    Event,
    KlineUpdate,
    Options,
    Recording,
    Ticker,
)

# As plain text: an enum's own hash is slow, and these are looked up in every step.
TRADE, DEPTH, BOOK_TICKER, TICKER, KLINE = map(
    str,
    (Channel.TRADE, Channel.DEPTH, Channel.BOOK_TICKER, Channel.TICKER, Channel.KLINE),
)
SECOND_MS = 1_000
LEVELS = 100
LEVELS_DOLLARS = 1_000.0
"""A side has 100 levels for a pair that does not trade, twice that at 3,000 dollars a minute."""
MOST_LEVELS = 1_000
FEWEST_LEVELS = 40
LEVELS_WITHIN = 0.25
"""Levels reach no further from the price than this share of it, if 40 do not."""
CELL_SHARE = 2e-5
"""One level in so much of the price."""
LEVEL_SHARE = 0.004
"""A level's size, about, as a share of what is traded in a minute."""
LEVEL_DOLLARS = 20.0
SPREAD_BPS = 20.0
SPREAD_DOLLARS = 1_000.0
"""The spread is 20 bps for a pair that does not trade, half of that at 3,000 dollars a minute."""

Dated = tuple[int, Event]
State = tuple[int, bool]
"""The last trade's tick, and whether its taker sold."""
Fillings = Callable[[list[Share], int, int], list[Event]]
"""(shares, id of the trade of the tape, its time) -> what users are told."""


class Take(msgspec.Struct, frozen=True):
    """A part of what a taker gets: `maker` is None where the level is synthetic."""

    tick: int
    size: int
    maker: Live | None


class Market:
    """A pair of the exchange. Nothing is computed until somebody watches, asks or orders."""

    def __init__(self, recording: Recording, options: Options, start_ms: int) -> None:
        self.tape = Tape(recording, options)
        self.pair = self.tape.pair
        self.resting = Resting()
        self.watches: Counter[tuple[Channel, str]] = Counter()
        price = float(self.tape.candles[:, 3].mean())
        dollars = float(self.tape.dollars.mean())
        bps = SPREAD_BPS / (1 + dollars / SPREAD_DOLLARS) ** 0.5
        self.spread = max(1, round(price * bps * options.spread / 10_000))
        width = max(1, round(price * CELL_SHARE))
        traded = float(self.tape.volumes.mean()) / price
        least = LEVEL_DOLLARS * traded / max(dollars, 1e-9)
        unit = max(1, round(max(traded * LEVEL_SHARE, least) * options.depth))
        room = price * LEVELS_WITHIN / width
        wished = LEVELS * (1 + dollars / LEVELS_DOLLARS) ** 0.5
        most = int(max(FEWEST_LEVELS, min(MOST_LEVELS, room, wished)))
        seed = name_seed(options.seed, options.name, self.pair.symbol, "book")
        self.book = Book(seed, width, unit, most, start_ms // STEP_MS)
        self._told_top: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._told_trades = 0
        self._watched: frozenset[str] = frozenset()
        self._intervals: list[str] = []
        self._grid_ms = 0

    def is_due(self, after_ms: int, until_ms: int) -> bool:
        """True if (after_ms, until_ms] may hold anything for watchers or users' orders."""
        if TRADE in self._watched or self.resting.has_any:
            return True
        grid_ms = self._grid_ms
        return grid_ms > 0 and until_ms // grid_ms > after_ms // grid_ms

    def _count_watchers(self, channel: Channel, interval: str, change: int) -> int:
        """Count watchers up or down, and with them how often they are to be told something."""
        key = (channel, interval if channel is Channel.KLINE else "")
        self.watches[key] += change
        self.watches += Counter()  # drops what fell to nought
        self._watched = frozenset(str(watched) for watched, _ in self.watches)
        self._intervals = [each for watched, each in self.watches if watched is Channel.KLINE]
        self._grid_ms = 0
        if self._watched & {TICKER, KLINE}:
            self._grid_ms = SECOND_MS
        if self._watched & {DEPTH, BOOK_TICKER}:
            self._grid_ms = STEP_MS
        return self.watches[key]

    def start_watching(self, channel: Channel, interval: str, now_ms: int) -> None:
        """Count a watcher."""
        if channel is Channel.KLINE:
            get_interval_ms(interval)
        if self._count_watchers(channel, interval, 1) > 1:
            return
        if channel is Channel.DEPTH:
            self.lay(now_ms)
            self.book.start_telling()
        elif channel is Channel.BOOK_TICKER:
            self._told_top = None

    def stop_watching(self, channel: Channel, interval: str) -> None:
        """Take a watcher off the count."""
        self._count_watchers(channel, interval, -1)
        self.book.is_telling = DEPTH in self._watched

    def lay(self, now_ms: int) -> None:
        """Bring the book to the last step of the grid and to what users did."""
        step = now_ms // STEP_MS
        if self.book.step != step:
            self._lay_at(step, self.tape.get_state(step * STEP_MS))
        self.book.show()

    def _lay_at(self, step: int, state: State) -> None:
        tick, is_sell = state
        bid, ask = (tick, tick + self.spread) if is_sell else (tick - self.spread, tick)
        self.book.lay(step, max(bid, 0), ask)

    # What anyone may ask.

    def make_top(self, now_ms: int) -> BookTop:
        """Best bid and ask as shown."""
        tick, step = self.pair.tick, self.pair.step
        bid, bid_size = self.book.bids.get_best()
        ask, ask_size = self.book.asks.get_best()
        return BookTop(
            self.pair.symbol,
            self.book.update_id,
            bid * tick,
            bid_size * step,
            ask * tick,
            ask_size * step,
            now_ms,
        )

    def make_ticker(self, now_ms: int) -> Ticker:
        """The figures of 24 hours."""
        self.lay(now_ms)
        return make_ticker(self.tape, self.make_top(now_ms), now_ms)

    def make_snapshot(self, limit: int, now_ms: int) -> DepthSnapshot:
        """The best levels of each side."""
        self.lay(now_ms)
        tick, step = self.pair.tick, self.pair.step
        return DepthSnapshot(
            self.pair.symbol,
            self.book.update_id,
            self.book.bids.list_levels(limit, tick, step),
            self.book.asks.list_levels(limit, tick, step),
            now_ms,
        )

    # What a taker would get.

    def walk(self, is_buy: bool, limit_tick: int, size: int, worth: int) -> list[Take]:
        """What an order to buy (sell) takes: up to price `limit_tick` (0: any) and up to `size`
        steps (0: as many as `worth` ticks times steps buy). The book must be laid.
        """
        half = self.book.asks if is_buy else self.book.bids
        side = self.resting.get_side(not is_buy)
        takes: list[Take] = []
        for tick, shown in half.list_levels(half.count):
            if limit_tick and tick * half.sign > limit_tick * half.sign:
                break
            wanted = size if size else worth // tick
            if wanted == 0:
                break
            got = list(self._take_level(half, side, tick, min(shown, wanted)))
            takes += got
            taken = sum(take.size for take in got)
            worth -= tick * taken
            if size:
                size -= taken
                if size == 0:
                    break
        return takes

    def _take_level(
        self, half: HalfBook, side: RestingSide, tick: int, size: int
    ) -> Iterator[Take]:
        """`size` steps of one level, users' orders in their turn."""
        key = tick * half.sign
        level = side.levels.get(key, [])
        served = share_level(level, size, half.get_drawn(key))
        drawn = served.drawn + served.left
        if drawn:
            yield Take(tick, drawn, None)
        for live, share in served.shares:
            yield Take(tick, share, live)

    def take(self, take: Take, is_buy: bool) -> None:
        """Carry out a part that is synthetic: it is gone until its level is drawn anew."""
        half = self.book.asks if is_buy else self.book.bids
        key = take.tick * half.sign
        half.eat(key, take.size, self.book.step)
        for live in self.resting.get_side(not is_buy).levels.get(key, []):
            live.ahead = max(live.ahead - take.size, 0)
        self.book.act()

    # Users' orders in the book.

    def rest(self, live: Live) -> None:
        """Put an order into the book, behind the synthetic steps shown at its price."""
        half = self.book.bids if live.is_buy else self.book.asks
        key = live.tick * half.sign
        live.ahead = half.get_drawn(key)
        self.resting.get_side(live.is_buy).add(live)
        self.change_own(live, live.left)

    def withdraw(self, live: Live) -> None:
        """Take an order with nothing left, or a cancelled one, out of the book."""
        self.resting.get_side(live.is_buy).remove(live)
        if live.left:
            self.change_own(live, -live.left)

    def change_own(self, live: Live, size: int) -> None:
        """Steps of an order that come to the book, or leave it."""
        half = self.book.bids if live.is_buy else self.book.asks
        half.add_own(live.tick * half.sign, size)
        self.book.act()

    # Time.

    def advance(self, after_ms: int, until_ms: int, fill: Fillings) -> list[Dated]:
        """What happens in (after_ms, until_ms] to watchers and to users' orders, in order."""
        out: list[Dated] = []
        every = self._grid_ms
        times, places = self.tape.list_places(after_ms, until_ms)
        state = self.tape.get_state(after_ms)
        done = 0
        if every:
            for bound in range((after_ms // every + 1) * every, until_ms + 1, every):
                upto = bisect_right(times, bound, done)
                if upto > done:
                    self._pass_trades(places[done:upto], out, fill)
                    minute, place = places[upto - 1]
                    state = minute.prices[place], minute.sells[place]
                    done = upto
                self._tell(bound, state, out)
        self._pass_trades(places[done:], out, fill)
        return out

    def _pass_trades(self, places: list[Place], out: list[Dated], fill: Fillings) -> None:
        """Trades of the tape: told, and given to orders they reach."""
        is_watched = TRADE in self._watched
        if not is_watched and not self.resting.has_any:
            return
        for minute, place in places:
            if is_watched:
                out.append((minute.times[place], self.tape.make_trade(minute, place)))
            if self.resting.has_any:
                self._reach(minute, place, out, fill)

    def _reach(self, minute: Minute, place: int, out: list[Dated], fill: Fillings) -> None:
        """Fill the orders that one trade reaches."""
        tick, is_sell, at_ms = minute.prices[place], minute.sells[place], minute.times[place]
        for side in (self.resting.bids, self.resting.asks):
            if not side.is_reached(tick):
                continue
            is_queued = is_sell == (side is self.resting.bids)
            get_drawn = partial(self._get_drawn, side, at_ms)
            shares = side.share_trade(tick, minute.sizes[place], is_queued, get_drawn)
            if shares:
                events = fill(shares, minute.first_id + place, at_ms)
                out += [(at_ms, event) for event in events]

    def _get_drawn(self, side: RestingSide, at_ms: int, key: int) -> int:
        """Synthetic steps shown at a level that orders rest at."""
        self.lay(at_ms)
        return (self.book.bids if side is self.resting.bids else self.book.asks).get_drawn(key)

    def _tell(self, at_ms: int, state: State, out: list[Dated]) -> None:
        """What watchers are told on the grid, where the path stands at `state`."""
        if at_ms % SECOND_MS == 0:
            self._tell_bars(at_ms, out)
        if self._grid_ms == STEP_MS:
            self._lay_at(at_ms // STEP_MS, state)
        if DEPTH in self._watched:
            changes = self.book.list_changes(self.pair.tick, self.pair.step)
            if changes is not None:
                out.append((at_ms, DepthDelta(self.pair.symbol, *changes, at_ms)))
        if BOOK_TICKER in self._watched:
            top = (self.book.bids.get_best(), self.book.asks.get_best())
            if top != self._told_top:
                self._told_top = top
                out.append((at_ms, self.make_top(at_ms)))
        if at_ms % SECOND_MS == 0 and TICKER in self._watched:
            out.append((at_ms, self.make_ticker(at_ms)))

    def _tell_bars(self, at_ms: int, out: list[Dated]) -> None:
        """Bars that close now, and those that trades changed since the last second."""
        if not self._intervals or not self.tape.first_ms < at_ms <= self.tape.end_ms:
            return
        trades = self.tape.count_until(at_ms)
        has_changed, self._told_trades = trades != self._told_trades, trades
        for interval in self._intervals:
            length = get_interval_ms(interval)
            open_ms = find_open_ms(length, at_ms - 1)
            if has_changed or at_ms == open_ms + length:
                kline = make_kline(self.tape, interval, open_ms, at_ms)
                if kline is not None:
                    out.append((at_ms, KlineUpdate(self.pair.symbol, at_ms, kline)))
