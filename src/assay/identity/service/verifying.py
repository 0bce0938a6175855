"""Verifying: every check, in an order in which nothing is believed before it is signed.

What cannot be checked is refused: an issuer or a status list that is out of reach, too.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from assay import ledger
from assay.identity.compute.dids import (
    DID_WEB,
    WELL_KNOWN_ISSUER,
    find_issuer_key,
    find_key,
    locate_document,
    read_self_issued,
)
from assay.identity.compute.encoding import parse_object
from assay.identity.compute.evidence import EVIDENCE, LOG_KEY, check_evidence
from assay.identity.compute.keys import DID_KEY
from assay.identity.compute.presentations import (
    Presentation,
    check_binding,
    check_credential,
    parse_presentation,
)
from assay.identity.compute.statuses import check_list, check_status, read_reference
from assay.identity.compute.tokens import (
    STATUS_LIST,
    Token,
    parse_token,
    read_moment,
    require_text,
)
from assay.identity.service.challenging import take_challenge
from assay.identity.service.fetching import Fetch, create_fetch
from assay.identity.service.installation import (
    OWN_KEPT_S,
    FindKey,
    Installation,
    find_own,
    keep_for,
)
from assay.identity.service.publishing import publish_list
from assay.identity.types import (
    STATUS_PATH,
    TYPES_PATH,
    Claims,
    CredentialRefused,
    Expected,
    Proven,
    Reason,
    Verified,
)
from assay.kit.errors import NotFound

Run = Callable[..., Awaitable[Any]]
"""Runs blocking work elsewhere than on the event loop."""

MOST_DOCUMENT_BYTES = 128 * 1024
MOST_LIST_BYTES = 2 * 1024 * 1024
_OWN_LIST = re.compile(rf"{re.escape(STATUS_PATH)}([1-9][0-9]{{0,8}})\Z", re.ASCII)
OWN_LOGS = "own logs"
KEPT_S = 60.0
"""For how long what another installation says is not asked for again."""


@dataclass(frozen=True, slots=True)
class _Issuer:
    name: str
    find: FindKey
    is_own: bool


async def verify_credential(
    installation: Installation,
    text: str,
    expected: Expected,
    *,
    run: Run = asyncio.to_thread,
    fetch: Fetch | None = None,
) -> Verified:
    """What a credential or presentation says, once everything about it holds.

    Raises CredentialRefused with the first reason that it does not. `run` carries out what blocks.
    """
    fetched = fetch or create_fetch(is_local=installation.reads_loopback)
    shown, own = await run(_begin, installation, text, expected)
    issuer = own or await _fetch_issuer(installation, shown.issuer, fetched)
    claims = await run(_check_shown, installation, shown, issuer, expected)
    has_status = "status" in claims or expected.has_status
    listed: Token | None = None
    if has_status and not issuer.is_own:
        listed = await _fetch_list(installation, claims, run, fetched)
    proof = await run(
        _check_rest, installation, claims, issuer, expected, listed, has_status=has_status
    )
    return Verified(
        issuer=issuer.name,
        vct=str(claims["vct"]),
        claims=claims,
        is_bound=shown.binding is not None,
        has_status=has_status,
        expires_at=datetime.fromtimestamp(
            read_moment(claims, "exp", Reason.MALFORMED) or 0, tz=UTC
        ),
        proof=proof,
    )


# --- issuer ------------------------------------------------------------------------------------


def _begin(
    installation: Installation, text: str, expected: Expected
) -> tuple[Presentation, _Issuer | None]:
    """What was shown, once its issuer is trusted (this is asked before anything is fetched); and
    the issuer, if it is this installation.
    """
    shown = parse_presentation(text)
    name = shown.issuer
    own = find_own(installation, name)
    if name not in expected.issuers and (expected.issuers or own is None):
        raise CredentialRefused(
            Reason.ISSUER_NOT_TRUSTED, "The credential is of an issuer that was not asked for."
        )
    return shown, None if own is None else _Issuer(name, own, is_own=True)


async def _fetch_issuer(installation: Installation, name: str, fetch: Fetch) -> _Issuer:
    """Another issuer, with the keys that it says are its own."""
    if name.startswith(DID_KEY):
        return _Issuer(name, partial(read_self_issued, name), is_own=False)
    if name.startswith(DID_WEB):
        url = _locate(name, is_local=installation.reads_loopback)
        reader: Callable[..., EllipticCurvePublicKey | None] = find_key
    elif name.startswith("https://"):
        url, reader = _locate_metadata(name), find_issuer_key
    else:
        raise CredentialRefused(
            Reason.ISSUER_UNKNOWN, "The issuer is neither a did:web, a did:key nor an https URL."
        )
    document = installation.documents.get(url, installation.clock.now())
    if document is None:
        body = await fetch(url, MOST_DOCUMENT_BYTES, Reason.ISSUER_UNREACHABLE)
        try:
            document = parse_object(body)
        except ValueError as error:
            raise _refuse_issuer(error) from error
        installation.documents.put(url, document, keep_for(installation, KEPT_S))
    return _Issuer(name, partial(reader, document, name), is_own=False)


def _locate(name: str, *, is_local: bool) -> str:
    try:
        return locate_document(name, is_local=is_local)
    except ValueError as error:
        raise CredentialRefused(Reason.ISSUER_UNKNOWN, f"The issuer is {error}.") from error


def _locate_metadata(name: str) -> str:
    """The well-known path goes between host and path (draft-ietf-oauth-sd-jwt-vc, section 5)."""
    if any(mark in name for mark in "?#@\\"):
        raise CredentialRefused(Reason.ISSUER_UNKNOWN, "The issuer is no plain https URL.")
    host, slash, path = name.removeprefix("https://").partition("/")
    return f"https://{host}{WELL_KNOWN_ISSUER}{slash}{path}".rstrip("/")


def _require_key(issuer: _Issuer, token: Token) -> EllipticCurvePublicKey:
    try:
        key = issuer.find(token.header.get("kid"))
    except ValueError as error:
        raise _refuse_issuer(error) from error
    if key is None:
        raise CredentialRefused(
            Reason.KEY_UNKNOWN, "The issuer has no such key for signing credentials."
        )
    return key


def _refuse_issuer(error: ValueError) -> CredentialRefused:
    return CredentialRefused(Reason.ISSUER_MALFORMED, f"What the issuer says: {error}.")


# --- what it says ------------------------------------------------------------------------------


def _check_shown(
    installation: Installation, shown: Presentation, issuer: _Issuer, expected: Expected
) -> Claims:
    """The claims, once their signature, type, times and binding hold."""
    key = _require_key(issuer, shown.token)
    types = expected.types or _list_own_types(installation, shown.token.claims, issuer)
    claims = check_credential(shown, key, types, installation.clock.now())
    if expected.is_bound or shown.binding is not None:
        _check_binding(installation, shown, expected)
    return claims


def _check_rest(
    installation: Installation,
    claims: Claims,
    issuer: _Issuer,
    expected: Expected,
    listed: Token | None,
    *,
    has_status: bool,
) -> Proven | None:
    """The proof inside, once the status holds too. `listed` is another issuer's status list."""
    if has_status:
        uri, index = read_reference(claims)
        token = listed or _load_own_list(installation, uri)
        key = _require_key(issuer, token)
        check_list(token, key, uri, issuer.name, installation.clock.now())
        check_status(token, index)
        if listed is not None:
            ttl = token.claims.get("ttl", KEPT_S)
            seconds = float(min(ttl, KEPT_S)) if isinstance(ttl, int | float) else 0.0
            installation.lists.put(uri, token, keep_for(installation, seconds))
    return _check_proof(installation, claims, issuer, expected)


