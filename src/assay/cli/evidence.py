"""The evidence that this home has of what it published, as a reader elsewhere would need it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from sqlalchemy import Connection

from assay import ledger, verifier
from assay.cli.context import Context
from assay.kit.atomic import write_atomic
from assay.kit.errors import BadInput, NotFound
from assay.ledger import AnchorReceipt
from assay.verifier import Evidence, Report, VerifierKey

WIDTH = 256
"""Entries in one bundle."""

NEXT = 100
"""How many checkpoints behind an entry are looked at for a cosignature."""


@dataclass(frozen=True)
class Gathered:
    """What is checked with which evidence, and the files that say the same elsewhere."""

    evidence: Evidence
    check: Callable[[Evidence], Report]
    files: dict[str, bytes]
    arguments: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Write the files into a folder, and the verifier beside them."""
        script = Path(verifier.__file__).read_bytes()
        for name, payload in {**self.files, "verifier.py": script}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, payload)

    def command(self, folder: Path) -> str:
        """How somebody else checks them."""
        words = ["cd", quote(str(folder)), "&&", "python", "verifier.py"]
        return " ".join([*words, *map(quote, self.arguments)])


def gather(context: Context, what: str, subject: str | None, index: int) -> Gathered:
    """The evidence for a publication, one row of it, or the newest log."""
    with context.database.read() as connection:
        if what == "log":
            return _gather_log(connection)
        if what == "private" or subject is None:
            raise BadInput(
                f"Nothing says which {what} to verify.",
                hint="Name its file, or for a publication or a row the id of a publication.",
            )
        return _gather_statement(connection, what, subject, index)


def _gather_statement(connection: Connection, what: str, name: str, index: int) -> Gathered:
    said = ledger.load_publication(connection, name)
    place = ledger.load_position(connection, said.sequence)
    log, position = place or (0, 0)
    keys, witnesses, receipts = _list_outside(connection, log)
    size = _choose_size(connection, log, position, witnesses)
    if what == "row":
        proof = ledger.prove_row(connection, name, index, size)
        shown = ledger.split_rows(said.rows)[index]
    else:
        proof = ledger.prove_publication(connection, name, size)
        shown = said.rows
    verify = verifier.verify_row if what == "row" else verifier.verify_publication
    head = verifier.parse_inclusion(proof).head
    signed_by = [key for key in witnesses if verifier.list_signatures(head.note, key)]
    receipt = _choose_receipt(receipts, position)
    extension = None
    if receipt is not None and receipt.size != head.size:
        sizes = sorted((receipt.size, head.size))
        extension = ledger.prove_consistency(connection, sizes[0], sizes[1], log=log)
    evidence = Evidence(
        keys,
        signed_by,
        extensions=[verifier.parse_extension(extension)] if extension else [],
        receipt=ledger.format_receipt(receipt) if receipt else None,
    )
    files = {f"{what}.json": shown, f"{what}.tlog-proof": proof}
    files |= {"consistency": extension} if extension else {}
    files |= {"anchor.json": evidence.receipt} if evidence.receipt else {}
    return Gathered(
        evidence,
        lambda with_: verifier.report_statement(verify(shown, proof, keys), with_),
        files,
        (what, f"{what}.json", f"{what}.tlog-proof", *_options(evidence)),
    )


def _gather_log(connection: Connection) -> Gathered:
    newest = ledger.load_log(connection)
    signed = ledger.load_checkpoint(connection)
    if newest is None or signed is None:
        raise NotFound("There is no log yet.", hint="It begins with the first publication.")
    keys, witnesses, receipts = _list_outside(connection, newest.number)
    entries = ledger.read_entries(connection, newest.number, 0, signed.size)
    head = verifier.parse_checkpoint(signed.note)
    receipt = receipts[0] if receipts else None
    evidence = Evidence(
        keys,
        [key for key in witnesses if verifier.list_signatures(head.note, key)],
        receipt=ledger.format_receipt(receipt) if receipt else None,
    )
    files = {"checkpoint": signed.note}
    for start in range(0, signed.size, WIDTH):
        part = entries[start : start + WIDTH]
        path = verifier.name_bundle(start // WIDTH, len(part))
        files[path] = b"".join(len(entry).to_bytes(2) + entry for entry in part)
    files |= {"anchor.json": evidence.receipt} if evidence.receipt else {}
    return Gathered(
        evidence,
        lambda with_: verifier.report_log(head, entries, with_),
        files,
        ("log", ".", *_options(evidence)),
    )


def _list_outside(
    connection: Connection, log: int
) -> tuple[list[VerifierKey], list[VerifierKey], list[AnchorReceipt]]:
    keys = [
        ledger.parse_vkey(ledger.format_vkey(key.name, key.public_key))
        for key in ledger.list_log_keys(connection, log)
    ]
    witnesses = [ledger.parse_vkey(state.vkey) for state in ledger.list_witnesses(connection, log)]
    return keys, witnesses, ledger.list_anchors(connection, log)


def _choose_size(
    connection: Connection, log: int, position: int, witnesses: list[VerifierKey]
) -> int | None:
    """The first checkpoint behind the entry that a witness cosigned: it says the most about time.
    None (the newest one) where there is none.
    """
    if not witnesses:
        return None
    for bare in ledger.list_checkpoints(
        connection, log, after=position, limit=NEXT, is_newest_first=False
    ):
        signed = ledger.load_checkpoint(connection, log, bare.size)
        note = verifier.parse_note(signed.note if signed else bare.note)
        if any(verifier.list_signatures(note, key) for key in witnesses):
            return bare.size
    return None


def _choose_receipt(receipts: list[AnchorReceipt], position: int) -> AnchorReceipt | None:
    """The first anchor behind the entry, or else the last one before it."""
    behind = [receipt for receipt in receipts if receipt.size > position]
    return behind[-1] if behind else next(iter(receipts), None)


def _options(evidence: Evidence) -> list[str]:
    options = [word for key in evidence.keys for word in ("--key", str(key))]
    options += [word for key in evidence.witnesses for word in ("--witness", str(key))]
    options += ["--consistency", "consistency"] if evidence.extensions else []
    return [*options, *(["--anchor", "anchor.json"] if evidence.receipt else [])]
