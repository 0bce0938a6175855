"""The price of a token over venues: the volume-weighted median of those that may be believed.

Formulas and their sources: docs/method/feeds.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from assay.feeds.types import Contribution, Price

_CONSISTENT = 1.4826
"""Makes the median absolute deviation of normal numbers their standard deviation."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a venue last said of a token; the volume of 24 hours is in `currency`, NaN if unknown.

    `received_ms` is our clock when it came.
    """

    venue: str
    symbol: str
    currency: str
    price: float
    volume_24h: float
    received_ms: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is in another, and when we learned it by our clock."""

    value: float
    received_ms: int


@dataclass(frozen=True, slots=True)
class PriceRules:
    """When a venue is not believed.

    `stale_ms`: age above which it is left out. `distance`: robust distance (Iglewicz and Hoaglin's
    3.5) above which it is, unless it is within `tight` of the median, a share, which no venue's
    spread needs to explain. `agreement`: the share of the median within which at least half of the
    live venues must lie; else there is no price.
    """

    stale_ms: int = 30_000
    distance: float = 3.5
    tight: float = 0.002
    agreement: float = 0.01


_RULES = PriceRules()


@dataclass(slots=True)
class _View:
    quote: Quote
    price: float
    volume: float
    left_out: str


def aggregate(
    token_id: int,
    symbol: str,
    quotes: Sequence[Quote],
    *,
    now_ms: int,
    rates: Mapping[tuple[str, str], Rate] | None = None,
    currency: str | None = None,
    rules: PriceRules = _RULES,
) -> Price:
    """The price of a token now, in `currency`, with every venue's contribution and why any was
    left out; its price is None with a reason where none may be believed.

    Quotes in other currencies count only through a live rate. Without `currency` it is USD if a
    live quote or rate leads there, else that of the greatest live volume.
    """
    known = rates or {}
    target = currency or _choose_currency(quotes, known, now_ms, rules)
    views = [_view(quote, target, known, now_ms, rules) for quote in quotes]
    live = [view for view in views if not view.left_out]
    reason = _judge(live, rules) if live else _say_none(quotes)
    believed = [view for view in live if not view.left_out]
    price = None if reason else _weigh(believed)
    if reason:
        for view in believed:
            view.left_out = reason
    return Price(
        token_id=token_id,
        symbol=symbol,
        currency=target,
        price=price,
        time_ms=now_ms,
        contributions=[
            Contribution(
                view.quote.venue,
                view.quote.symbol,
                view.price,
                view.volume,
                now_ms - view.quote.received_ms,
                not view.left_out,
                view.left_out,
            )
            for view in views
        ],
        reason=reason,
    )


def _is_live(received_ms: int, now_ms: int, rules: PriceRules) -> bool:
    # What comes from our own future was stamped before our clock was put back: not known to be old.
    return now_ms - received_ms <= rules.stale_ms


def _find_rate(
    rates: Mapping[tuple[str, str], Rate], source: str, target: str, now_ms: int, rules: PriceRules
) -> float | None:
    if source == target:
        return 1.0
    rate = rates.get((source, target))
    if rate is None or not _is_live(rate.received_ms, now_ms, rules) or not _is_price(rate.value):
        return None
    return rate.value


def _is_price(value: float) -> bool:
    return value > 0.0 and isfinite(value)


def _choose_currency(
    quotes: Sequence[Quote],
    rates: Mapping[tuple[str, str], Rate],
    now_ms: int,
    rules: PriceRules,
) -> str:
    volumes: dict[str, float] = {}
    for quote in quotes:
        if not _is_price(quote.price) or not _is_live(quote.received_ms, now_ms, rules):
            continue
        if _find_rate(rates, quote.currency, "USD", now_ms, rules) is not None:
            return "USD"
        volume = quote.volume_24h if quote.volume_24h > 0 else 0.0
        volumes[quote.currency] = volumes.get(quote.currency, 0.0) + volume
    if volumes:
        return max(volumes, key=lambda name: (volumes[name], name))
    return quotes[0].currency if quotes else "USD"


def _view(
    quote: Quote,
    target: str,
    rates: Mapping[tuple[str, str], Rate],
    now_ms: int,
    rules: PriceRules,
) -> _View:
    rate = _find_rate(rates, quote.currency, target, now_ms, rules)
    left_out = ""
    if not _is_price(quote.price):
        left_out = "no price"
    elif not _is_live(quote.received_ms, now_ms, rules):
        left_out = f"stale: {(now_ms - quote.received_ms) / 1000:.0f} s old"
    elif rate is None:
        left_out = f"quoted in {quote.currency}: no live rate to {target}"
    factor = 1.0 if rate is None else rate
    volume = quote.volume_24h * factor
    return _View(
        quote,
        quote.price * factor,
        volume if volume > 0.0 and isfinite(volume) else 0.0,
        left_out,
    )


def _say_none(quotes: Sequence[Quote]) -> str:
    if not quotes:
        return "no venue quotes it"
    return "no live quote: each venue is stale, without a price, or in another currency"


def _judge(live: list[_View], rules: PriceRules) -> str:
    """Mark outliers. The reason why no venue may be believed, or nothing."""
    if len(live) == 1:
        return ""
    middle = _find_median([view.price for view in live])
    near = sum(abs(view.price - middle) <= rules.agreement * middle for view in live)
    if 2 * near < len(live):
        low = min(view.price for view in live)
        high = max(view.price for view in live)
        return f"{len(live)} venues disagree by {(high - low) / middle:.1%}"
    spread = _CONSISTENT * _find_median([abs(view.price - middle) for view in live])
    limit = max(rules.distance * spread, rules.tight * middle)
    for view in live:
        distance = abs(view.price - middle)
        if distance > limit:
            view.left_out = f"outlier: {distance / middle:.1%} from the median of venues"
    return ""


def _find_median(values: list[float]) -> float:
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else 0.5 * (values[half - 1] + values[half])


def _weigh(views: list[_View]) -> float:
    """The volume-weighted median; of equal weights where no venue's volume is known."""
    ordered = sorted(views, key=lambda view: view.price)
    total = sum(view.volume for view in ordered)
    if total <= 0.0:
        return _find_median([view.price for view in ordered])
    below = 0.0
    for index, view in enumerate(ordered):
        below += view.volume
        if 2.0 * below > total:
            return view.price
        if 2.0 * below == total:
            above = next(other for other in ordered[index + 1 :] if other.volume > 0.0)
            return 0.5 * (view.price + above.price)
    return ordered[-1].price
