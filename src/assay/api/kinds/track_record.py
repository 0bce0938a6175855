"""The track record: what its rows hold, and how they may be asked for. Not by outcome."""

from datetime import date
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from assay.api.parameters import Day, ListQuery, SeriesSort
from assay.api.schemas import DecimalText, OriginText, Page, Shape

Item = TypeVar("Item")
Kind = Literal[
    "grades.trader",
    "grades.investor",
    "signals.daily",
    "signals.hourly",
    "forecasts.quantiles",
    "forecasts.levels",
    "forecasts.scenarios",
    "indices",
    "moonshots",
    "market_state",
]
ResultText = Literal["hit", "miss", "open", "undecided", "no_call", "no_view"]
StatusText = Literal["stands", "corrected", "withdrawn"]


class RecordQuery(ListQuery):
    """Which part of the record; nothing can be chosen by what came of it."""

    kind: Annotated[Kind | None, Field(description="Only this kind.")] = None
    measure: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Only this measure of a kind, such as `beats_median`.",
            examples=["beats_median"],
        ),
    ] = None
    origin: Annotated[
        OriginText | None,
        Field(description="Only of this origin; left out: each origin apart, never mixed."),
    ] = None
    start: Annotated[Day | None, Field(alias="from", description="First day judged.")] = None
    end: Annotated[Day | None, Field(alias="to", description="Last day judged.")] = None


class StatementsQuery(RecordQuery):
    """Which single statements."""

    kind: Annotated[Kind, Field(description="Only this kind.")]
    symbol: Annotated[
        str | None,
        Field(
            max_length=64,
            description="Only of this token: symbol as borne on the day `to`, in any case, or id."
            " Of `indices`: the id of an index.",
            examples=["BTC", "3375"],
        ),
    ] = None
    sort: Annotated[SeriesSort, Field(description="Newest or oldest day judged first.")] = (
        SeriesSort.NEWEST
    )


class OfMeasure(Shape):
    """What every row of the record begins with."""

    kind: Annotated[Kind, Field(examples=["grades.trader"])]
    measure: Annotated[str, Field(examples=["beats_median"])]
    origin: OriginText


class TrackRecord(OfMeasure):
    """The record of one measure in one origin. Of several publications of an origin about the same
    day the first one counts; what came later is in `repeated`. Shares are of hits and misses.
    """

    claim: Annotated[str, Field(description="When a statement is a hit, in words.")]
    convention: Annotated[str, Field(description="Where prices are taken, and what an outcome is.")]
    control: Annotated[str, Field(description="What the control is.")]
    horizon: Annotated[int, Field(description="Bars that an outcome takes.")]
    unit: Annotated[Literal["day", "hour"], Field(description="Length of those bars.")]
    first_day: Annotated[date, Field(description="First day judged.")]
    last_day: Annotated[date, Field(description="Last day judged.")]
    publications: Annotated[int, Field(description="First words about a day (or an hour).")]
    closed_publications: Annotated[int, Field(description="Those of them whose outcome is known.")]
    repeated_publications: Annotated[
        int, Field(description="Later words about the same days, which count in no figure.")
    ]
    repeated_statements: Annotated[int, Field(description="Statements of those.")]
    corrected: Annotated[int, Field(description="Publications that a later one corrects.")]
    withdrawn: Annotated[int, Field(description="Publications taken back later; they count.")]
    statements: Annotated[int, Field(description="The sum of the six counts that follow.")]
    hits: Annotated[int, Field(description="What was claimed came true, see `claim`.")]
    misses: Annotated[int, Field(description="It did not.")]
    open: Annotated[int, Field(description="The outcome is not known yet.")]
    undecided: Annotated[int, Field(description="The outcome is known and is neither.")]
    no_call: Annotated[int, Field(description="Nothing was claimed, such as no position.")]
    no_view: Annotated[int, Field(description="Nothing was said, with a reason.")]
    rate: Annotated[DecimalText | None, Field(description="hits / (hits + misses).")]
    rate_low: Annotated[
        DecimalText | None,
        Field(description="Lower end of its 90 % interval, which allows for overlap."),
    ]
    rate_high: Annotated[DecimalText | None, Field(description="Upper end of it.")]
    stated_rate: Annotated[
        DecimalText | None,
        Field(description="What the rate would be had the stated chances been right."),
    ]
    control_rate: Annotated[DecimalText | None, Field(description="The control's rate.")]
    mean_outcome: Annotated[DecimalText | None, Field(description="Mean of hits and misses.")]
    loss: Annotated[
        DecimalText | None,
        Field(description="Mean penalty of what was stated (Brier, Winkler, CRPS); low is good."),
    ]
    loss_control: Annotated[
        DecimalText | None, Field(description="That of the control, or of the base rate.")
    ]
    order: Annotated[
        Literal["rank_ic", "auc"] | None,
        Field(description="What compares the order of each day's rows with what happened."),
    ]
    order_days: Annotated[int | None, Field(description="Days in that mean.")]
    order_mean: Annotated[DecimalText | None, Field(description="Mean of the daily figures.")]
    order_error: Annotated[
        DecimalText | None, Field(description="Its Newey-West standard error, lag the horizon.")
    ]
    order_neutral: Annotated[
        DecimalText | None, Field(description="What an order that knows nothing gets.")
    ]
    order_noise: Annotated[
        DecimalText | None,
        Field(description="Half width of the 95 % noise band around `order_neutral`."),
    ]
    order_control: Annotated[
        DecimalText | None, Field(description="The same mean of the same rows, shuffled.")
    ]


