"""reproduce, export: anyone can check what was published."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from assay import grades, publishing
from assay.cli.context import Context, command, err, out
from assay.cli.rooms import SPEAKERS
from assay.cli.start import ensure_sample
from assay.kit.errors import BadInput
from assay.publishing import Reproduction

GRADES = "grades."
"""How the kinds begin that are judged by a trained model, which their room brings along."""


def reproduce(
    publication_id: Annotated[str | None, typer.Argument(help="Id of a publication.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Check an exported bundle instead; needs no home.")
    ] = None,
) -> None:
    """Compute a publication again from its facts and model; fails unless every byte is equal."""
    with command() as context:
        if (publication_id is None) == (bundle is None):
            raise BadInput(
                "Name either a publication id or a bundle.",
                hint="For example: assay reproduce ID, or assay reproduce --bundle FILE.",
            )
        if publication_id is not None and Path(publication_id).is_file():
            raise BadInput(
                f"{publication_id} is a file, not the id of a publication.",
                hint=f"Check a bundle with: assay reproduce --bundle {publication_id}",
            )
        if bundle is not None:
            result = _reproduce_bundle(bundle)
        else:
            result = _reproduce_publication(context, str(publication_id))
        for check in result.checks:
            mark = "[green]equal[/green]" if check.is_equal else "[bold red]DIFFERENT[/bold red]"
            out.print(f"{check.name:<16} {mark}  {check.digest}", highlight=False, soft_wrap=True)
        if not result.is_equal:
            err.print(
                f"[bold red]not reproduced[/bold red] {result.hint}",
                highlight=False,
                soft_wrap=True,
            )
            raise typer.Exit(1)
        out.print(
            f"[bold green]reproduced[/bold green] {result.publication_id}",
            highlight=False,
            soft_wrap=True,
        )


def export(
    publication_id: Annotated[str, typer.Argument(help="Id of a publication.")],
    output: Annotated[Path | None, typer.Option("--out", help="Default: ID.zip here.")] = None,
) -> None:
    """Bundle a publication with all it was judged from, so that another machine can check it."""
    with command() as context:
        ensure_sample(context)
        target = output or Path(f"{publication_id}.zip")
        if publication_id.startswith(GRADES):
            grades.export_publication(context.home, context.database, publication_id, target)
        else:
            publishing.export_publication(
                context.home, context.database, SPEAKERS, publication_id, target
            )
        out.print(f"Wrote {target}", soft_wrap=True)
        out.print(f"Check it with: assay reproduce --bundle {target}", soft_wrap=True)


def _reproduce_publication(context: Context, publication_id: str) -> Reproduction:
    ensure_sample(context)
    if publication_id.startswith(GRADES):
        return grades.reproduce_publication(context.home, context.database, publication_id)
    return publishing.reproduce_publication(
        context.home, context.database, SPEAKERS, publication_id
    )


def _reproduce_bundle(bundle: Path) -> Reproduction:
    header = orjson.loads(publishing.read_bundle(bundle)["header.json"])
    if header["kind"].startswith(GRADES):
        return grades.reproduce_bundle(bundle)
    return publishing.reproduce_bundle(bundle, SPEAKERS)
