"""log status, new, resume, rotate, check: the transparency log, as its operator sees it."""

import base64
from datetime import timedelta
from typing import Annotated

import typer

from assay import ledger
from assay.cli.context import Context, command, err, out
from assay.kit.errors import KeyUnusable, LogHalted, NotFound
from assay.kit.moments import format_utc
from assay.ledger import Log, OutsideView

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def status() -> None:
    """Say which log this installation grows, its newest checkpoint and keys, and whether it may go
    on. Exit code 1 if it may not.
    """
    with command() as context:
        log = load_log(context)
        _show(context, log)
        view = look_outside(context)
        for head in view.heads:
            _say(f"outside    {head.source}: {head.size} entries, {head.state}")
        for source, reason in view.unasked:
            _say(f"outside    {source} could not be asked: {reason}")
        try:
            ledger.open_log(context.database, context.clock)
        except (LogHalted, KeyUnusable) as error:
            _say(f"halted     {error.message}")
            err.print(f"      {error.hint}", highlight=False, soft_wrap=True, markup=False)
            raise typer.Exit(1) from error
        _say("It may go on.")


def start_new(yes: YesOption = False) -> None:
    """Start another log with a name and a key of its own, where this one may not go on. What was
    said before keeps its log and its proofs; the new log's first entry names it.
    """
    with command() as context:
        if not yes:
            typer.confirm(
                "Everybody who follows the log must be told of the new name and key. Start it?",
                abort=True,
                err=True,
            )
        look_outside(context)
        log = ledger.start_new_log(context.database, context.clock)
        _say(f"Log {log.number} has begun.")
        _show(context, log)


def resume() -> None:
    """Go on with the log of a home that was moved. Somebody outside must know its newest checkpoint
    and nothing newer.
    """
    with command() as context:
        view = look_outside(context)
        log = ledger.resume_log(context.database, view, context.clock.now())
        _say(f"The log {log.origin} goes on here.")


def rotate(
    overlap_days: Annotated[
        float, typer.Option("--overlap-days", min=0, help="How long the old key signs too.")
    ] = 7.0,
) -> None:
    """Let a new key sign the log, for a while beside the old one."""
    with command() as context:
        overlap = timedelta(days=overlap_days)
        key, until = ledger.rotate_key(context.database, context.clock, overlap)
        _say(f"The new key  {ledger.format_vkey(key.name, key.public_key)}")
        _say(f"The old key signs too until {format_utc(until)}.")


def check(
    rows: Annotated[
        bool, typer.Option("--rows", help="Also the rows of every publication; takes longer.")
    ] = False,
) -> None:
    """Read all of every log: each leaf, tile, checkpoint and signature. Exit code 1 where one does
    not fit.
    """
    with command() as context:
        load_log(context)
        look_outside(context)
        with context.database.read() as connection:
            for log in ledger.list_logs(connection):
                report = ledger.check_log(connection, log)
                _say(
                    f"{log.origin}: {report.size} entries, {report.checkpoints} checkpoints, all of"
                    " them fit."
                )
            if rows:
                total = ledger.check_publications(connection, context.progress)
                _say(f"{total} publications, all rows as sealed.")


def load_log(context: Context) -> Log:
    """The newest log. Raises NotFound before anything was said."""
    with context.database.read() as connection:
        log = ledger.load_log(connection)
    if log is None:
        raise NotFound("There is no log yet.", hint="The first publication starts one.")
    return log


def look_outside(context: Context) -> OutsideView:
    """Ask the witnesses and the chain that are configured, and remember what does not fit: from
    then on no process of this home appends. Nobody is asked where nobody is configured.
    """
    outside = ledger.read_outside(context.settings)
    if not outside.witnesses and outside.chain is None:
        return OutsideView()
    with context.database.read() as connection:
        log = ledger.load_log(connection)
    if log is None:
        return OutsideView()
    view = ledger.ask_outside(context.database, outside, context.clock)
    ledger.keep_view(context.home, log, view)
    return view


def open_at_start(context: Context) -> None:
    """Look at the log before the server starts, and say what keeps it from going on: what stands is
    served all the same. Raises Corrupt where it is damaged.
    """
    try:
        for source, reason in look_outside(context).unasked:
            _warn(f"{source} could not be asked what it knows of the log: {reason}")
        ledger.open_log(context.database, context.clock)
    except (LogHalted, KeyUnusable) as error:
        _warn(f"Nothing new can be published. {error}")


def _show(context: Context, log: Log) -> None:
    with context.database.read() as connection:
        signed = ledger.load_checkpoint(connection, log.number)
        keys = ledger.list_log_keys(connection, log.number)
    _say(f"log        {log.origin}{' (replay)' if log.is_replay else ''}")
    _say(f"since      {format_utc(log.started_at)}, number {log.number} of this database")
    if signed is not None:
        root = base64.b64encode(signed.root).decode()
        _say(f"newest     {signed.size} entries, root {root}, {format_utc(signed.signed_at)}")
    for key in keys:
        ends = "" if key.until is None else f" until {format_utc(key.until)}"
        _say(f"key        {ledger.format_vkey(key.name, key.public_key)}{ends}")


def _say(line: str) -> None:
    out.print(line, highlight=False, soft_wrap=True, markup=False)


def _warn(line: str) -> None:
    err.print(f"warning {line}", style="yellow", highlight=False, soft_wrap=True, markup=False)
