"""credential keygen, issue, present, verify, withdraw, show, list, rotate-key."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from rich.table import Table

from assay import identity
from assay.cli.context import Context, command, err, out
from assay.identity import CredentialRecord, CredentialRefused, Expected, Installation, Order
from assay.kit.errors import BadInput
from assay.kit.keyring import P256
from assay.kit.moments import format_utc

R = TypeVar("R")

CredentialFile = Annotated[Path, typer.Argument(help="File with a credential; `-`: stdin.")]
KeyOption = Annotated[Path | None, typer.Option("--holder-key", help="The holder's key file.")]
Output = Annotated[Path | None, typer.Option("--out", help="File to write; default: print it.")]


def keygen(
    output: Annotated[Path, typer.Argument(help="File for the private key; must not exist.")],
) -> None:
    """Make a holder's key: the private one into a file for you only, the public one printed."""
    with command():
        key = P256.create()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write_new(output, pem)
        _print_json(identity.write_jwk(key.public_key()))


def issue(
    publication: Annotated[str, typer.Argument(help="Id of a publication.")],
    row: Annotated[int | None, typer.Option(help="Place of the row, counted from 0.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Symbol, slug or id as the row says it.")
    ] = None,
    holder_key: Annotated[
        Path | None, typer.Option("--holder-key", help="The holder's key: PEM, or public JWK.")
    ] = None,
    bearer: Annotated[bool, typer.Option("--bearer", help="Bind it to no key.")] = False,
    days: Annotated[int, typer.Option(help="Days until it expires.")] = 30,
    output: Output = None,
) -> None:
    """Issue a credential about one row of a publication, as an SD-JWT VC."""
    with command() as context:
        if (row is None) == (subject is None) or (holder_key is None) != bearer:
            raise BadInput(
                "Name the row by --row or --subject, and its holder by --holder-key or --bearer.",
                hint="A key is made with: assay credential keygen FILE",
            )
        holder = None if holder_key is None else identity.write_jwk(read_public_key(holder_key))
        issued = identity.issue_credential(
            open_installation(context),
            Order(publication, holder, row, subject, timedelta(days=days)),
        )
        _write(issued.credential, output)
        err.print(
            f"Issued {issued.record.credential_id} by {issued.issuer}, until"
            f" {format_utc(issued.record.expires_at)}. It can disclose:"
            f" {', '.join(issued.disclosable)}.",
            highlight=False,
            soft_wrap=True,
        )


def present(
    credential: CredentialFile,
    audience: Annotated[str, typer.Option(help="Who asks for it.")] = "",
    nonce: Annotated[str, typer.Option(help="The nonce they gave.")] = "",
    disclose: Annotated[
        str | None,
        typer.Option(help="Members to disclose, comma separated; `evidence`: row and proof too."),
    ] = None,
    holder_key: KeyOption = None,
    output: Output = None,
) -> None:
    """Show a credential: only what you disclose, bound to who asks (needs no home)."""
    with command() as context:
        if holder_key is not None and not (audience and nonce):
            raise BadInput(
                "A key binding needs --audience and --nonce.",
                hint="Both come from who asks: POST /v1/credentials/challenge.",
            )
        chosen = None if disclose is None else [name for name in disclose.split(",") if name]
        text = identity.present_credential(
            _read_text(credential),
            chosen,
            None if holder_key is None else read_private_key(holder_key),
            audience=audience,
            nonce=nonce,
            now=context.clock.now(),
        )
        _write(text, output)


def verify(
    credential: CredentialFile,
    audience: Annotated[str, typer.Option(help="Whom it was made for: you.")] = "",
    nonce: Annotated[
        str, typer.Option(help="The nonce that you gave, and never gave before.")
    ] = "",
    issuer: Annotated[
        list[str] | None, typer.Option(help="A trusted issuer; default: this installation.")
    ] = None,
    vct: Annotated[
        list[str] | None, typer.Option("--type", help="A type that is taken; default: own ones.")
    ] = None,
    log_key: Annotated[
        list[str] | None, typer.Option(help="Verifier key of a trusted log.")
    ] = None,
    bearer: Annotated[bool, typer.Option("--bearer", help="Ask for no key binding.")] = False,
    no_status: Annotated[
        bool, typer.Option("--no-status", help="Take one that names no status list.")
    ] = False,
    require_proof: Annotated[
        bool, typer.Option("--require-proof", help="Refuse one without its evidence.")
    ] = False,
) -> None:
    """Check a credential; fails unless all of it holds, and names the check that it failed."""
    with command() as context:
        if not bearer and not (audience and nonce):
            raise BadInput(
                "A presentation is checked against --audience and --nonce.",
                hint="For a credential that is bound to no key say --bearer.",
            )
        expected = Expected(
            audience=audience,
            nonce=nonce,
            issuers=tuple(issuer or ()),
            types=tuple(vct or ()),
            log_keys=tuple(log_key or ()),
            is_bound=not bearer,
            has_status=not no_status,
            has_proof=require_proof,
        )
        text = _read_text(credential)
        work = identity.verify_credential(open_installation(context), text, expected, run=_directly)
        try:
            verified = asyncio.run(work)
        except CredentialRefused as refused:
            err.print(
                f"[bold red]not valid[/] {refused.reason.value}: {refused.message}",
                highlight=False,
                soft_wrap=True,
            )
            raise typer.Exit(1) from None
        shown = {name: verified.claims[name] for name in verified.claims if name != "evidence"}
        _print_json(shown)
        _say_what_holds(verified)


