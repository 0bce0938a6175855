"""The only code that touches the `grade_points` table: one row per token, day and publication.

It is an index into the publications, for histories; the publication's rows are what was said.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    select,
)

from assay.kit.database import metadata
from assay.ledger import Publication, Standing

grade_points = Table(
    "grade_points",
    metadata,
    Column("kind", String, nullable=False),
    Column("token_id", Integer, nullable=False),
    Column("as_of_day", Integer, nullable=False),
    Column("sequence", Integer, ForeignKey("publications.sequence"), nullable=False),
    Column("grade_centi", SmallInteger),
    Column("no_view", String),
    PrimaryKeyConstraint("kind", "token_id", "as_of_day", "sequence"),
    sqlite_with_rowid=False,
)

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """One token's grade on one day, in hundredths; None with the code of why there is none."""

    as_of: date
    sequence: int
    grade_centi: int | None
    no_view: str | None


def save_points(
    connection: Connection,
    publication: Publication,
    points: list[tuple[int, int | None, str | None]],
) -> None:
    """Index a publication's (token id, grade in hundredths, no-view code) rows."""
    day = (publication.as_of - _EPOCH).days
    connection.execute(
        grade_points.insert(),
        [
            {
                "kind": publication.kind,
                "token_id": token_id,
                "as_of_day": day,
                "sequence": publication.sequence,
                "grade_centi": grade,
                "no_view": code,
            }
            for token_id, grade, code in points
        ],
    )


def load_points(
    connection: Connection,
    kind: str,
    token_id: int,
    standing: list[Standing],
) -> list[StoredPoint]:
    """The token's points in the publications that stand, ascending by day.

    A day on which the publication does not speak of the token has no point.
    """
    if not standing:
        return []
    first, last = standing[0].as_of, standing[-1].as_of
    statement = (
        select(grade_points)
        .where(
            grade_points.c.kind == kind,
            grade_points.c.token_id == token_id,
            grade_points.c.as_of_day.between((first - _EPOCH).days, (last - _EPOCH).days),
        )
        .order_by(grade_points.c.as_of_day)
    )
    stands = {item.sequence for item in standing}
    return [
        StoredPoint(
            as_of=_EPOCH + timedelta(days=row.as_of_day),
            sequence=row.sequence,
            grade_centi=row.grade_centi,
            no_view=row.no_view,
        )
        for row in connection.execute(statement)
        if row.sequence in stands
    ]
