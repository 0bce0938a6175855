"""The private keys of an installation: files for their owner only, encrypted where asked.

A key is PKCS#8 in PEM. Under a passphrase (`ASSAY_KEYS_PASSPHRASE_FILE`) it is encrypted: scrypt
makes of passphrase and salt the hex password of the PEM, because PEM's own PBKDF2 is cheap to
guess at. The line before the PEM says salt and cost, so that other tools can open it too.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from assay.kit.atomic import storage_errors, sync_directory
from assay.kit.errors import KeyUnusable
from assay.kit.home import Home

Key = TypeVar("Key", bound=PrivateKeyTypes)

_COST = {"n": 2**17, "r": 8, "p": 1}
"""Memory 128 MiB, about half a second: what a guess at the passphrase costs."""

_SEALED = b"assay-key scrypt "
_BEGIN = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class KeyKind(Generic[Key]):
    """A kind of private key: how one is made, and how one is told from others."""

    name: str
    create: Callable[[], Key]
    fits: Callable[[object], bool]


def _fits_curve(curve: type[ec.EllipticCurve]) -> Callable[[object], bool]:
    return lambda key: isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, curve)


ED25519: KeyKind[Ed25519PrivateKey] = KeyKind(
    "Ed25519", Ed25519PrivateKey.generate, lambda key: isinstance(key, Ed25519PrivateKey)
)
P256: KeyKind[ec.EllipticCurvePrivateKey] = KeyKind(
    "P-256", lambda: ec.generate_private_key(ec.SECP256R1()), _fits_curve(ec.SECP256R1)
)
SECP256K1: KeyKind[ec.EllipticCurvePrivateKey] = KeyKind(
    "secp256k1", lambda: ec.generate_private_key(ec.SECP256K1()), _fits_curve(ec.SECP256K1)
)


class Keyring:
    """The folder `keys` of a home. A name is lower-case letters, digits and hyphens."""

    def __init__(self, home: Home) -> None:
        self._folder = home.keys
        self._passphrase_file = home.keys_passphrase_file

    def has(self, name: str) -> bool:
        """Whether there is a key of this name."""
        return self.find_path(name).exists()

    def find_path(self, name: str) -> Path:
        """The file of a key."""
        return self._folder / f"{name}.pem"

    def load(self, name: str, kind: KeyKind[Key]) -> Key:
        """The key of a name; one that lies there in plain text is encrypted if a passphrase is set.

        Raises KeyUnusable where it is missing, of another kind, or its passphrase a wrong one.
        """
        path = self.find_path(name)
        try:
            payload = path.read_bytes()
        except FileNotFoundError:
            raise KeyUnusable(
                f"The private key {path} is missing.",
                hint="Bring it from a backup or from the host that has it; no other takes its"
                " place.",
            ) from None
        except OSError as error:
            raise KeyUnusable(
                f"The private key {path} cannot be read: {error.strerror}.",
                hint="It must belong to the user that runs assay, with the rights 0600.",
            ) from error
        passphrase = self._read_passphrase()
        key = _open(payload, passphrase, str(path))
        if not kind.fits(key):
            raise KeyUnusable(
                f"{path} is no {kind.name} key.", hint="Bring the right file from a backup."
            )
        if passphrase and not payload.startswith(_SEALED):
            with self._stage(_seal(key, passphrase)) as staged:
                staged.replace(path)
        return cast(Key, key)

    def create(self, name: str, kind: KeyKind[Key]) -> Key:
        """A new key, safely on the disk. Raises FileExistsError where the name is taken."""
        key = kind.create()
        return self.save(name, key)

    def save(self, name: str, key: Key) -> Key:
        """Keep a key that was made elsewhere, as `create` does."""
        with self._stage(_seal(key, self._read_passphrase())) as staged:
            os.link(staged, self.find_path(name))
        return key

    def load_or_create(self, name: str, kind: KeyKind[Key]) -> Key:
        """The key of a name, made at the first call: of several processes one makes it."""
        if not self.has(name):
            with contextlib.suppress(FileExistsError):
                self.create(name, kind)
        return self.load(name, kind)

    @contextlib.contextmanager
    def _stage(self, payload: bytes) -> Iterator[Path]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with 0600; a name with a dot is left out of backups and of `has`.
        handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self._folder)
        staged = Path(name)
        try:
            with storage_errors(str(self._folder)), os.fdopen(handle, "wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            yield staged
            sync_directory(self._folder)
        finally:
            staged.unlink(missing_ok=True)

    def _read_passphrase(self) -> bytes:
        if self._passphrase_file is None:
            return b""
        try:
            lines = self._passphrase_file.read_bytes().splitlines()
        except OSError:
            lines = []
        if not lines or not lines[0]:
            raise KeyUnusable(
                "The file of ASSAY_KEYS_PASSPHRASE_FILE holds no passphrase that can be read.",
                hint="Write the passphrase into its first line.",
            )
        return lines[0]


def _seal(key: PrivateKeyTypes, passphrase: bytes) -> bytes:
    if not passphrase:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    salt = secrets.token_bytes(16)
    words = [*(f"{name}={value}" for name, value in _COST.items()), f"salt={salt.hex()}"]
    password = BestAvailableEncryption(_stretch(passphrase, salt, **_COST))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password)
    return _SEALED + " ".join(words).encode() + b"\n" + pem


# Of a sealed key the cost is paid once in a process, not at every publication.
@lru_cache(maxsize=64)
def _open(payload: bytes, passphrase: bytes, path: str) -> PrivateKeyTypes:
    is_sealed = payload.startswith(_SEALED)
    if is_sealed and not passphrase:
        raise KeyUnusable(
            f"The private key {path} is encrypted.",
            hint="Name the file of its passphrase in ASSAY_KEYS_PASSPHRASE_FILE.",
        )
    try:
        password = _read_password(payload, passphrase) if is_sealed else None
        return load_pem_private_key(payload[payload.index(_BEGIN) :], password)
    except (ValueError, TypeError, KeyError):
        # What cryptography says may repeat what it was given.
        what = "has another passphrase or is damaged" if is_sealed else "is damaged"
        raise KeyUnusable(
            f"The private key {path} {what}.",
            hint="Correct ASSAY_KEYS_PASSPHRASE_FILE, or bring the file from a backup.",
        ) from None


def _read_password(payload: bytes, passphrase: bytes) -> bytes:
    line = payload[len(_SEALED) :].split(b"\n", 1)[0].decode("ascii")
    words = dict(word.split("=", 1) for word in line.split())
    n, r, p = (min(int(words[name]), 2**20) for name in ("n", "r", "p"))
    return _stretch(passphrase, bytes.fromhex(words["salt"]), n=n, r=r, p=p)


def _stretch(passphrase: bytes, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase).hex().encode()