def withdraw(
    credential: Annotated[str, typer.Argument(help="Id of a credential, cred_...")],
) -> None:
    """Make a credential invalid for ever."""
    with command() as context:
        record = identity.withdraw_credential(open_installation(context), credential)
        out.print(f"{record.credential_id} is withdrawn.", highlight=False)


def show(
    credential: Annotated[str, typer.Argument(help="File with a credential, or its id.")],
) -> None:
    """Show what a credential says (unchecked), or what is kept of one here."""
    with command() as context:
        if credential.startswith("cred_") and not Path(credential).exists():
            record = identity.get_credential(open_installation(context), credential)
            _print_json(_describe(record))
        else:
            _print_json(identity.read_credential(_read_text(Path(credential))))


def list_all(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most.")] = 50,
) -> None:
    """List the credentials that were issued here, newest first; nobody's names."""
    with command() as context:
        table = Table(box=None)
        for name in ("id", "publication", "row", "issued", "expires", "withdrawn"):
            table.add_column(name, overflow="fold", no_wrap=name == "id")
        for record in identity.list_credentials(open_installation(context), None, limit):
            table.add_row(*(str(value) for value in _describe(record).values()))
        out.print(table)


def rotate_key(
    stolen: Annotated[
        bool, typer.Option("--stolen", help="Revoke the old keys and all that they signed.")
    ] = False,
) -> None:
    """Sign with a new key from now on; what the old one signed stays valid until it expires."""
    with command() as context:
        signer = identity.rotate_key(open_installation(context), is_stolen=stolen)
        out.print(f"{signer.issuer} signs with key {signer.number} now.", highlight=False)


def open_installation(context: Context) -> Installation:
    """This installation as issuer and verifier; on its own machine it may read loopback."""
    settings = context.settings
    url = f"http://{settings.host}:{settings.port}"
    return Installation(context.database, context.clock, url, reads_loopback=True)


def read_private_key(path: Path) -> EllipticCurvePrivateKey:
    """A holder's private key from PEM. Raises BadInput."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"{path} holds no private key in PEM.", hint="assay credential keygen makes one."
        ) from error
    if not P256.fits(key):
        raise BadInput(f"{path} is no key on P-256.", hint="assay credential keygen makes one.")
    return key  # type: ignore[return-value]


def read_public_key(path: Path) -> EllipticCurvePublicKey:
    """A holder's public key from JWK or PEM; of a private PEM its public part. Raises BadInput."""
    payload = path.read_bytes()
    try:
        if payload.lstrip()[:1] == b"{":
            return identity.read_jwk(json.loads(payload))
        if b"PRIVATE KEY" in payload:
            return read_private_key(path).public_key()
        key = load_pem_public_key(payload)
    except ValueError as error:
        raise BadInput(
            f"{path} holds no public key that can be used: {error}.",
            hint="Give a PEM file or a public JWK on P-256.",
        ) from error
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise BadInput(f"{path} is no key on P-256.", hint="Give a key on P-256.")
    return key


def _say_what_holds(verified: identity.Verified) -> None:
    held = [f"signed by {verified.issuer}", f"until {format_utc(verified.expires_at)}"]
    held.append("shown by its holder" if verified.is_bound else "bound to nobody")
    held.append("not withdrawn" if verified.has_status else "status unknown")
    proof = verified.proof
    if proof is None:
        held.append("its place in the log was not shown")
    else:
        held.append(f"row {proof.row_index} stands in log {proof.log} at size {proof.size}")
        if proof.keys_from == "issuer":
            held.append("whose key only the issuer names")
    err.print(f"[bold green]valid[/] {'; '.join(held)}.", highlight=False, soft_wrap=True)


async def _directly(work: Callable[..., R], *args: Any, **named: Any) -> R:  # noqa: ANN401
    return work(*args, **named)


def _describe(record: CredentialRecord) -> dict[str, Any]:
    withdrawn = record.withdrawn_at
    return {
        "credential_id": record.credential_id,
        "sequence": record.sequence,
        "row": record.row_index,
        "issued_at": format_utc(record.issued_at),
        "expires_at": format_utc(record.expires_at),
        "withdrawn_at": None if withdrawn is None else format_utc(withdrawn),
    }


def _read_text(path: Path) -> str:
    try:
        payload = typer.get_binary_stream("stdin").read() if str(path) == "-" else path.read_bytes()
        return payload.decode("ascii").strip()
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.", hint="Name the file of a credential.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} holds no credential.", hint="It is a text with `~`.") from error


def _write(text: str, output: Path | None) -> None:
    if output is None:
        out.print(text, highlight=False, soft_wrap=True, markup=False)
    else:
        _write_new(output, f"{text}\n".encode())


def _write_new(path: Path, payload: bytes) -> None:
    """A file for its owner only; one that exists already is not overwritten."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(payload)


def _print_json(value: object) -> None:
    out.print(
        json.dumps(value, indent=2, ensure_ascii=False),
        highlight=False,
        soft_wrap=True,
        markup=False,
    )
