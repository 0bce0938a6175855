"""A stream of bytes encrypted under a passphrase, in chunks that cannot be cut, swapped or added.

Scrypt makes the key; each chunk is sealed by AES-256-GCM with its number and whether it is the last
as nonce, and with the header's digest beside it. So an archive that ends early, or that someone
changed anywhere, is refused when it is read, before a byte of that chunk is used.
Layout: magic, length of the header, header (JSON), proof of the passphrase, then chunks of 1 MiB
and 16 bytes each.
"""

import hashlib
import io
import secrets
import struct
from dataclasses import dataclass
from typing import BinaryIO

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from assay.kit.errors import BadInput, Corrupt

MAGIC = b"ASSAYBK1"
CHUNK = 2**20
TAG = 16
_COST = {"n": 2**17, "r": 8, "p": 1}
"""Memory 128 MiB, about half a second: what a guess at the passphrase costs."""

_MOST = {"n": 2**20, "r": 16, "p": 4}
_PROOF = 2**64 - 1
_LONGEST_HEADER = 4096
_BROKEN = "Use another copy: this one was cut short or changed after it was written."


@dataclass(frozen=True, slots=True)
class _Header:
    salt: bytes
    n: int
    r: int
    p: int


class Key:
    """What one passphrase makes of one archive's header."""

    def __init__(self, header: bytes, passphrase: str) -> None:
        about = _read_header(header)
        kdf = Scrypt(salt=about.salt, length=32, n=about.n, r=about.r, p=about.p)
        self._cipher = AESGCM(kdf.derive(passphrase.encode()))
        self._about = hashlib.sha256(header).digest()

    def seal(self, number: int, payload: bytes, *, is_last: bool) -> bytes:
        """The chunk's bytes as they are stored."""
        return self._cipher.encrypt(_nonce(number, is_last), payload, self._about)

    def unseal(self, number: int, stored: bytes, *, is_last: bool) -> bytes:
        """The chunk's bytes as they were. Raises InvalidTag where they are not its own."""
        return self._cipher.decrypt(_nonce(number, is_last), stored, self._about)


class SealingWriter(io.RawIOBase):
    """Encrypts what is written to it; `finish` writes the last chunk, without which it is void."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        super().__init__()
        header = orjson.dumps({**_COST, "salt": secrets.token_hex(16)})
        self._key = Key(header, passphrase)
        self._target, self._number, self._held = target, 0, bytearray()
        proof = self._key.seal(_PROOF, b"", is_last=False)
        target.write(MAGIC + struct.pack(">I", len(header)) + header + proof)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, payload: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        """Take bytes; whole chunks go on at once."""
        self._held += payload
        while len(self._held) > CHUNK:
            self._put(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]
        return len(payload)

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(bytes(self._held), is_last=True)

    def _put(self, chunk: bytes, *, is_last: bool) -> None:
        self._target.write(self._key.seal(self._number, chunk, is_last=is_last))
        self._number += 1


class UnsealingReader(io.RawIOBase):
    """Reads what `SealingWriter` wrote. Raises BadInput for a wrong passphrase or another file,
    Corrupt where the archive was cut short or changed.
    """

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        super().__init__()
        start = source.read(len(MAGIC) + 4)
        if len(start) < len(MAGIC) + 4 or not start.startswith(MAGIC):
            raise BadInput("The file is no backup of Assay's.", hint="Name one that it made.")
        length = struct.unpack(">I", start[len(MAGIC) :])[0]
        header = source.read(min(length, _LONGEST_HEADER))
        self._key = Key(header, passphrase)
        try:
            self._key.unseal(_PROOF, source.read(TAG), is_last=False)
        except InvalidTag:
            raise BadInput("The passphrase does not open this backup.", hint="Try again.") from None
        self._source, self._number, self._left = source, 0, memoryview(b"")
        self._ahead = source.read(CHUNK + TAG)
        self._is_over = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill `buffer` as far as the present chunk goes; 0 after the last chunk."""
        while not self._left and not self._is_over:
            self._next()
        taken = self._left[: len(buffer)]
        buffer[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)

    def _next(self) -> None:
        stored, self._ahead = self._ahead, self._source.read(CHUNK + TAG)
        self._is_over = not self._ahead
        try:
            chunk = self._key.unseal(self._number, stored, is_last=self._is_over)
        except InvalidTag:
            raise Corrupt("The backup is damaged or not complete.", hint=_BROKEN) from None
        self._number += 1
        self._left = memoryview(chunk)


def _nonce(number: int, is_last: bool) -> bytes:
    return struct.pack(">QI", number, int(is_last))


def _read_header(header: bytes) -> _Header:
    try:
        about = orjson.loads(header)
        found = _Header(bytes.fromhex(about["salt"]), *(int(about[name]) for name in _MOST))
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt("The backup's header cannot be read.", hint=_BROKEN) from error
    if not all(0 < getattr(found, name) <= most for name, most in _MOST.items()):
        raise Corrupt("The backup's header asks for too much.", hint=_BROKEN)
    return found
