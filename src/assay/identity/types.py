"""The words of this room: what is issued, what a verifier expects, and why it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from assay.kit.errors import BadInput

Jwk = Mapping[str, Any]
"""A public JSON Web Key (RFC 7517)."""
Claims = dict[str, Any]

TYPES_PATH = "/v1/credentials/types/"
STATUS_PATH = "/v1/credentials/status/"
LEEWAY = timedelta(seconds=60)
"""How far the clocks of issuer, holder and verifier may be apart."""


class Reason(StrEnum):
    """Why a credential or presentation is refused; each has one meaning only."""

    MALFORMED = "malformed"
    """No SD-JWT, or one that is cut, too long, too deep, or not strict JSON and base64url."""
    DUPLICATE_MEMBER = "duplicate-member"
    """A JSON object names a member twice."""
    WRONG_ALGORITHM = "wrong-algorithm"
    WRONG_TYPE = "wrong-type"
    """`typ` is not `dc+sd-jwt`."""
    CRITICAL_HEADER = "critical-header"
    """`crit` asks for an extension; none is known here."""
    ISSUER_NOT_TRUSTED = "issuer-not-trusted"
    ISSUER_UNKNOWN = "issuer-unknown"
    """`iss` is missing or of a method that is not read here."""
    ISSUER_UNREACHABLE = "issuer-unreachable"
    ISSUER_MALFORMED = "issuer-malformed"
    """What the issuer serves is no DID document of its own."""
    KEY_UNKNOWN = "key-unknown"
    """The issuer does not name the key for signing credentials."""
    WRONG_SIGNATURE = "wrong-signature"
    WRONG_VCT = "wrong-vct"
    """The credential's type is not one that was asked for."""
    NO_EXPIRY = "no-expiry"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUED_IN_FUTURE = "issued-in-future"
    WRONG_DISCLOSURE = "wrong-disclosure"
    """A disclosure that is not well formed, or names what may not be disclosed selectively."""
    UNREFERENCED_DISCLOSURE = "unreferenced-disclosure"
    DUPLICATE_DIGEST = "duplicate-digest"
    DUPLICATE_CLAIM = "duplicate-claim"
    """A disclosure would replace a claim that stands already."""
    NO_KEY_BINDING = "no-key-binding"
    NO_HOLDER_KEY = "no-holder-key"
    """A bearer credential, or one whose `cnf` is not a P-256 key."""
    BINDING_MALFORMED = "binding-malformed"
    BINDING_ALGORITHM = "binding-algorithm"
    BINDING_TYPE = "binding-type"
    BINDING_SIGNATURE = "binding-signature"
    BINDING_HASH = "binding-hash"
    """The key binding was made over other disclosures."""
    BINDING_STALE = "binding-stale"
    BINDING_IN_FUTURE = "binding-in-future"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_NONCE = "wrong-nonce"
    """Not the nonce asked for, or one that is unknown, used or expired."""
    NO_STATUS = "no-status"
    STATUS_UNREACHABLE = "status-unreachable"
    STATUS_MALFORMED = "status-malformed"
    STATUS_ALGORITHM = "status-algorithm"
    STATUS_TYPE = "status-type"
    STATUS_SUBJECT = "status-subject"
    STATUS_ISSUER = "status-issuer"
    STATUS_SIGNATURE = "status-signature"
    STATUS_EXPIRED = "status-expired"
    STATUS_TOO_LARGE = "status-too-large"
    STATUS_INDEX = "status-index"
    WITHDRAWN = "withdrawn"
    NO_PROOF = "no-proof"
    """The evidence was not disclosed, and it was asked for."""
    WRONG_PROOF = "wrong-proof"
    """The row is not shown to be in the log."""
    CONTRADICTS_ROW = "contradicts-row"
    """A claim says something else than the sealed row and its header."""


class CredentialRefused(BadInput):
    """A credential or presentation that does not hold; `reason` says which check it failed."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail, hint=f"Reason: {reason.value}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key of this installation that signs credentials. `public_key` is the compressed point of
    P-256 (33 bytes); `until` is when the next one took over. What a revoked one signed is void.
    """

    number: int
    public_key: bytes
    since: datetime
    until: datetime | None = None
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """What is kept of a credential: nothing about its holder, nothing that it says."""

    credential_id: str
    sequence: int
    row_index: int
    key_number: int
    list_number: int
    list_index: int
    issued_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a credential shall be about. Either `row` (its place in the publication) or `subject`
    (symbol, slug or id as the row says it). `holder` binds it to a key; None makes a bearer one.
    """

    publication_id: str
    holder: Jwk | None
    row: int | None = None
    subject: str | None = None
    lifetime: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential: its record and the SD-JWT that only its holder gets."""

    record: CredentialRecord
    publication_id: str
    issuer: str
    vct: str
    credential: str
    disclosable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce that one presentation must be made for."""

    nonce: str
    audience: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a verifier asks of a presentation.

    `issuers` empty: only this installation itself. `types` empty: its own types. `nonce` None with
    `is_bound`: a challenge of this installation, which is used up. `log_keys` are C2SP verifier
    keys of logs that are trusted; empty: this installation's own, for others the one they state.
    """

    audience: str
    nonce: str | None = None
    issuers: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    log_keys: tuple[str, ...] = ()
    is_bound: bool = True
    has_status: bool = True
    has_proof: bool = False


@dataclass(frozen=True, slots=True)
class Proven:
    """What the evidence inside a credential shows."""

    log: str
    size: int
    row_index: int
    row_count: int
    keys_from: str
    """Who named the log's key: `caller`, `installation` or `issuer`."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A credential that holds. `claims` are those disclosed; `proof` None: it was not disclosed."""

    issuer: str
    vct: str
    claims: Claims = field(repr=False)
    is_bound: bool
    has_status: bool
    expires_at: datetime
    proof: Proven | None