def _list_own_types(installation: Installation, claims: Claims, issuer: _Issuer) -> Collection[str]:
    """The types that this installation gives to its own credentials; none of others'."""
    if not issuer.is_own:
        return ()
    kind = claims.get("kind")
    # A did:key issuer may be reached under another local address than when it issued.
    vct = require_text(claims, "vct", Reason.WRONG_VCT)
    is_right = vct.endswith(f"{TYPES_PATH}{kind}") if installation.is_local else False
    return (vct,) if is_right else (installation.locate_type(str(kind)),)


def _check_binding(installation: Installation, shown: Presentation, expected: Expected) -> None:
    now = installation.clock.now()
    nonce = check_binding(shown, expected.audience, expected.nonce, now)
    if expected.nonce is None and not take_challenge(installation, nonce, expected.audience):
        raise CredentialRefused(
            Reason.WRONG_NONCE, "The nonce is unknown, used already or expired."
        )


# --- status ------------------------------------------------------------------------------------


async def _fetch_list(installation: Installation, claims: Claims, run: Run, fetch: Fetch) -> Token:
    """Another issuer's status list, not yet checked."""
    uri, _ = read_reference(claims)
    found: Token | None = installation.lists.get(uri, installation.clock.now())
    if found is None:
        body = await fetch(uri, MOST_LIST_BYTES, Reason.STATUS_UNREACHABLE)
        found = await run(parse_token, body.decode("ascii", "replace").strip(), STATUS_LIST)
    return found


def _load_own_list(installation: Installation, uri: str) -> Token:
    """One's own list needs no network: it is signed and read as anybody else would."""
    read = _OWN_LIST.search(uri)
    try:
        text = publish_list(installation, int(read[1]) if read else 0, uri)
    except NotFound as error:
        raise CredentialRefused(
            Reason.STATUS_UNREACHABLE, "This installation has no such status list."
        ) from error
    return parse_token(text, STATUS_LIST)


# --- proof -------------------------------------------------------------------------------------


def _check_proof(
    installation: Installation, claims: Claims, issuer: _Issuer, expected: Expected
) -> Proven | None:
    if EVIDENCE not in claims and expected.has_proof:
        raise CredentialRefused(
            Reason.NO_PROOF, "The evidence was not disclosed, and it was asked for."
        )
    if EVIDENCE not in claims:
        return None
    if expected.log_keys:
        return check_evidence(claims, expected.log_keys, "caller")
    if not issuer.is_own:
        stated = claims.get(LOG_KEY)
        return check_evidence(claims, [stated] if isinstance(stated, str) else [], "issuer")
    known = installation.documents.get(OWN_LOGS, installation.clock.now())
    if known is not None:
        with contextlib.suppress(CredentialRefused):
            return check_evidence(claims, known, "installation")
    # Nothing is refused before the keys were read anew: one may have been added just now.
    return check_evidence(claims, _list_own_logs(installation), "installation")


def _list_own_logs(installation: Installation) -> list[str]:
    """The keys of every log of this installation, the earlier ones too."""
    with installation.database.read() as connection:
        found = [
            ledger.format_vkey(key.name, key.public_key)
            for log in ledger.list_logs(connection)
            for key in ledger.list_log_keys(connection, log.number)
        ]
    installation.documents.put(OWN_LOGS, found, keep_for(installation, OWN_KEPT_S))
    return found
