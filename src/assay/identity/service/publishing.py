"""What anybody may read: status lists, types, and who this installation is as an issuer."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from assay import ledger
from assay.identity import store
from assay.identity.compute.dids import write_issuer_metadata
from assay.identity.compute.evidence import EVIDENCE, FROM_HEADER, LOG_KEY, PUBLICATION, SAID
from assay.identity.compute.statuses import LIST_SIZE, TTL, write_list
from assay.identity.compute.tokens import STATUS_LIST, sign_token
from assay.identity.service.installation import (
    Installation,
    describe_installation,
    list_public_keys,
    load_signer,
)
from assay.kit.errors import NotFound

Word = tuple[int, tuple[int, int, int]]
"""Changes exactly when a status may change."""


def publish_list(installation: Installation, number: int, uri: str | None = None) -> str:
    """The signed status list (`application/statuslist+jwt`) of this number. `uri` names it where
    that is not its present URL: a local installation may have been reached at another port.

    A bit is set where the credential was withdrawn by hand, or its publication corrected or
    withdrawn in the ledger. Signed anew when that changes, and when a `ttl` has passed.
    Raises NotFound where no credential was issued into such a list.
    """
    now = installation.clock.now()
    with installation.database.read() as connection:
        word = (ledger.load_version(connection), store.load_withdrawals(connection))
        place = uri or installation.locate_list(number)
        known = installation.published.get(place, now)
        # A clock that was put back keeps no list from the future.
        if known is not None and known[0] == word and known[1] <= now:
            return str(known[2])
        key_number = store.load_list_key(connection, number)
        if key_number is None:
            raise NotFound(
                f"There is no status list {number}.",
                hint="The URL of a credential's list stands in its claim `status`.",
            )
        revoked = {key.number for key in store.list_keys(connection) if key.is_revoked}
        invalid: Iterable[int] = range(LIST_SIZE)
        if key_number not in revoked:
            invalid = _list_invalid(connection, number)
    signer = load_signer(installation, key_number)
    claims = write_list(place, signer.issuer, invalid, now)
    token = sign_token({"typ": STATUS_LIST.kind, "kid": signer.kid}, claims, signer.key)
    installation.published.put(place, (word, now, token), now + TTL)
    return token


def describe_issuer(installation: Installation) -> dict[str, Any]:
    """The DID document of the installation. Raises NotFound without a public URL."""
    _require_name(installation)
    return describe_installation(installation)


def describe_issuer_keys(installation: Installation) -> object:
    """Issuer metadata as SD-JWT VC asks for it. Raises NotFound without a public URL."""
    _require_name(installation)
    did = describe_installation(installation)["id"]
    return write_issuer_metadata(installation.url, did, list_public_keys(installation))


def describe_type(installation: Installation, kind: str) -> dict[str, Any]:
    """Type metadata of the credentials about a kind. Raises NotFound for a kind nobody spoke of."""
    with installation.database.read() as connection:
        kinds = ledger.list_kinds(connection)
    if kind not in kinds:
        raise NotFound(
            f"Nothing of the kind {kind!r} was published.",
            hint="GET /v1/publications names the kind of each publication.",
        )
    always = [(name, "never") for name in (PUBLICATION, *FROM_HEADER, LOG_KEY)]
    chosen = [(EVIDENCE, "always")]
    return {
        "vct": installation.locate_type(kind),
        "name": f"Assay {kind}",
        "description": f"One row of a sealed publication of the kind {kind}, with its origin.",
        "display": [
            {
                "locale": "en",
                "name": f"Assay {kind}",
                "description": "What was said of one thing, and when; not investment advice.",
            }
        ],
        "claims": [
            *({"path": [name], "sd": sd, "display": _show(name)} for name, sd in always + chosen),
            {"path": [SAID], "sd": "never", "display": _show(SAID)},
        ],
    }


_MEANINGS = {
    PUBLICATION: "Id of the publication that says it",
    "kind": "Kind of the publication",
    "as_of": "The day judged, whose close counts",
    "published_at": "When it was said",
    "origin": "live: before the outcome; backfilled or replay: not",
    LOG_KEY: "Verifier key of the transparency log it stands in",
    SAID: "Members of the sealed row",
    EVIDENCE: "The sealed row and the proof that it stands in the log",
}


def _show(name: str) -> list[dict[str, str]]:
    return [{"locale": "en", "label": _MEANINGS[name]}]


def _list_invalid(connection: Connection, number: int) -> list[int]:
    places = store.list_places(connection, number)
    overruled = ledger.list_overruled(connection, {sequence for _, sequence, _ in places})
    return [index for index, said, withdrawn in places if withdrawn or said in overruled]


def _require_name(installation: Installation) -> None:
    if installation.is_local:
        raise NotFound(
            "This installation has no public name: it issues as a did:key.",
            hint="Set ASSAY_PUBLIC_URL to the https address under which others reach it.",
        )
