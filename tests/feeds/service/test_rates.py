"""What a currency costs in another, for prices that venues quote in different ones."""

import math
from types import SimpleNamespace

from tests.feeds.service.fakes import SteppedTime, make_registry

from assay.feeds.service.lines import Line
from assay.feeds.service.prices import Prices
from assay.feeds.service.tokens import Tokens
from assay.feeds.types import Instrument, Price, VenueState

NOW_MS = 100_000


class Market:
    """Venues that each say one price of a pair, so many seconds ago."""

    def __init__(self) -> None:
        self.time = SteppedTime()
        self.time.at_ms = NOW_MS
        self.venues: list[SimpleNamespace] = []

    def say(self, pair: str, price: float, age_s: float = 0.0) -> None:
        base, quote = pair.split("/")
        name = f"v{len(self.venues)}"
        token_id = 1 if base == "BTC" else None
        line = Line(Instrument(name, pair, base, quote, 0.01), token_id, price)
        line.heard_ms = NOW_MS - round(1_000 * age_s)
        self.venues.append(
            SimpleNamespace(
                wish=SimpleNamespace(name=name),
                source=SimpleNamespace(is_replay=False),
                state=VenueState.LIVE,
                generation=1,
                lines={pair: line},
            )
        )

    def price(self) -> Price:
        tokens = Tokens(make_registry("BTC"))
        return Prices(self.venues, tokens, self.time).compute_price(1)  # type: ignore[arg-type]


def test_a_silent_venue_does_not_take_the_rate_of_one_that_speaks() -> None:
    market = Market()
    market.say("BTC/USDT", 10_000.0)
    market.say("USDT/USD", 0.99, age_s=1.0)
    market.say("USDT/USD", 0.50, age_s=90.0)
    price = market.price()
    assert (price.currency, price.price) == ("USD", 9_900.0)


def test_one_that_is_wrong_among_three_does_not_decide() -> None:
    market = Market()
    market.say("BTC/USDT", 10_000.0)
    for rate in (0.999, 1.001, 7.0):
        market.say("USDT/USD", rate)
    price = market.price().price
    assert price is not None
    assert math.isclose(price, 10_010.0)


def test_of_both_ways_the_one_that_was_heard_last_counts() -> None:
    for first, last in (("USDT/USD", "USD/USDT"), ("USD/USDT", "USDT/USD")):
        for old, new in ((first, last), (last, first)):
            market = Market()
            market.say("BTC/USDT", 10_000.0)
            market.say(old, 2.0, age_s=20.0)
            market.say(new, 1.25, age_s=1.0)
            price = market.price().price
            assert price is not None
            rate = 1.25 if new == "USDT/USD" else 0.8
            assert math.isclose(price, 10_000.0 * rate)


def test_a_rate_that_nobody_spoke_of_lately_is_none() -> None:
    market = Market()
    market.say("BTC/USDT", 10_000.0)
    market.say("USDT/USD", 0.5, age_s=31.0)
    market.say("USDT/USD", math.nan)
    price = market.price()
    assert (price.currency, price.price) == ("USDT", 10_000.0)
