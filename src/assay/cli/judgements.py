"""train, grade, grades, explain, evaluate: asking the grades room."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from assay import grades as room
from assay import markets
from assay.cli.context import Context, command, err, out
from assay.cli.log import look_outside
from assay.cli.rooms import RoomName, find_room, list_needs, publish_room
from assay.cli.start import ensure_sample
from assay.cli.tables.common import WIDE
from assay.cli.tables.evaluation import draw_evaluation, draw_grades_evaluation
from assay.cli.tables.grades import draw_explanation, draw_grades
from assay.kit.atomic import write_atomic
from assay.kit.moments import parse_day
from assay.ledger import Publication

KindOption = Annotated[room.GradeKind, typer.Option("--kind", help="trader or investor.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Day, YYYY-MM-DD.")]


def train(
    kind: Annotated[room.GradeKind | None, typer.Option("--kind", help="Default: both.")] = None,
    permutations: Annotated[
        int, typer.Option(min=0, help="Also train on N within-day shuffles of the labels.")
    ] = 0,
) -> None:
    """Train the walk-forward models from the facts of this home; artefacts go to its folder."""
    with command() as context:
        ensure_sample(context)
        for each in [kind] if kind else list(room.GradeKind):
            trained = room.train_models(
                context.home, each, context.clock, context.progress, permutations=permutations
            )
            for artefact in trained:
                out.print(f"{each}  {artefact.name}  trained through {artefact.trained_through}")


def grade(as_of: AsOfOption = None) -> None:
    """Publish both grades of one day (default: the newest complete day)."""
    with command() as context:
        ensure_sample(context)
        look_outside(context)
        day = parse_day(as_of) if as_of else None
        for kind in room.GradeKind:
            said = room.publish_grades(
                context.home, context.database, kind, context.clock, as_of=day
            )
            viewed = sum(row["grade"] is not None for row in orjson.loads(said.rows))
            out.print(f"{said.publication_id}  {viewed} grades  {said.origin.value}")


def grades(
    kind: KindOption = room.GradeKind.TRADER,
    top: Annotated[int, typer.Option(min=1, help="How many rows.")] = 20,
    as_of: AsOfOption = None,
) -> None:
    """Show the best graded tokens of a day."""
    with command() as context:
        said = _require_grades(context, kind, as_of)
        rows: list[dict[str, Any]] = orjson.loads(said.rows)
        viewed = sum(row["grade"] is not None for row in rows)
        share = f"{said.origin.value}, {viewed} of {len(rows)}"
        title = f"{kind.value.title()} Grade  {said.as_of}  ({share})"
        out.print(draw_grades(title, rows[:top], is_wide=out.width >= WIDE))
        out.print(f"{said.publication_id}  not investment advice", style="bright_black")


def explain(
    symbol: Annotated[str, typer.Argument(help="Ticker as named on that day, or token id.")],
    kind: KindOption = room.GradeKind.TRADER,
    as_of: AsOfOption = None,
) -> None:
    """Say what moved a token's grade, in grade points that add up."""
    with command() as context:
        said = _require_grades(context, kind, as_of)
        registry = markets.load_registry(context.home)
        is_id = symbol.isascii() and symbol.isdecimal()
        named = registry.by_id(int(symbol[:18])) if is_id else None
        token = named or registry.resolve(symbol, said.as_of)
        answer = room.explain_grade(
            context.home, context.database, kind, token.token_id, said.as_of
        )
        out.print(draw_explanation(asdict(answer)))


def evaluate(
    kind: Annotated[RoomName, typer.Option("--kind", help="What is measured.")] = RoomName.TRADER,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every figure here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts here.")] = None,
) -> None:
    """Measure whether what was published is worth anything; days that are owed are said first."""
    with command() as context:
        ensure_sample(context)
        first = parse_day(start) if start else None
        last = parse_day(end) if end else None
        measured = find_room(kind)
        for need in list_needs(measured):
            publish_room(context, need, context.progress, end=last)
        home, database, clock = context.home, context.database, context.clock
        found = measured.evaluate(home, database, clock, context.progress, start=first, end=last)
        if json:
            write_atomic(json, orjson.dumps(found.document, option=orjson.OPT_INDENT_2))
        if html:
            write_atomic(html, found.page.encode())
        draw = draw_evaluation if measured.grade is None else draw_grades_evaluation
        out.print(draw(found))
        for path in filter(None, (json, html)):
            err.print(f"Wrote {path}")


def _require_grades(context: Context, kind: room.GradeKind, as_of: str | None) -> Publication:
    ensure_sample(context)
    day = parse_day(as_of) if as_of else markets.load_panel(context.home).complete_through
    said = room.load_grades(context.database, kind, day)
    if said is not None:
        return said
    return room.publish_grades(context.home, context.database, kind, context.clock, as_of=day)
