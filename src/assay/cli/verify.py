"""verify: the checks of the stand-alone verifier, from files or from the evidence of this home."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from assay import ledger, verifier
from assay.cli.context import Context, command, err, out
from assay.cli.evidence import Gathered, gather
from assay.kit.errors import BadInput, Conflict
from assay.verifier import Evidence, NotVerified, Report

STYLES = {
    verifier.EXCLUDED: "green",
    verifier.IN_PART: "yellow",
    verifier.NOT_EXCLUDED: "dim",
    verifier.CAUGHT: "bold red",
}


class What(StrEnum):
    """What can be verified."""

    PUBLICATION = "publication"
    ROW = "row"
    LOG = "log"
    PRIVATE = "private"


def verify(
    what: Annotated[What, typer.Argument(help="What to verify.")],
    subject: Annotated[
        str | None,
        typer.Argument(help="Its file (of a log: its folder), or the id of a publication here."),
    ] = None,
    proof: Annotated[Path | None, typer.Argument(help="The .tlog-proof file of it.")] = None,
    index: Annotated[int, typer.Option(help="Which row, where an id is given.")] = 0,
    key: Annotated[list[str] | None, typer.Option(help="Public key of the log.")] = None,
    witness: Annotated[list[str] | None, typer.Option(help="Public key of a witness.")] = None,
    earlier: Annotated[Path | None, typer.Option(help="A checkpoint that you kept.")] = None,
    seen: Annotated[str | None, typer.Option(help="Since when, as 2026-01-31T12:00:00Z.")] = None,
    consistency: Annotated[list[Path] | None, typer.Option(help="Joins two sizes.")] = None,
    anchor: Annotated[Path | None, typer.Option(help="Receipt of an anchor on a chain.")] = None,
    rpc: Annotated[str, typer.Option(help="JSON-RPC of that chain, which is then asked.")] = "",
    output: Annotated[Path | None, typer.Option("--out", help="Save evidence from here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check what was published and say which attacks the evidence excludes.

    From files it needs neither network nor anything of this home, and a log's public key. With the
    id of a publication (of a log: with nothing) it checks this home's own evidence.
    """
    is_own = subject is None or (proof is None and what in (What.PUBLICATION, What.ROW))
    with command() as context:
        if is_own:
            gathered = gather(context, what.value, subject, index)
            told = verifier.report(lambda: gathered.check(_ask(context, gathered.evidence, rpc)))
            if output is not None:
                gathered.save(output)
        elif what is What.PRIVATE:
            told = verifier.report(lambda: _check_private(Path(str(subject)), _require(key)))
        else:
            files = (earlier, seen, consistency or (), anchor)

            def check() -> Report:
                evidence = verifier.read_evidence(_require(key), witness or (), *files)
                asked = _ask(context, evidence, rpc)
                return verifier.check_files(what.value, Path(str(subject)), proof, asked)

            told = verifier.report(check)
        _show(told, as_json=as_json)
        if is_own and not told.error and not as_json:
            _explain_own(gathered, output)
    if told.exit_code:
        raise typer.Exit(told.exit_code)


def _require(keys: list[str] | None) -> list[str]:
    if not keys:
        raise BadInput(
            "The log's public key is missing.",
            hint="Give it by --key; take it from somewhere else than the files that you check.",
        )
    return keys


def _ask(context: Context, evidence: Evidence, url: str) -> Evidence:
    """The same evidence, its anchor confirmed by the chain where a chain may be asked."""
    if not url:
        return evidence
    if evidence.receipt is None:
        raise BadInput("--rpc asks about an anchor.", hint="Give its receipt by --anchor.")
    try:
        receipt = ledger.parse_receipt(evidence.receipt)
        depth = ledger.check_anchor(url, receipt, context.clock)
    except Conflict as error:
        raise NotVerified(f"The chain denies the receipt: {error.message}", "forked") from error
    # A block at the tip can still be taken back: whoever asks decides how many are enough.
    err.print(f"The chain holds the anchor, confirmed by {depth} block{'s' * (depth != 1)}.")
    return evidence._replace(is_confirmed=True)


def _check_private(path: Path, keys: list[str]) -> Report:
    known = [verifier.parse_key(text) for text in keys]
    try:
        read = ledger.verify_private(path.read_bytes(), known)
    except OSError as error:
        raise verifier.Malformed(f"{path} cannot be read: {error.strerror}.") from error
    subject = {
        "statement": read.statement.decode(errors="backslashreplace"),
        "published_at": read.published_at.isoformat(),
        "entry": read.position,
        "log": read.origin,
        "size": read.size,
    }
    bare = (verifier.NOT_EXCLUDED, "the file of a private statement brings no further evidence")
    attacks = dict.fromkeys(verifier.ATTACKS, bare)
    sealed = (verifier.EXCLUDED, "these bytes and their salt give the hash that was sealed")
    attacks["altered"] = sealed
    attacks["wrong key"] = (verifier.EXCLUDED, "signed by a key you gave")
    return Report(subject, attacks)


def _show(told: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(told._asdict(), option=orjson.OPT_INDENT_2).decode())
        return
    facts = Table.grid(padding=(0, 2))
    for name, value in told.subject.items():
        facts.add_row(name, escape(_plain(value)))
    verdicts = Table("attack", "verdict", "why", box=None, header_style="bold")
    for name, (verdict, why) in told.attacks.items():
        verdicts.add_row(name, f"[{STYLES[verdict]}]{verdict}[/]", escape(_plain(why)))
    if told.subject:
        out.print(facts)
    if told.exit_code != 2:
        out.print(verdicts)
    if told.error:
        err.print(f"[bold red]not verified[/] {escape(_plain(told.error))}", soft_wrap=True)
    else:
        out.print("[bold green]verified[/] All that was checked holds.")


def _explain_own(gathered: Gathered, output: Path | None) -> None:
    """A home that checks itself proves nothing to anybody else: say how another one does it."""
    out.print(
        "The key and the evidence are this home's own. Somebody else checks the files with a key"
        " that did not come with them, and with what witnesses, chains and readers have kept.",
        style="dim",
    )
    if output is not None:
        out.print(f"Wrote {output}. Check it with:", soft_wrap=True)
        out.print(gathered.command(output), markup=False, highlight=False, soft_wrap=True)


def _plain(value: object) -> str:
    """What others wrote, without what moves a cursor."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(value)
    )
