"""index create, list, show, delete: a user's own indices, which are never published."""

from pathlib import Path
from typing import Annotated

import typer

from assay import indices as room
from assay.cli.context import command, out
from assay.cli.start import ensure_sample
from assay.cli.tables.indices import draw_index
from assay.cli.tables.own_indices import draw_figures, draw_own
from assay.kit.errors import BadInput, NotFound

LARGEST_FILE = 100_000

SlugArgument = Annotated[str, typer.Argument(help="Name of the index: its slug.")]


def create(
    file: Annotated[Path, typer.Argument(help="Rule book, TOML (docs/method/indices.md).")],
) -> None:
    """Check a rule book, follow it from its start to the newest day, and keep it in this home."""
    with command() as context:
        text = _read(file)
        ensure_sample(context)
        own = room.create_own(context.home, context.database, text, context.clock, context.progress)
        out.print(draw_index(f"{own.last_day}, yours alone", own.newest, own.newest["coins"]))
        out.print(draw_figures(room.measure_own(own)))


def list_own() -> None:
    """List your own indices."""
    with command() as context:
        out.print(draw_own(room.list_own(context.database)))


def show(slug: SlugArgument) -> None:
    """Show what one of your indices holds and how it did; new days are computed first."""
    with command() as context:
        ensure_sample(context)
        own = room.load_own(context.home, context.database, slug, context.clock, context.progress)
        out.print(draw_index(f"{own.last_day}, yours alone", own.newest, own.newest["coins"]))
        out.print(draw_figures(room.measure_own(own)))


def delete(slug: SlugArgument) -> None:
    """Delete one of your indices."""
    with command() as context:
        room.delete_own(context.home, context.database, slug)
        out.print(f"Deleted {slug}.")


def _read(file: Path) -> str:
    if not file.is_file():
        raise NotFound(f"There is no file {file}.", hint="Check the path.")
    if file.stat().st_size > LARGEST_FILE:
        raise BadInput(f"{file} is too large for a rule book.", hint="Give a TOML file of a page.")
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not text.", hint="Save it as UTF-8.") from error
