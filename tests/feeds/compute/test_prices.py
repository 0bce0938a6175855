"""The price over venues: each documented case, and equality with a slow reference."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.feeds.compute.prices import PriceRules, Quote, Rate, aggregate
from assay.feeds.types import Price

NOW = 1_000_000
RATE = {("USDT", "USD"): Rate(0.99, NOW - 10)}


def quote(
    venue: str, price: float, volume: float = 1.0, currency: str = "USD", age_ms: int = 100
) -> Quote:
    return Quote(venue, f"BTC/{currency}", currency, price, volume, NOW - age_ms)


def price_of(*quotes: Quote, **options: object) -> Price:
    return aggregate(1, "BTC", quotes, now_ms=NOW, **options)  # type: ignore[arg-type]


def left_out(price: Price) -> dict[str, str]:
    return {each.venue: each.left_out for each in price.contributions if not each.used}


class TestCases:
    def test_three_venues(self) -> None:
        """Weights 1, 2 and 10 of 13: the half is passed at the third."""
        price = price_of(quote("a", 100.0, 1), quote("b", 100.1, 2), quote("c", 100.2, 10))
        assert (price.price, price.currency, price.reason) == (100.2, "USD", "")
        assert [each.age_ms for each in price.contributions] == [100, 100, 100]
        assert all(each.used for each in price.contributions)

    def test_half_the_volume_on_either_side(self) -> None:
        price = price_of(quote("a", 100.0, 2), quote("b", 100.2, 1), quote("c", 100.4, 1))
        assert price.price == pytest.approx(100.1, abs=1e-12)

    def test_one_venue_is_believed(self) -> None:
        assert price_of(quote("a", 5.0, 0.0)).price == 5.0

    def test_no_venue(self) -> None:
        price = price_of()
        assert (price.price, price.reason, price.currency) == (None, "no venue quotes it", "USD")

    def test_two_that_disagree_are_not_believed(self) -> None:
        price = price_of(quote("a", 100.0, 1000), quote("b", 103.0, 1))
        assert price.price is None
        assert price.reason == "2 venues disagree by 3.0%"
        assert left_out(price) == {"a": price.reason, "b": price.reason}

    def test_two_that_agree(self) -> None:
        assert price_of(quote("a", 100.0, 3), quote("b", 100.5, 1)).price == 100.0

    def test_no_majority_no_price(self) -> None:
        split = [quote("a", 100.0), quote("b", 100.1), quote("c", 200.0), quote("d", 200.1)]
        assert price_of(*split).price is None
        apart = [quote("a", 100.0), quote("b", 150.0), quote("c", 200.0)]
        assert "3 venues disagree" in price_of(*apart).reason

    def test_an_outlier_is_left_out_whatever_its_volume(self) -> None:
        """A venue that claims all the volume decides nothing by it."""
        price = price_of(
            quote("a", 100.0), quote("b", 100.1), quote("c", 100.05), quote("liar", 150.0, 1e12)
        )
        assert price.price == 100.05
        assert left_out(price) == {"liar": "outlier: 49.9% from the median of venues"}

    def test_a_tight_market_has_no_outliers(self) -> None:
        quotes = [quote(str(index), 100.0) for index in range(9)] + [quote("b", 100.15)]
        assert left_out(price_of(*quotes)) == {}
        quotes[-1] = quote("b", 100.25)
        assert "b" in left_out(price_of(*quotes))

    def test_stale_venues(self) -> None:
        price = price_of(quote("a", 100.0), quote("old", 90.0, 1e9, age_ms=31_000))
        assert price.price == 100.0
        assert left_out(price) == {"old": "stale: 31 s old"}

    def test_all_stale(self) -> None:
        price = price_of(quote("a", 100.0, age_ms=40_000), quote("b", 100.0, age_ms=90_000))
        assert price.price is None
        assert price.reason.startswith("no live quote")
        assert left_out(price) == {"a": "stale: 40 s old", "b": "stale: 90 s old"}

    def test_from_before_our_clock_was_put_back(self) -> None:
        assert price_of(quote("a", 100.0, age_ms=-5_000)).price == 100.0

    def test_volumes_that_are_zero_or_unknown(self) -> None:
        """None known: each venue counts once. Some known: the others decide nothing."""
        unknown = [quote("a", 100.0, 0.0), quote("b", 100.2, math.nan), quote("c", 100.4, -1.0)]
        assert price_of(*unknown).price == 100.2
        assert price_of(*unknown[:2]).price == pytest.approx(100.1)
        assert price_of(*unknown, quote("d", 100.4, 1.0)).price == 100.4
        assert [each.volume_24h_usd for each in price_of(*unknown).contributions] == [0, 0, 0]

    @pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
    def test_what_is_no_price(self, bad: float) -> None:
        price = price_of(quote("a", 100.0), quote("bad", bad))
        assert price.price == 100.0
        assert left_out(price) == {"bad": "no price"}
        assert price_of(quote("bad", bad)).price is None


class TestCurrencies:
    def test_are_not_mixed_without_a_rate(self) -> None:
        price = price_of(quote("a", 100.0), quote("b", 101.0, 1e9, "USDT"))
        assert (price.price, price.currency) == (100.0, "USD")
        assert left_out(price) == {"b": "quoted in USDT: no live rate to USD"}

    def test_a_live_rate_converts_price_and_volume(self) -> None:
        price = price_of(quote("a", 100.0, 10.0, "USDT"), rates=RATE)
        assert (price.price, price.currency) == (99.0, "USD")
        assert price.contributions[0].volume_24h_usd == 9.9

    def test_a_stale_rate_does_not(self) -> None:
        rates = {("USDT", "USD"): Rate(0.99, NOW - 31_000)}
        price = price_of(quote("a", 100.0, 1.0, "USDT"), quote("b", 99.0), rates=rates)
        assert left_out(price) == {"a": "quoted in USDT: no live rate to USD"}
        for value in (0.0, math.nan, math.inf, -1.0):
            rates = {("USDT", "USD"): Rate(value, NOW)}
            assert price_of(quote("a", 1.0, 1.0, "USDT"), rates=rates, currency="USD").price is None

    def test_without_dollars_the_greatest_volume_names_the_currency(self) -> None:
        quotes = [quote("a", 100.0, 1.0, "USDC"), quote("b", 101.0, 5.0, "USDT")]
        price = price_of(*quotes)
        assert (price.price, price.currency) == (101.0, "USDT")
        assert price_of(*quotes, currency="USDC").price == 100.0

    def test_a_stale_dollar_quote_does_not_name_it(self) -> None:
        price = price_of(quote("a", 100.0, age_ms=60_000), quote("b", 101.0, 1.0, "USDT"))
        assert (price.price, price.currency) == (101.0, "USDT")

    def test_all_stale_names_the_first(self) -> None:
        assert price_of(quote("a", 1.0, 1.0, "USDT", age_ms=60_000)).currency == "USDT"


def reference_price(quotes: list[tuple[float, float]], rules: PriceRules) -> float | None:
    """The page read aloud: agreement, robust distance, weighted median over a sorted list."""

    def median(values: list[float]) -> float:
        values = sorted(values)
        middle = len(values) // 2
        if len(values) % 2:
            return values[middle]
        return 0.5 * (values[middle - 1] + values[middle])

    centre = median([price for price, _ in quotes])
    near = [p for p, _ in quotes if abs(p - centre) <= rules.agreement * centre]
    if len(quotes) > 1 and len(near) < len(quotes) / 2:
        return None
    deviation = 1.4826 * median([abs(price - centre) for price, _ in quotes])
    limit = max(rules.distance * deviation, rules.tight * centre)
    kept = sorted((p, w) for p, w in quotes if abs(p - centre) <= limit)
    if not any(weight for _, weight in kept):
        return median([price for price, _ in kept])
    # Lower and upper weighted medians; where they differ, the middle of both.
    total = sum(Fraction(weight) for _, weight in kept)
    low = min(p for p, _ in kept if 2 * sum(Fraction(w) for q, w in kept if q <= p) >= total)
    high = max(p for p, _ in kept if 2 * sum(Fraction(w) for q, w in kept if q >= p) >= total)
    return low if low == high else 0.5 * (low + high)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([100.0, 100.01, 100.1, 100.3, 100.9, 101.5, 103.0, 150.0, 1e-6]),
            st.sampled_from([0.0, 1.0, 2.0, 3.0, 0.25, 1e9]),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_prices_equal_the_reference(pairs: list[tuple[float, float]]) -> None:
    quotes = [quote(str(index), price, volume) for index, (price, volume) in enumerate(pairs)]
    found = price_of(*quotes)
    assert found.price == reference_price(pairs, PriceRules())
    assert (found.price is None) == bool(found.reason)
    assert len(found.contributions) == len(quotes)
    assert price_of(*quotes[::-1]).price == found.price
    if found.price is not None:
        believed = [each.price for each in found.contributions if each.used]
        assert min(believed) <= found.price <= max(believed)
