"""reproduce, export: anyone can check what was published."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape

from assay import grades, ledger, publishing
from assay.cli.context import Context, command, err, out
from assay.cli.rooms import GRADED, SPEAKERS
from assay.cli.sampling import (
    Outcome,
    SampleReport,
    describe_sample,
    reproduce_one,
    reproduce_sample,
)
from assay.cli.start import ensure_sample
from assay.cli.tables.common import create_table
from assay.kit.errors import BadInput, NotFound
from assay.publishing import Reproduction

NARROW = 16


def reproduce(
    publication_id: Annotated[str | None, typer.Argument(help="Id of a publication.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Check an exported bundle instead; needs no home.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="With --bundle: a verifier key of the log that you know, or its file."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Check so many random publications of this home.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="With --sample: only this room or kind; may be repeated."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="With --sample: draw the same ones again.")
    ] = None,
    until: Annotated[
        int | None,
        typer.Option(min=1, help="With --sample: draw from sequence numbers up to this one."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --sample: for programs, one JSON document.")
    ] = False,
) -> None:
    """Compute a publication again from its facts and model; fails unless every byte is equal."""
    with command() as context:
        if sum(item is not None for item in (publication_id, bundle, sample)) != 1:
            raise BadInput(
                "Name either a publication id, a bundle or the size of a sample.",
                hint="For example: assay reproduce ID, assay reproduce --bundle FILE, or"
                " assay reproduce --sample 50.",
            )
        if sample is not None:
            ensure_sample(context)
            report = reproduce_sample(
                context, context.progress, sample, names=kind or (), seed=seed, until=until
            )
            _show_sample(report, as_json=as_json)
            return
        if bundle is not None:
            _show(_reproduce_bundle(bundle, _read_keys(key or [])))
        else:
            _show(_reproduce_publication(context, str(publication_id)))


def export(
    publication_id: Annotated[str, typer.Argument(help="Id of a publication.")],
    output: Annotated[Path | None, typer.Option("--out", help="Default: ID.zip here.")] = None,
) -> None:
    """Bundle a publication with all it was judged from, so that another machine can check it."""
    with command() as context:
        ensure_sample(context)
        target = output or Path(f"{publication_id}.zip")
        if _find_kind(context, publication_id) in GRADED:
            grades.export_publication(context.home, context.database, publication_id, target)
        else:
            publishing.export_publication(
                context.home, context.database, SPEAKERS, publication_id, target
            )
        out.print(f"Wrote {target}", soft_wrap=True)
        out.print(f"Check it with: assay reproduce --bundle {target}", soft_wrap=True)


def _reproduce_publication(context: Context, publication_id: str) -> Reproduction:
    if Path(publication_id).is_file():
        raise BadInput(
            f"{publication_id} is a file, not the id of a publication.",
            hint=f"Check a bundle with: assay reproduce --bundle {publication_id}",
        )
    ensure_sample(context)
    return reproduce_one(context, publication_id, _find_kind(context, publication_id))


def _find_kind(context: Context, publication_id: str) -> str:
    with context.database.read() as connection:
        return ledger.load_publication(connection, publication_id).kind


def _reproduce_bundle(bundle: Path, keys: list[str]) -> Reproduction:
    members = publishing.read_bundle(bundle)
    with publishing.damaged_bundle(bundle):
        is_grade = orjson.loads(members["header.json"])["kind"] in GRADED
    if is_grade:
        return grades.reproduce_bundle(bundle, keys)
    return publishing.reproduce_bundle(bundle, SPEAKERS, keys)


def _read_keys(given: list[str]) -> list[str]:
    """Verifier keys, written out or in files with one a line."""
    keys: list[str] = []
    for item in given:
        if "+" in item:
            keys.append(item)
            continue
        path = Path(item)
        if not path.is_file():
            raise NotFound(
                f"{item} is neither a verifier key nor a file.",
                hint="A verifier key reads name+id+base64; GET /log/vkey shows the log's.",
            )
        keys += path.read_text(encoding="utf-8").split()
    return keys


def _show(result: Reproduction) -> None:
    for check in result.checks:
        mark = "[green]equal[/green]" if check.is_equal else "[bold red]DIFFERENT[/bold red]"
        out.print(f"{check.name:<{NARROW}} {mark}  {check.digest}", highlight=False, soft_wrap=True)
    if result.evidence is not None:
        mark = {
            True: "[green]right[/green]",
            False: "[bold red]WRONG[/bold red]",
            None: "[yellow]absent[/yellow]",
        }[result.evidence.is_right]
        name = "log evidence"
        words = escape(result.evidence.text)
        out.print(f"{name:<{NARROW}} {mark}  {words}", highlight=False, soft_wrap=True)
    if not result.is_equal:
        why = f"not equal or wrong: {', '.join(result.differences)}. {result.hint}".strip()
        err.print(f"[bold red]not reproduced[/bold red] {why}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    out.print(
        f"[bold green]reproduced[/bold green] {result.publication_id}",
        highlight=False,
        soft_wrap=True,
    )


def _show_sample(report: SampleReport, *, as_json: bool) -> None:
    if as_json:
        document = orjson.dumps(describe_sample(report), option=orjson.OPT_INDENT_2)
        sys.stdout.write(document.decode() + "\n")
    else:
        _draw_sample(report)
    if not report.is_clean:
        if not as_json:
            err.print("[bold red]not reproduced[/bold red]", highlight=False)
        raise typer.Exit(1)


def _draw_sample(report: SampleReport) -> None:
    sample = report.sample
    numbers = ("said", "checked", "equal", "different", "not here")
    table = create_table(("kind", *numbers), right=numbers)
    for row in describe_sample(report)["kinds"]:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)
    for item in report.checked:
        name = item.drawn.heading.publication_id
        if item.drawn.overruled_by:
            later = ", ".join(item.drawn.overruled_by)
            _tell(f"{name}: {item.outcome}; it was corrected or withdrawn by {later}")
        if item.outcome is not Outcome.EQUAL:
            _tell(f"{name}: {item.outcome}: {item.reason}")
    total = len(report.checked)
    _tell(
        f"{report.count(Outcome.EQUAL)} of {total} came out equal to the byte; drawn from"
        f" {sum(sample.totals.values())} publications."
    )
    _tell(f"Draw the same again with: --sample {total} --seed {sample.seed} --until {sample.until}")


def _tell(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)
