"""The log: what its state, checkpoints and anchors hold, and how to ask for them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from assay.api.parameters import ListQuery, Query
from assay.api.schemas import Shape

Size = Annotated[int, Field(ge=0, le=2**53 - 1)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
LogNumber = Annotated[
    int | None,
    Field(
        ge=1,
        le=10_000,
        description="Number of a log of this installation; left out: the newest, which grows.",
    ),
]


class SigningKey(Shape):
    """A key that signs, or has signed, checkpoints of the log."""

    vkey: Annotated[
        str,
        Field(
            description="C2SP verifier key: name, key id and public key, joined by plus signs.",
            examples=["example.org/log+1a2b3c4d+AQ=="],
        ),
    ]
    since: Annotated[datetime, Field(description="From when on it signs.")]
    until: Annotated[datetime | None, Field(description="When it signed last; null: it signs.")]


class Witnessed(Shape):
    """A witness and the newest checkpoint that it cosigned."""

    name: Annotated[str, Field(description="As its cosignatures name it.")]
    vkey: Annotated[str, Field(description="Its verifier key, in the same form.")]
    size: Annotated[int | None, Field(description="Entries of that checkpoint; null: none yet.")]
    cosigned_at: datetime | None


class Anchored(Shape):
    """A tree head that was written to a chain: the members of an anchor receipt."""

    type: Annotated[str, Field(examples=["assay-anchor-v1"])]
    chain_id: Annotated[int, Field(description="EIP-155 id of the chain.")]
    contract: Annotated[str, Field(description="Address of the contract that keeps the heads.")]
    tx: Annotated[str, Field(description="Hash of the transaction.")]
    block: Annotated[int, Field(description="Number of its block.")]
    block_hash: Annotated[str, Field(description="Hash of that block.")]
    time: Annotated[datetime, Field(description="Time of the block.")]
    origin: Annotated[str, Field(description="The log.")]
    size: Annotated[int, Field(description="Entries in the tree.")]
    root: Annotated[str, Field(description="Base64, as in a checkpoint.")]


class LogNamed(Shape):
    """One log of this installation."""

    number: int
    origin: Annotated[str, Field(description="What its checkpoints name it by, for ever.")]
    is_replay: Annotated[bool, Field(description="True: of a replay, a demo or a test.")]
    started_at: datetime
    size: Annotated[int, Field(description="Entries in its newest checkpoint.")]
    path: Annotated[
        str, Field(description="Where its tiles are.", examples=["/log/0123456789abcdef"])
    ]


class LogState(LogNamed):
    """The log as it is now."""

    root: Annotated[Digest | None, Field(description="RFC 9162 root (hex) of that checkpoint.")]
    checkpoint: Annotated[
        str | None, Field(description="The signed note itself, cosignatures included.")
    ]
    signed_at: datetime | None
    is_halted: Annotated[
        bool,
        Field(
            description="True: the database is a copy, or does not extend what was signed or seen "
            "before, so nothing is added until its operator acts."
        ),
    ]
    keys: Annotated[list[SigningKey], Field(description="Oldest first.")]
    witnesses: list[Witnessed]
    anchors: Annotated[list[Anchored], Field(description="The newest ten, the newest first.")]
    earlier: Annotated[
        list[LogNamed],
        Field(description="Logs that this one follows; they stay readable, and grow no more."),
    ]


class LoggedCheckpoint(Shape):
    """A tree head that the log signed."""

    size: Annotated[int, Field(description="Entries in the tree.")]
    root: Digest
    signed_at: datetime
    checkpoint: Annotated[str, Field(description="The signed note, as a text.")]


class HeadSort(StrEnum):
    """Orders of checkpoints."""

    NEWEST = "-size"
    OLDEST = "size"


class LogQuery(Query):
    """Which log."""

    log: LogNumber = None


class CheckpointsQuery(ListQuery):
    """Which checkpoints."""

    log: LogNumber = None
    sort: Annotated[HeadSort, Field(description="Newest or oldest first.")] = HeadSort.NEWEST


class AnchorsQuery(ListQuery):
    """Which anchors."""

    log: LogNumber = None


class ConsistencyQuery(Query):
    """Between which two sizes of the log."""

    log: LogNumber = None
    old: Annotated[Size, Field(description="Entries of the earlier checkpoint.")]
    new: Annotated[
        Size | None,
        Field(description="Entries of the later checkpoint; left out: the newest."),
    ] = None


class ProofQuery(Query):
    """In which checkpoint."""

    size: Annotated[
        Size | None,
        Field(
            ge=1,
            description="Entries of the checkpoint to prove it in; left out: the newest.",
        ),
    ] = None
