"""C2SP signed notes: verifier keys and checkpoints, written and signed. Pure.

Reading and verifying them is in `assay.verifier`: the code a stranger reads is the code we use.
Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.
"""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assay.verifier import (
    VerifierKey,
    list_signatures,
    parse_checkpoint,
    parse_key,
    parse_note,
)

__all__ = [
    "Checkpoint",
    "format_vkey",
    "list_signatures",
    "name_key",
    "parse_checkpoint",
    "parse_note",
    "parse_vkey",
    "sign_checkpoint",
    "sign_line",
]

ED25519 = b"\x01"
"""The kind of a key that signs a note's text and nothing else."""

parse_vkey = parse_key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: `root` is the RFC 9162 root (32 bytes) of the first `size` entries."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


def format_vkey(name: str, public_key: bytes, kind: bytes = ED25519) -> str:
    """The text form `name+id+base64` of a public Ed25519 key (32 bytes), which others keep."""
    return str(VerifierKey(name, kind[0], public_key))


def name_key(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    """The four bytes that tell a note's keys apart."""
    return VerifierKey(name, kind[0], public_key).key_id


def sign_line(name: str, key: Ed25519PrivateKey, body: bytes) -> bytes:
    """One signature line of a note, newline included."""
    blob = name_key(name, key.public_key().public_bytes_raw()) + key.sign(body)
    return f"\N{EM DASH} {name} {base64.b64encode(blob).decode()}\n".encode()


def sign_checkpoint(checkpoint: Checkpoint, keys: list[Ed25519PrivateKey]) -> bytes:
    """The signed note of a checkpoint, signed by every key of the log."""
    lines = [sign_line(checkpoint.origin, key, checkpoint.body) for key in keys]
    return b"".join([checkpoint.body, b"\n", *lines])
