"""The words of the indices room: rule books as frozen records, states, orders and trades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

KIND = "indices"
BASE_LEVEL = 1000.0
"""Level of every index on its first day."""

Json = dict[str, Any]


class RankBy(StrEnum):
    """What decides who is in a basket."""

    SIZE = "size"
    TRADER_GRADE = "trader_grade"
    INVESTOR_GRADE = "investor_grade"
    FALL_RISK = "fall_risk"


class Scheme(StrEnum):
    """How the weights inside a basket are found."""

    EQUAL = "equal"
    SIZE = "size"
    GRADE = "grade"
    INVERSE_VOLATILITY = "inverse_volatility"
    HRP = "hrp"
    RISK_PARITY = "risk_parity"
    MIN_CVAR = "min_cvar"


GRADED = (RankBy.TRADER_GRADE, RankBy.INVESTOR_GRADE)
OPTIMISED = (Scheme.HRP, Scheme.RISK_PARITY, Scheme.MIN_CVAR)


@dataclass(frozen=True, slots=True)
class Basket:
    """Who may be in: the best `count` by `rank_by` among liquid coins.

    A holding stays until its rank is above count * (1 + buffer); a newcomer pushes in from
    count * (1 - buffer) on. `outside_top` leaves out the largest coins; `members` (tickers as in
    use on the day; empty: all coins) narrows to a list, which `sector` names where it is a shipped
    one.
    """

    rank_by: RankBy
    count: int
    buffer: float
    minimum_volume_usd: float
    outside_top: int
    sector: str | None
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much of each: `cap` limits one coin, `days` is the window of the risk figures.

    `maximum_turnover` is the most that minimum CVaR may change the weights by at one rebalance (sum
    of absolute changes; None: no limit).
    """

    scheme: Scheme
    cap: float
    days: int
    maximum_turnover: float | None


@dataclass(frozen=True, slots=True)
class CashRule:
    """How much is invested: `floor` always, the rest in equal parts, one for each mean (in days)
    that the equal-weight market stands above. A part turns only when the market is `band` beyond
    its mean (hysteresis).
    """

    means: tuple[int, ...]
    band: float
    floor: float


@dataclass(frozen=True, slots=True)
class VolatilityTarget:
    """At a rebalance no more is invested than makes the basket's volatility `annual`."""

    annual: float
    days: int


@dataclass(frozen=True, slots=True)
class Sleeve:
    """A second, riskier basket: as large as it may be while at most `volatility_share` of the whole
    index's variance over `days` comes from it, and never above `maximum_weight`.
    """

    basket: Basket
    volatility_share: float
    maximum_weight: float
    days: int


@dataclass(frozen=True)
class RuleBook:
    """One index as data. `document` is its canonical form (JSON without floats), `digest` its name.

    `index_id` is 0 for a user's own.
    """

    index_id: int
    slug: str
    ticker: str
    name: str
    type: str
    words: str
    start: date
    every_days: int
    shift_days: int
    basket: Basket
    weights: Weights
    cash: CashRule | None
    volatility: VolatilityTarget | None
    sleeve: Sleeve | None
    fee_bps: float
    slippage_bps: float
    document: Mapping[str, Any] = field(repr=False)
    digest: str

    @property
    def cost_rate(self) -> float:
        """Fee and slippage of one side as a share of what is traded."""
        return (self.fee_bps + self.slippage_bps) / 10_000.0

    @property
    def is_optimised(self) -> bool:
        """Whether skfolio finds its weights."""
        return self.weights.scheme in OPTIMISED


@dataclass(frozen=True, slots=True)
class Target:
    """The share of the index that one coin shall have, and why."""

    token_id: int
    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Orders:
    """Targets decided at a close, to be filled at the next one; coins that are not named are sold.

    `exposure` is the share invested by the rules; `why` says what called for the trade.
    """

    why: str
    exposure: float
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """`amount` in units that run through redenominations; `entry_price` is what was paid per such
    unit on average, costs left out.
    """

    amount: float
    entry_price: float
    entered: date


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill: `value` is what changed hands at `price`, `cost` its fee and slippage.

    Weights are shares of the index before and after all trades of the day.
    """

    token_id: int
    is_buy: bool
    weight_from: float
    weight_to: float
    price: float
    amount: float
    value: float
    cost: float
    reason: str


@dataclass(frozen=True)
class State:
    """What an index holds after the close of a day. `holdings` are in ascending order of id.

    `turnover` is half of everything traded since the start as a share of the level then, `costs`
    what they took in points of the level.
    """

    cash: float
    holdings: Mapping[int, Holding]
    level: float
    peak: float
    turnover: float
    costs: float
    orders: Orders | None


@dataclass(frozen=True)
class OwnIndex:
    """A user's own index: `rules` is the file as it was written, `levels` (decimal strings) are
    those of every day since the start, `newest` is the row of the last of them.
    """

    slug: str
    created_at: datetime
    rules: str
    levels: tuple[str, ...]
    newest: Json

    @property
    def start(self) -> date:
        """The day of the first level."""
        return date.fromisoformat(self.newest["start"])

    @property
    def last_day(self) -> date:
        """The day of the last level."""
        return self.start + timedelta(days=len(self.levels) - 1)


@dataclass(frozen=True, slots=True)
class OwnFigures:
    """What an own index was worth from its first day: shares, and (year, month, return)."""

    total_return: float
    annual_return: float
    max_drawdown: float
    months: tuple[tuple[int, int, float], ...]
