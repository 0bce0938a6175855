"""log witness; log anchor deploy, write, status, receipt: who looks at the log from outside."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from assay import ledger
from assay.cli.context import Context, command, err, out
from assay.kit.atomic import write_atomic
from assay.kit.errors import BadInput, Conflict, NotFound
from assay.kit.moments import format_utc
from assay.ledger import Anchoring, AnchorReceipt, Submission

WEI_PER_COIN = 10**18

anchor = typer.Typer(help="The log on an EVM chain.", no_args_is_help=True)


def witness() -> None:
    """Submit the newest checkpoint to every configured witness now; workers do so each minute.

    Exit code 1 where one did not cosign it.
    """
    with command() as context:
        outside = ledger.read_outside(context.settings)
        if not outside.witnesses:
            raise NotFound(
                "No witness is configured.", hint="Set ASSAY_WITNESSES; docs/witnesses.md says how."
            )
        told = ledger.submit_checkpoint(context.database, outside, context.clock)
        if not told:
            raise NotFound("There is no log yet.", hint="It begins with the first publication.")
        _show(told)
        if any(item.is_alarm for item in told):
            _halt(context)
        if any(item.trouble for item in told):
            raise typer.Exit(1)


@anchor.command("deploy")
def deploy() -> None:
    """Make the contract of this log; prints what to set. Its account pays and is its only owner."""
    with command() as context:
        anchoring = _open(context)
        status = anchoring.status()
        if status.size is not None:
            raise Conflict(
                f"The log has its contract, which holds {status.size} entries.",
                hint="Empty ASSAY_ANCHOR_CONTRACT to make another one.",
            )
        err.print(f"Paid by {status.address}; this takes as long as the chain.", highlight=False)
        address = anchoring.deploy()
        out.print(f"ASSAY_ANCHOR_CONTRACT={address}", highlight=False)


@anchor.command("write")
def write(
    wait_s: Annotated[
        float,
        typer.Option("--wait-s", min=0, max=86_400, help="How long to wait until it is final."),
    ] = 600.0,
) -> None:
    """Write the newest checkpoint into the contract and wait until it is final; prints the receipt
    that `assay verify` reads. Exit code 1 where it is not final in time.
    """
    with command() as context:
        receipt = _open(context).write(wait_s=wait_s)
        if receipt is None:
            err.print("It is not final yet; workers or `assay log anchor write` see it through.")
            raise typer.Exit(1)
        _print_receipt(receipt)


@anchor.command("status")
def show_status() -> None:
    """Show the account, the contract, the newest final anchor and what is under way."""
    with command() as context:
        anchoring = _open(context)
        settled = anchoring.settle() if context.settings.anchor_contract else []
        status = anchoring.status()
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_row("account", status.address)
        table.add_row("balance", f"{status.balance_wei / WEI_PER_COIN:.6f} coins of the chain")
        table.add_row("contract", context.settings.anchor_contract or "none yet")
        if status.size is not None:
            table.add_row("anchored", f"{status.size} entries")
        if status.last is not None:
            table.add_row("final", f"{status.last.size} entries, {_describe(status.last)}")
        for sent in status.sent:
            table.add_row(
                "under way", f"{sent.size} entries, {sent.tx}, since {format_utc(sent.sent_at)}"
            )
        out.print(table)
        if settled:
            err.print(f"{len(settled)} became final just now.", highlight=False)


@anchor.command("receipt")
def save_receipt(
    size: Annotated[
        int | None, typer.Option("--size", min=1, help="Entries; default: the newest final one.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", help="Write it to a file.")] = None,
) -> None:
    """Print the receipt of a final anchor, for whoever verifies with `assay verify --anchor`."""
    with command() as context:
        with context.database.read() as connection:
            log = ledger.load_log(connection)
            found = [] if log is None else ledger.list_anchors(connection, log.number)
        chosen = [receipt for receipt in found if size is None or receipt.size == size]
        if not chosen:
            raise NotFound(
                "There is no final anchor" + (f" of {size} entries." if size else " yet."),
                hint="`assay log anchor status` shows them.",
            )
        if output is None:
            _print_receipt(chosen[0])
        else:
            write_atomic(output, ledger.format_receipt(chosen[0]))
            err.print(f"Wrote {output}", highlight=False, soft_wrap=True)


def _show(told: list[Submission]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Witness", no_wrap=True)
    table.add_column("Entries", justify="right")
    table.add_column("Cosigned")
    for item in told:
        at = format_utc(item.cosigned_at) if item.cosigned_at else f"no: {item.trouble}"
        table.add_row(item.witness, str(item.size), at)
    out.print(table, soft_wrap=True)


def _halt(context: Context) -> None:
    """Remember what the witnesses know, so that nothing is appended; say what to do."""
    outside = ledger.read_outside(context.settings)
    with context.database.read() as connection:
        log = ledger.load_log(connection)
    if log is not None:
        view = ledger.ask_outside(context.database, outside, context.clock)
        ledger.keep_view(context.home, log, view)
    err.print("Nothing is appended to the log now; `assay log status` says why.")


def _print_receipt(receipt: AnchorReceipt) -> None:
    text = ledger.format_receipt(receipt).decode()
    out.print(text, end="", markup=False, highlight=False, soft_wrap=True)


def _describe(receipt: AnchorReceipt) -> str:
    return f"block {receipt.block}, {format_utc(receipt.time)}, {receipt.tx}"


def _open(context: Context) -> Anchoring:
    chain = ledger.read_outside(context.settings).chain
    if chain is None:
        raise BadInput(
            "No chain is configured.",
            hint="Set ASSAY_ANCHOR_RPC_URL and ASSAY_ANCHOR_CHAIN_ID; docs/witnesses.md says how.",
        )
    return Anchoring(context.database, chain, context.clock)
