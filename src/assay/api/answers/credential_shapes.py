"""Shapes of what is sent and answered about credentials."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from assay.api.answers.people_shapes import Sent
from assay.api.schemas import OriginText, Shape
from assay.identity import Reason

DID = Annotated[str, Field(min_length=8, max_length=512)]
Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=524_288,
        description="An SD-JWT in compact form; as a presentation it ends with a key binding.",
    ),
]


class HolderKey(Sent):
    """The holder's public key, as JWK (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    y: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]


class NewCredential(Sent):
    """What a credential shall be about, and to whom it is bound. Exactly one of `row` and `subject`
    names the row; exactly one of `holder_key` and `bearer` says who may show it.
    """

    publication: Annotated[
        str,
        Field(
            max_length=128,
            description="Id of the publication.",
            examples=["grades.trader-2023-12-29-0123456789ab"],
        ),
    ]
    row: Annotated[
        int | None,
        Field(strict=True, ge=0, le=10_000_000, description="Place of the row, counted from 0."),
    ] = None
    subject: Annotated[
        str | None,
        Field(
            max_length=64, description="Symbol, slug or id as the row says it.", examples=["BTC"]
        ),
    ] = None
    holder_key: HolderKey | None = None
    bearer: Annotated[
        bool,
        Field(strict=True, description="True: whoever has the text may show it; only on purpose."),
    ] = False
    lifetime_days: Annotated[
        int, Field(strict=True, ge=1, le=366, description="Days until it expires.")
    ] = 30


class Presented(Sent):
    """A presentation, and what is asked of it. Its nonce is one of `POST /v1/credentials/challenge`
    and is used up.
    """

    credential: Text
    issuers: Annotated[
        tuple[DID, ...],
        Field(
            max_length=20, description="Issuers that are trusted; empty: this installation only."
        ),
    ] = ()
    types: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=2_048)], ...],
        Field(max_length=20, description="Types (`vct`) that are taken; empty: this one's own."),
    ] = ()
    log_keys: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=512)], ...],
        Field(max_length=20, description="Verifier keys of logs that are trusted."),
    ] = ()
    require_key_binding: Annotated[StrictBool, Field(description="False: take it unbound too.")] = (
        True
    )
    require_status: Annotated[
        StrictBool, Field(description="False: take one without a status list too.")
    ] = True
    require_proof: Annotated[
        StrictBool, Field(description="True: `evidence` must be disclosed.")
    ] = False


class StatusShape(Shape):
    """The credential's place in a status list."""

    uri: Annotated[str, Field(description="Address of the list.")]
    idx: Annotated[int, Field(description="Place in it, from 0 on.")]


class CredentialRecordShape(Shape):
    """What is kept of a credential; nothing about its holder."""

    credential_id: Annotated[str, Field(examples=["cred_0123456789abcdef"])]
    row: Annotated[int, Field(description="Place of the row in the publication, from 0 on.")]
    status: StatusShape
    issued_at: datetime
    expires_at: datetime
    withdrawn_at: Annotated[datetime | None, Field(description="When it was withdrawn by hand.")]


class IssuedShape(CredentialRecordShape):
    """A new credential. Its text is in this answer and nowhere else."""

    credential: Annotated[str, Field(description="The SD-JWT with all its disclosures.")]
    publication: Annotated[str, Field(description="Id of the publication.")]
    issuer: Annotated[str, Field(description="DID that signs it.")]
    vct: Annotated[str, Field(description="Its type: the address of the metadata of it.")]
    disclosable: Annotated[
        list[str], Field(description="What the holder may show or keep to themselves.")
    ]


class IssuedAnswer(Shape):
    """One new credential."""

    data: IssuedShape


class CredentialRecordAnswer(Shape):
    """One credential."""

    data: CredentialRecordShape


class ChallengeShape(Shape):
    """What a presentation has to be made for."""

    nonce: Annotated[str, Field(description="Goes into `nonce` of the key binding.")]
    audience: Annotated[str, Field(description="Goes into `aud` of it.")]
    expires_at: Annotated[datetime, Field(description="Until when a presentation of it is taken.")]


class PresentationChallenge(Shape):
    """One challenge."""

    data: ChallengeShape


class ProvenShape(Shape):
    """What the evidence shows: this row of this many stands in the log at this size."""

    log: Annotated[str, Field(description="Origin of the log.")]
    size: Annotated[int, Field(description="Entries of the log in the signed checkpoint.")]
    row_index: Annotated[int, Field(description="Place of the row, from 0 on.")]
    row_count: Annotated[int, Field(description="Rows of the publication.")]
    keys_from: Annotated[
        Literal["caller", "installation", "issuer"],
        Field(description="Who named the log's key; `issuer`: only the credential itself."),
    ]


class VerdictShape(Shape):
    """Whether a credential holds. Where it does not, only `reason` and `detail` are set."""

    is_valid: Annotated[bool, Field(description="Everything that was asked for holds.")]
    reason: Annotated[Reason | None, Field(description="The first check that it failed.")]
    detail: Annotated[str | None, Field(description="The same in a sentence.")]
    issuer: str | None
    vct: str | None
    publication: str | None
    origin: OriginText | None
    claims: Annotated[dict[str, Any] | None, Field(description="What was disclosed.")]
    is_bound: Annotated[bool, Field(description="Shown by the holder of the key, for this nonce.")]
    is_status_checked: Annotated[
        bool, Field(description="Its status list was read, and it stands.")
    ]
    expires_at: datetime | None
    proof: Annotated[ProvenShape | None, Field(description="null: the evidence was not disclosed.")]


class VerdictAnswer(Shape):
    """One verdict."""

    data: VerdictShape


class DidDocument(Shape):
    """W3C DID document."""

    id: str
    verificationMethod: list[dict[str, Any]]
    assertionMethod: list[str]


class KeySet(Shape):
    """JWK set (RFC 7517)."""

    keys: list[dict[str, Any]]


class IssuerMetadata(Shape):
    """Issuer metadata of SD-JWT VC."""

    issuer: str
    jwks: KeySet


class TypeMetadata(Shape):
    """Type metadata of SD-JWT VC."""

    vct: str
    name: str
    description: str
    claims: list[dict[str, Any]]
