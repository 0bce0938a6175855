"""Who looks at the log from outside: the words for witnesses and anchors, and their settings."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from assay.kit.errors import BadInput
from assay.kit.settings import Settings
from assay.verifier import COSIGNATURE, NotVerified, VerifierKey, parse_key

WEI_PER_GWEI: Final = 1_000_000_000
MOST_WITNESSES: Final = 12
"""A reader of signed notes must accept 16 signatures; some are the log's own."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Witness:
    """A configured witness: its key, and the submission prefix of its `tlog-witness` service."""

    key: VerifierKey
    url: str


@dataclass(frozen=True, slots=True)
class Chain:
    """An EVM chain by any JSON-RPC; the URL may hold a provider's key and is never shown.

    An anchor counts as final once its block and those behind it are `confirmations` blocks.
    `highest_fee_wei` bounds what is bid for a unit of gas. `contract` is empty before one stands.
    """

    rpc_url: SecretStr
    chain_id: int
    contract: str = ""
    confirmations: int = 12
    highest_fee_wei: int = 100 * WEI_PER_GWEI


@dataclass(frozen=True, slots=True)
class Outside:
    """All that is configured. Empty: nobody looks."""

    witnesses: tuple[Witness, ...] = ()
    chain: Chain | None = None
    anchor_every_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness' statement that the tree of `size` continues all it saw before, as of a time.

    `line` is the line of the signed note, newline included.
    """

    key: VerifierKey
    size: int
    cosigned_at: datetime
    line: bytes


@dataclass(frozen=True, slots=True)
class WitnessState:
    """What a witness has cosigned last, as the log knows it; None where it never did."""

    name: str
    vkey: str
    size: int | None
    cosigned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Submission:
    """How submitting the newest checkpoint to one witness ended.

    `trouble` says why there is no cosignature (empty: there is one); `is_alarm` that the witness
    holds a tree which ours does not continue: a fork, or state of ours that was rolled back.
    """

    witness: str
    size: int
    cosigned_at: datetime | None = None
    trouble: str = ""
    is_alarm: bool = False


class AnchorState(StrEnum):
    """Where an anchor stands. Only a final one is shown and proves anything. A late one stands on
    the chain, but waited so long that what was said meanwhile would look back-dated beside it.
    """

    SENT = "sent"
    FINAL = "final"
    LATE = "late"
    REVERTED = "reverted"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AnchorReceipt:
    """A checkpoint on a chain: `root` (32 bytes) of the first `size` entries of the log `origin`
    stood in the contract from the block `block` on, whose time is `time`.
    """

    chain_id: int
    contract: str
    tx: str
    block: int
    block_hash: str
    time: datetime
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class SentAnchor:
    """A transaction that anchors a checkpoint and is not final yet. Fees in wei a unit of gas."""

    log: int
    chain_id: int
    contract: str
    tx: str
    size: int
    root: bytes
    nonce: int
    max_fee: int
    priority_fee: int
    sent_at: datetime


class HeadState(StrEnum):
    """How a tree head that somebody outside knows stands to the log in this database."""

    AGREES = "agrees"
    AHEAD = "ahead"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """The newest tree head that a witness or a chain knows of our origin.

    AHEAD: larger than ours, so our state is old. FORKED: of a tree that is not ours. `root` is
    None where the source only told its size.
    """

    source: str
    size: int
    state: HeadState
    root: bytes | None = None


@dataclass(frozen=True, slots=True)
class OutsideView:
    """What those outside know of the log, and whom we could not ask, with the reason."""

    heads: tuple[OutsideHead, ...] = ()
    unasked: tuple[tuple[str, str], ...] = field(default=())

    @property
    def conflicts(self) -> list[OutsideHead]:
        """The heads that our log does not continue: nothing may be appended while there are any."""
        return [head for head in self.heads if head.state is not HeadState.AGREES]


def read_outside(settings: Settings) -> Outside:
    """The witnesses and the chain that the settings name. Raises BadInput naming what is wrong."""
    chain = read_chain(settings)
    if settings.anchor_every_h and (chain is None or not chain.contract):
        raise BadInput(
            "ASSAY_ANCHOR_EVERY_H asks for anchors, but there is no contract to write to.",
            hint="Set ASSAY_ANCHOR_RPC_URL, ASSAY_ANCHOR_CHAIN_ID and ASSAY_ANCHOR_CONTRACT.",
        )
    return Outside(parse_witnesses(settings.witnesses), chain, settings.anchor_every_h)


def read_chain(settings: Settings) -> Chain | None:
    """The chain of the settings; None where none is named. Raises BadInput."""
    if settings.anchor_rpc_url is None:
        return None
    _check_url("ASSAY_ANCHOR_RPC_URL", settings.anchor_rpc_url.get_secret_value())
    if not settings.anchor_chain_id:
        raise BadInput(
            "ASSAY_ANCHOR_CHAIN_ID is missing.",
            hint="Name the chain that ASSAY_ANCHOR_RPC_URL must be of: 1 is Ethereum.",
        )
    if settings.anchor_contract and not _ADDRESS.fullmatch(settings.anchor_contract):
        raise BadInput(
            "ASSAY_ANCHOR_CONTRACT is no address.",
            hint="It has 0x and 40 hex digits; `assay log anchor deploy` prints it.",
        )
    return Chain(
        settings.anchor_rpc_url,
        settings.anchor_chain_id,
        settings.anchor_contract.lower(),
        settings.anchor_confirmations,
        int(settings.anchor_fee_gwei * WEI_PER_GWEI),
    )


def parse_witnesses(text: str) -> tuple[Witness, ...]:
    """Read `vkey url` items, one a line or separated by commas; `#` begins a comment line.

    Raises BadInput that names the item: no such form, a wrong key, a URL that is none, the same key
    or name twice, more than 12.
    """
    found: list[Witness] = []
    items = [item.strip() for item in re.split(r"[\n,]", text)]
    for number, item in enumerate((item for item in items if item and item[0] != "#"), start=1):
        place = f"ASSAY_WITNESSES, item {number}"
        parts = item.split()
        if len(parts) != 2:
            raise BadInput(f"{place}: is not `vkey url`.", hint="docs/witnesses.md shows one.")
        key = _parse_vkey(place, parts[0])
        _check_url(place, parts[1])
        for other in found:
            # The signed text does not name the witness: one key under two names is one witness.
            if other.key.public_key == key.public_key or other.key.name == key.name:
                raise BadInput(f"{place}: names a witness again.", hint="Name each once.")
        found.append(Witness(key, parts[1].rstrip("/")))
    if len(found) > MOST_WITNESSES:
        raise BadInput(
            f"ASSAY_WITNESSES names {len(found)} witnesses.", hint=f"Name at most {MOST_WITNESSES}."
        )
    return tuple(found)


def _parse_vkey(place: str, text: str) -> VerifierKey:
    try:
        key = parse_key(text)
    except NotVerified as error:
        raise BadInput(f"{place}: {error}", hint="Copy the witness' own vkey.") from error
    if key.kind != COSIGNATURE:
        raise BadInput(
            f"{place}: is the key of a log, not of a witness.",
            hint="A witness' vkey is of type 4 (cosignature/v1): its base64 begins with B.",
        )
    return key


def _check_url(place: str, url: str) -> None:
    """Raises BadInput without repeating the URL: it may hold a key."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise BadInput(f"{place}: is no URL.", hint="It begins with https:// or http://.")
