"""Grades: what a row holds, what a list of them may be asked."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from assay.api.listing import Keep, Listing, Spoken, View, has_category, reaches, stays_below
from assay.api.parameters import Amount, Share, TokensOfDayQuery
from assay.api.schemas import DecimalText, OriginText, Shape, Single, TokenRow
from assay.grades import GradeKind

GradeValue = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})]


class Range(Shape):
    """A 90 % interval of the log return minus that of the median coin, over the horizon."""

    low: DecimalText
    high: DecimalText


class Grade(TokenRow):
    """One row of a publication of grades."""

    grade: Annotated[DecimalText | None, Field(description="0 to 100; null: no view.")]
    label: Annotated[str | None, Field(examples=["Buy"])]
    change: Annotated[DecimalText | None, Field(description="Grade minus that of the day before.")]
    rank: Annotated[int | None, Field(description="1 is best.")]
    sub_grades: Annotated[
        dict[str, DecimalText | None] | None, Field(description="0 to 100 by family of factors.")
    ]
    raw_score: Annotated[
        DecimalText | None,
        Field(description="Score before it is scaled to 0 to 100; contributions add up to it."),
    ]
    probability: Annotated[
        DecimalText | None,
        Field(description="Calibrated probability of beating the median coin over the horizon."),
    ]
    interval: Range | None
    capped: Annotated[bool, Field(description="True if a rule of safety held the grade down.")]
    volume_usd: Annotated[DecimalText | None, Field(description="Median dollar volume of 30 days.")]


class GradePoint(Shape):
    """One day of a token's grades."""

    as_of: date
    grade: DecimalText | None
    label: str | None
    no_view: Annotated[str | None, Field(description="Code of why there is no view.")]
    origin: OriginText
    publication: str


class ExplanationAnswer(Single[dict[str, Any]]):
    """Why a token has its grade: contributions in grade points that add up to its raw score."""


class GradesQuery(TokensOfDayQuery):
    """Which grades of a day."""

    category: Annotated[
        str | None,
        Field(max_length=100, description="Only tokens of this category (optional data)."),
        Keep("categories", has_category),
    ] = None
    min_grade: Annotated[
        GradeValue | None,
        Field(ge=0, le=100, description="Only grades of at least this, 0 to 100."),
        Keep("grade", reaches),
    ] = None
    max_grade: Annotated[
        GradeValue | None,
        Field(ge=0, le=100, description="Only grades of at most this, 0 to 100."),
        Keep("grade", stays_below),
    ] = None
    min_probability: Annotated[
        Share | None,
        Field(ge=0, le=1, description="Only a probability of at least this, 0 to 1."),
        Keep("probability", reaches),
    ] = None
    min_volume_usd: Annotated[
        Amount | None,
        Field(ge=0, description="Only tokens with at least this volume, in USD."),
        Keep("volume_usd", reaches),
    ] = None
    sort: Annotated[
        Literal[
            "-grade",
            "grade",
            "symbol",
            "-symbol",
            "change",
            "-change",
            "volume",
            "-volume",
            "probability",
            "-probability",
        ],
        Field(description="Order; ties by token id."),
    ] = "-grade"


GRADES = {
    kind: Listing(
        Spoken(f"grades.{kind}", f"{kind} grades", kind.value),
        View.LIST,
        "/grades/{kind}",
        "grades",
        Grade,
        "List the grades of one day, best first; tokens without a view come last, with the reason.",
        query=GradesQuery,
        members={"volume": "volume_usd"},
    )
    for kind in GradeKind
}
"""Both kinds share a route: its path names which one is asked for."""
