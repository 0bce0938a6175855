"""Microseconds to read one message of a venue, beside ccxt's own path for the same bytes.

    python bench/parsers/run.py

Ours: bytes to checked events (`receive`). ccxt's: orjson and the exchange's `handle_message`, as
its WebSocket client calls them, with nobody waiting for the answer. Trades, tickers and candles;
books are measured with their application in bench/books. CPU time of this thread, median of
interleaved rounds.
"""

import statistics
import sys
import time
from pathlib import Path

import ccxt.pro
import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.feeds.sources.conformance.venues import VENUES

from assay.feeds.types import Subscription, Topic

MESSAGES, ROUNDS = 2_000, 7
TARGETS = {Topic.TRADES: 5.0, Topic.TICKER: 5.0, Topic.CANDLES: 2.5}
NAMES = {"BNBBTC": "BNB/BTC", "BTC-USDT": "BTC/USDT", "BTCUSDT": "BTC/USDT", "BTC-USD": "BTC/USD"}


class Client:
    """What a reader of ccxt touches of its client; nobody waits for a result."""

    def __init__(self, url):
        self.url = url
        self.subscriptions = {}
        self.futures = {}

    def resolve(self, result, name):
        return result

    def reject(self, error, name=None):
        raise error


def open_peer(name, venue):
    exchange = getattr(ccxt.pro, name)({"newUpdates": True})
    symbol = NAMES.get(venue.symbol, venue.symbol)
    base, quote = symbol.split("/")
    market = {
        "id": venue.symbol, "symbol": symbol, "base": base, "quote": quote, "baseId": base,
        "quoteId": quote, "type": "spot", "spot": True, "active": True, "swap": False,
        "wsId": symbol, "info": {"wsname": symbol}, "precision": {"price": 0.01, "amount": 1e-8},
    }  # fmt: skip
    exchange.set_markets({symbol: exchange.safe_market_structure(market)})
    address = venue.make().endpoints(None)
    return exchange, Client(address.candles or address.ws)


def time_ours(venue, frames):
    dialect = venue.make()
    dialect.subscribe([Subscription(topic, venue.symbol) for topic in dialect.topics])
    heard = 0
    start = time.thread_time()
    for frame in frames:
        heard += len(dialect.receive(frame, 1_700_000_000_000))
    return (time.thread_time() - start) / len(frames) * 1e6, heard


def time_peer(exchange, client, frames):
    start = time.thread_time()
    for frame in frames:
        exchange.handle_message(client, orjson.loads(frame))
    return (time.thread_time() - start) / len(frames) * 1e6


def main():
    print(f"{'venue':9} {'topic':8} {'bytes':>6} {'ours us':>8} {'ccxt us':>8} {'ratio':>6}")
    failed = False
    for name, venue in VENUES.items():
        exchange, client = open_peer(name, venue)
        for topic in TARGETS:
            if topic not in venue.frames:
                continue
            frame, events = venue.frames[topic][0]
            frames = [frame] * MESSAGES
            ours, theirs = [], []
            for _ in range(ROUNDS):
                took, heard = time_ours(venue, frames)
                if heard != MESSAGES * len(events):
                    raise SystemExit(f"{name} {topic}: {heard} events of {MESSAGES} messages")
                ours.append(took)
                theirs.append(time_peer(exchange, client, frames))
            mine, peer = statistics.median(ours), statistics.median(theirs)
            failed |= peer / mine < TARGETS[topic]
            line = f"{name:9} {topic:8} {len(frame):6} {mine:8.2f} {peer:8.1f} {peer / mine:6.1f}"
            print(line)
    floors = ", ".join(f"{topic} {floor}" for topic, floor in TARGETS.items())
    print(f"at least so many times as fast as ccxt: {floors}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