class RecordedDay(OfMeasure):
    """What came of one publication by one measure, and how the record stood after it."""

    as_of: Annotated[date, Field(description="The day judged.")]
    hour: Annotated[int | None, Field(description="Of an hourly kind the hour judged; else null.")]
    publication: Annotated[str, Field(description="Id of the publication.")]
    sequence: Annotated[int, Field(description="Its place among all publications.")]
    log: Annotated[int, Field(description="Number of the log that holds it.")]
    position: Annotated[int, Field(description="Its place in that log.")]
    status: Annotated[StatusText, Field(description="What was said of it later.")]
    overruled_by: Annotated[str | None, Field(description="The publication that says so.")]
    counted: Annotated[bool, Field(description="The first word of its origin about this day.")]
    closes_on: Annotated[date, Field(description="Day at whose close the outcome is known.")]
    closed: Annotated[bool, Field(description="The outcome is known.")]
    statements: Annotated[int, Field(description="The sum of the six counts that follow.")]
    hits: Annotated[int, Field(description="See TrackRecord, here of this publication.")]
    misses: int
    open: int
    undecided: int
    no_call: int
    no_view: int
    stated_rate: Annotated[DecimalText | None, Field(description="Mean stated chance of a hit.")]
    control_rate: Annotated[
        DecimalText | None, Field(description="The control's rate of this day.")
    ]
    order: Annotated[DecimalText | None, Field(description="The day's rank IC or AUC.")]
    order_control: Annotated[
        DecimalText | None, Field(description="The same of the same rows, shuffled.")
    ]
    order_so_far: Annotated[DecimalText | None, Field(description="Mean up to this publication.")]
    order_noise: Annotated[
        DecimalText | None,
        Field(description="Half width of the 95 % noise band around the neutral value."),
    ]
    rate_so_far: Annotated[
        DecimalText | None, Field(description="hits / (hits + misses) up to this publication.")
    ]


class CalibrationPoint(OfMeasure):
    """Statements that said alike, and what happened. By `probability`: of what was said to happen;
    by `decile`: a tenth of each day's rows in their order; by `level`: a stated quantile, and the
    share of outcomes at or below it.
    """

    by: Literal["probability", "decile", "level"]
    place: Annotated[int, Field(description="From the lowest on, 0 first.")]
    stated: Annotated[DecimalText | None, Field(description="Mean of what was stated.")]
    observed: Annotated[DecimalText | None, Field(description="Share that happened.")]
    low: Annotated[DecimalText | None, Field(description="Lower end of its 90 % interval.")]
    high: Annotated[DecimalText | None, Field(description="Upper end of it.")]
    statements: Annotated[int, Field(description="How many statements the point joins.")]
    happened: Annotated[int, Field(description="How many of them happened.")]
    mean_outcome: Annotated[
        DecimalText | None,
        Field(description="Mean of what happened; see `convention` of TrackRecord."),
    ]


class RecordedStatement(OfMeasure):
    """One row of a sealed publication and what came of it."""

    as_of: Annotated[date, Field(description="The day judged.")]
    hour: Annotated[int | None, Field(description="Of an hourly kind the hour judged; else null.")]
    publication: Annotated[str, Field(description="Id of the publication.")]
    row: Annotated[int, Field(description="Place of the row in it, from 0 on.")]
    log: Annotated[int, Field(description="Number of the log that holds the publication.")]
    position: Annotated[int, Field(description="Its place in that log.")]
    status: Annotated[StatusText, Field(description="What was said of it later.")]
    counted: Annotated[bool, Field(description="Stands in the figures: see TrackRecord.")]
    closes_on: Annotated[date, Field(description="Day at whose close the outcome is known.")]
    subject_id: Annotated[int, Field(description="Id of the token or index; 0: the market.")]
    symbol: Annotated[str, Field(description="As borne on the day judged; the slug of an index.")]
    said: Annotated[str | None, Field(description="What was said, as sealed.")]
    stated: Annotated[DecimalText | None, Field(description="The chance of a hit that was stated.")]
    outcome: Annotated[DecimalText | None, Field(description="What happened; see `convention`.")]
    result: ResultText


class Unscored(Shape):
    """A kind whose rows have no outcome of their own."""

    kind: str
    reason: str


class Reach(Shape):
    """How far the record reaches, and how much of it the answer is of. A statement counts once for
    each measure of its kind.
    """

    through: Annotated[date | None, Field(description="Facts up to this day are in it.")]
    complete: Annotated[bool, Field(description="False while it is being built.")]
    unsealed: Annotated[int, Field(description="Publications in no log, which count nowhere.")]
    counted_statements: Annotated[int, Field(description="Statements that the answer is of.")]
    left_out_statements: Annotated[int, Field(description="Statements that the filters left out.")]
    unscored: Annotated[
        list[Unscored], Field(description="Kinds without an outcome of their own, and why.")
    ]


class RecordPage(Page[Item], Generic[Item]):
    """A page of the record. Publication and origin stand in each row."""

    suffix: ClassVar[str] = "Page"

    reach: Reach
