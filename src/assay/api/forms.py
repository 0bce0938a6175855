"""What can be asked for as a job: names, parameters, who may. What carries them out is wired in
`cli`; this face only checks and queues.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assay.accounts.types import Verb
from assay.api.parameters import Day
from assay.grades.types import GradeKind
from assay.kit.jobs import JobForm
from assay.markets.types import Interval

MOST_ROWS = 20_000
"""Pairs of windows times coins in one sweep."""


class Judged(StrEnum):
    """What is published and can be measured; the words of `assay backfill --kind`."""

    TRADER = "trader"
    INVESTOR = "investor"
    MOONSHOTS = "moonshots"
    INDICES = "indices"
    SIGNALS = "signals"
    MARKET_STATE = "market_state"
    FORECASTS = "forecasts"
    BRIEFING = "briefing"


First = Annotated[
    Day | None, Field(alias="from", description="First day; left out: the first there is.")
]
Last = Annotated[Day | None, Field(alias="to", description="Last day; left out: the newest.")]
Symbol = Annotated[str, Field(min_length=1, max_length=64, examples=["BTC"])]
Share = Annotated[float, Field(ge=-10.0, le=10.0)]
Window = Annotated[int, Field(ge=1, le=1_000)]


class Parameters(BaseModel):
    """Base of the parameters: a member that is not known is an error, not silence."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Spell(Parameters):
    """A time from one day to another."""

    start: First = None
    end: Last = None

    @model_validator(mode="after")
    def _check_order(self) -> "Spell":
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError("from is later than to")
        return self


class EvaluationParameters(Spell):
    """Measure whether what was published is worth anything."""

    kind: Annotated[Judged, Field(description="What is measured.")]


class BackfillParameters(Spell):
    """Publish past days that are owed, and what they read before them."""

    kinds: Annotated[
        list[Judged], Field(max_length=8, description="What to publish; empty: everything.")
    ] = []


class ReproductionParameters(Parameters):
    """Compute random publications again from their facts, and say which came out equal."""

    kinds: Annotated[
        list[Judged], Field(max_length=8, description="What is drawn from; empty: everything.")
    ] = []
    sample: Annotated[int, Field(ge=1, le=1_000, description="How many are drawn.")] = 50
    seed: Annotated[
        int | None,
        Field(ge=0, lt=2**63, description="Draws the same ones again; left out: a random one."),
    ] = None
    until: Annotated[
        int | None,
        Field(ge=1, lt=2**63, description="Draw from sequence numbers up to this; left out: all."),
    ] = None


class FactsParameters(Parameters):
    """Fetch the newest candles of every token from a venue, as far as they are missing."""

    venue: Annotated[
        str,
        Field(pattern=r"^[a-z0-9]{2,32}$", description="A name that ccxt knows, such as binance."),
    ]
    intervals: Annotated[list[Interval], Field(min_length=1, max_length=2)] = [
        Interval.DAY,
        Interval.HOUR,
    ]


class TrainingParameters(Parameters):
    """Train the models of grades again from everything known now; past ones stay."""

    kinds: Annotated[list[GradeKind], Field(min_length=1, max_length=2)] = list(GradeKind)


class Trading(Spell):
    """What every back-test shares: costs in basis points a side, and how late orders are filled."""

    fee_bps: Annotated[float, Field(ge=0.0, le=1_000.0)] = 10.0
    slippage_bps: Annotated[float, Field(ge=0.0, le=1_000.0)] = 0.0
    lag: Annotated[
        int,
        Field(ge=1, le=30, description="Days from the close that decides to the close that fills."),
    ] = 1


class Target(Parameters):
    """Wishes decided at the close of a day: shares of the account's value, by symbol."""

    day: Day
    weights: Annotated[dict[Symbol, Share], Field(max_length=500)]


class WeightsParameters(Trading):
    """One account that trades to target weights; between two targets positions drift."""

    strategy: Literal["weights"]
    targets: Annotated[list[Target], Field(min_length=1, max_length=3_000)]
    impact_bps: Annotated[float, Field(ge=0.0, le=10_000.0)] = 0.0
    capital_usd: Annotated[float, Field(gt=0.0, le=1e12)] = 1_000_000.0
    leverage: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    cash_rate: Annotated[float, Field(ge=-1.0, le=1.0, description="Yearly interest on cash.")] = (
        0.0
    )


class SignalsParameters(Trading):
    """One account for each coin: 1 is long, -1 short, 0 out; a signal holds until the next."""

    strategy: Literal["signals"]
    signals: Annotated[
        dict[Symbol, dict[Day, Annotated[float, Field(ge=-1.0, le=1.0)]]],
        Field(min_length=1, max_length=200, description="Signals by symbol and day."),
    ]
    allow_short: bool = True


class SweepParameters(Trading):
    """Buy where the fast average crosses above the slow one, sell where below, for every pair."""

    strategy: Literal["crosses"]
    symbols: Annotated[list[Symbol], Field(min_length=1, max_length=200)]
    fast: Annotated[list[Window], Field(min_length=1, max_length=200)]
    slow: Annotated[list[Window], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _check_size(self) -> "SweepParameters":
        pairs = sum(quick < calm for quick in set(self.fast) for calm in set(self.slow))
        if not pairs:
            raise ValueError("no fast window is shorter than a slow one")
        if pairs * len(set(self.symbols)) > MOST_ROWS:
            raise ValueError(f"more than {MOST_ROWS} pairs of windows times symbols")
        return self


class IndexParameters(Parameters):
    """An index by a rule book of one's own, from its start to the newest day; nothing is kept."""

    strategy: Literal["index"]
    rules: Annotated[
        str,
        Field(max_length=100_000, description="Rule book, TOML (docs/method/indices.md)."),
    ]


Strategy = Annotated[
    WeightsParameters | SignalsParameters | SweepParameters | IndexParameters,
    Field(discriminator="strategy"),
]


class BacktestParameters(Parameters):
    """What would it have earned, had someone traded it?"""

    backtest: Strategy


EVALUATION = JobForm(
    "evaluation", EvaluationParameters, Verb.USE, "Measure what was published.", timeout_s=7_200.0
)
BACKTEST = JobForm(
    "backtest", BacktestParameters, Verb.USE, "Back-test over recorded facts.", timeout_s=1_800.0
)
BACKFILL = JobForm(
    "backfill", BackfillParameters, Verb.OPERATE, "Publish days that are owed.", timeout_s=43_200.0
)
REPRODUCTION = JobForm(
    "reproduction", ReproductionParameters, Verb.USE, "Check publications.", timeout_s=7_200.0
)
FACTS = JobForm(
    "facts", FactsParameters, Verb.OPERATE, "Fetch the newest candles.", timeout_s=21_600.0
)
TRAINING = JobForm(
    "training", TrainingParameters, Verb.OPERATE, "Train the models of grades.", timeout_s=43_200.0
)
FORMS = (EVALUATION, BACKTEST, BACKFILL, REPRODUCTION, FACTS, TRAINING)
"""Every kind of job that this release knows."""


def read_parameters(form: JobForm, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they are stored: checked, defaults filled in. Raises ValidationError."""
    read = form.parameters.model_validate(given)
    stored: dict[str, Any] = read.model_dump(mode="json", by_alias=True)
    return stored
