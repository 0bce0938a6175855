"""reproduce, export: anyone can check what was published."""

from pathlib import Path
from typing import Annotated

import typer

from assay import grades
from assay.cli.context import command, err, out
from assay.cli.start import ensure_sample
from assay.kit.errors import BadInput


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
        if bundle is not None:
            result = grades.reproduce_bundle(bundle)
        else:
            ensure_sample(context)
            result = grades.reproduce_publication(
                context.home, context.database, str(publication_id)
            )
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
    """Bundle a publication with its facts and model, so that another machine can reproduce it."""
    with command() as context:
        ensure_sample(context)
        target = output or Path(f"{publication_id}.zip")
        grades.export_publication(context.home, context.database, publication_id, target)
        out.print(f"Wrote {target}", soft_wrap=True)
        out.print(f"Check it with: assay reproduce --bundle {target}", soft_wrap=True)
