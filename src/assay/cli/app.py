"""The `assay` command and its verbs."""

from typing import Annotated

import typer

from assay import __version__
from assay.cli import (
    accounts,
    alerts,
    channels,
    credentials,
    demo,
    exchange,
    facts,
    indices,
    jobs,
    judgements,
    log,
    operations,
    outside,
    proofs,
    published,
    running,
    schedules,
    track_record,
    verify,
)
from assay.cli.context import out
from assay.cli.doctor import doctor

app = typer.Typer(
    name="assay",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(running.serve)
app.command("serve-process", hidden=True)(running.serve_process)
app.command("worker")(jobs.worker)
app.command("live")(running.live)
app.command("demo")(demo.demo)
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
people = typer.Typer(help="People who may use a keyed installation.", no_args_is_help=True)
people.command("create")(accounts.create)
people.command("list")(accounts.list_all)
people.command("role")(accounts.role)
people.command("disable")(accounts.disable)
people.command("enable")(accounts.enable)
people.command("reset")(accounts.reset)
people.command("delete")(accounts.delete)
app.add_typer(people, name="account")
work = typer.Typer(help="Long work that workers carry out.", no_args_is_help=True)
work.command("list")(jobs.list_all)
work.command("show")(jobs.show)
work.command("run")(jobs.run)
work.command("cancel")(jobs.cancel)
app.add_typer(work, name="jobs")
cadence = typer.Typer(help="Jobs that become due by themselves.", no_args_is_help=True)
cadence.command("list")(schedules.list_all)
cadence.command("run")(schedules.run)
cadence.command("on")(schedules.turn_on)
cadence.command("off")(schedules.turn_off)
app.add_typer(cadence, name="schedules")
watch = typer.Typer(help="Your own rules, and where their messages go.", no_args_is_help=True)
for verb in (
    alerts.add,
    alerts.show,
    alerts.pause,
    alerts.resume,
    alerts.delete,
    alerts.history,
    alerts.deliveries,
    alerts.requeue,
    alerts.templates,
):
    watch.command(verb.__name__)(verb)
watch.command("list")(alerts.list_all)
watch.command("test")(alerts.try_out)
places = typer.Typer(help="Where messages go.", no_args_is_help=True)
places.command("add")(channels.add)
places.command("list")(channels.list_all)
places.command("delete")(channels.delete)
places.command("on")(channels.turn_on)
places.command("off")(channels.turn_off)
watch.add_typer(places, name="channels")
app.add_typer(watch, name="alert")
held = typer.Typer(help="Rows of publications, signed for a holder.", no_args_is_help=True)
held.command("keygen")(credentials.keygen)
held.command("issue")(credentials.issue)
held.command("present")(credentials.present)
held.command("verify")(credentials.verify)
held.command("withdraw")(credentials.withdraw)
held.command("show")(credentials.show)
held.command("list")(credentials.list_all)
held.command("rotate-key")(credentials.rotate_key)
app.add_typer(held, name="credential")
transparency = typer.Typer(help="The transparency log.", no_args_is_help=True)
transparency.command("status")(log.status)
transparency.command("new")(log.start_new)
transparency.command("resume")(log.resume)
transparency.command("rotate")(log.rotate)
transparency.command("check")(log.check)
transparency.command("witness")(outside.witness)
transparency.add_typer(outside.anchor, name="anchor")
app.add_typer(transparency, name="log")
app.add_typer(exchange.app, name="exchange")
app.command("evaluate")(judgements.evaluate)
record = typer.Typer(
    help="What came of everything that was said: hits and misses, by origin.",
    invoke_without_command=True,
)
record.callback()(track_record.show)
record.command("rebuild")(track_record.rebuild)
app.add_typer(record, name="track-record")
app.command("reproduce")(proofs.reproduce)
app.command("export")(proofs.export)
app.command("verify")(verify.verify)
app.command("backup")(operations.backup)
app.command("restore")(operations.restore)
app.command("doctor")(doctor)
app.add_typer(operations.database, name="database")
app.add_typer(operations.retention, name="retention")


def print_version(is_asked: bool) -> None:
    """Print the version and stop, where that is asked."""
    if is_asked:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=print_version),
    ] = False,
) -> None:
    """Judgements of every token, computed from what was known then. Not investment advice."""


def main() -> None:
    """Entry point of the `assay` command."""
    app()
