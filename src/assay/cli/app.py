"""The `assay` command and its verbs."""

import typer

from assay import __version__
from assay.cli import facts, indices, judgements, proofs, published, running
from assay.cli.context import out

app = typer.Typer(
    name="assay",
    help="Judgements of every token, computed from what was known then. Not investment advice.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(running.serve)
app.command("prepare", hidden=True)(running.prepare)
app.command("backfill")(running.backfill)
app.add_typer(facts.importing, name="import")
app.add_typer(facts.fetching, name="fetch")
app.command("tokens")(facts.tokens)
app.command("redenominate")(facts.redenominate)
app.command("quarantine")(facts.quarantine)
app.command("train")(judgements.train)
app.command("grade")(judgements.grade)
app.command("grades")(judgements.grades)
app.command("explain")(judgements.explain)
for show in (
    published.signals,
    published.forecasts,
    published.levels,
    published.scenarios,
    published.indices,
    published.moonshots,
    published.market,
    published.briefing,
):
    app.command(show.__name__)(show)
own = typer.Typer(help="Your own indices, kept private.", no_args_is_help=True)
own.command("create")(indices.create)
own.command("list")(indices.list_own)
own.command("show")(indices.show)
own.command("delete")(indices.delete)
app.add_typer(own, name="index")
app.command("evaluate")(judgements.evaluate)
app.command("reproduce")(proofs.reproduce)
app.command("export")(proofs.export)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


def main() -> None:
    """Entry point of the `assay` command."""
    app()
