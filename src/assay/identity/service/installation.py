"""Who this installation is: its name as an issuer, its signing keys, and where it is reached."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)

from assay.identity import store
from assay.identity.compute.dids import name_kid, write_did_web, write_document
from assay.identity.compute.keys import compress_key, expand_key, write_did_key
from assay.identity.types import STATUS_PATH, TYPES_PATH, IssuerKey
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import KeyUnusable
from assay.kit.keyring import P256, Keyring

FindKey = Callable[[object], EllipticCurvePublicKey | None]
"""Gives an issuer's key by the `kid` of a token. Raises ValueError where it makes no sense."""

OwnKeys = dict[str, dict[str, EllipticCurvePublicKey]]
"""The keys of this installation by the name that it issues under and by `kid`."""

MOST_KEPT = 256
OWN = "own keys"
OWN_KEPT_S = 5.0


class Kept:
    """What was fetched or made lately, by name; bounded, the oldest go first. Threads share it."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, tuple[datetime, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, now: datetime) -> Any:  # noqa: ANN401 - whatever was put
        """What was put under this name and has not ended; None otherwise."""
        found = self._items.get(name)
        return found[1] if found is not None and now < found[0] else None

    def forget(self, name: str) -> None:
        """Let go of what was put under this name."""
        with self._lock:
            self._items.pop(name, None)

    def put(self, name: str, value: object, ends: datetime) -> None:
        """Keep `value` until a moment."""
        with self._lock:
            self._items[name] = (ends, value)
            self._items.move_to_end(name)
            while len(self._items) > MOST_KEPT:
                self._items.popitem(last=False)


@dataclass(frozen=True)
class Installation:
    """One installation as issuer and verifier. `local_url` is where it is reached as long as
    nobody has given it a public URL: then it issues as a did:key, which needs no looking up.
    `reads_loopback` lets it read issuers on this machine over http: where nobody else may ask it.
    """

    database: Database
    clock: Clock
    local_url: str = "http://127.0.0.1:8000"
    reads_loopback: bool = False
    lists: Kept = field(default_factory=Kept)
    """Status lists of others, checked, as tokens."""
    documents: Kept = field(default_factory=Kept)
    """What other issuers say of their keys."""
    published: Kept = field(default_factory=Kept)
    """Its own status lists as they were last signed."""

    @property
    def is_local(self) -> bool:
        """True without a public URL."""
        return not self.database.home.public_url

    @property
    def url(self) -> str:
        """Where status lists and types are served."""
        return self.database.home.public_url or self.local_url

    def name(self, key: EllipticCurvePublicKey) -> str:
        """What a credential of this key says in `iss`."""
        return write_did_key(key) if self.is_local else write_did_web(self.url)

    def locate_list(self, number: int) -> str:
        """The URL of a status list."""
        return f"{self.url}{STATUS_PATH}{number}"

    def locate_type(self, kind: str) -> str:
        """The `vct` of the credentials about a kind of publication."""
        return f"{self.url}{TYPES_PATH}{kind}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key of the installation, and how its tokens name it."""

    number: int
    key: EllipticCurvePrivateKey
    issuer: str

    @property
    def kid(self) -> str:
        """The key's name in a token's header."""
        return name_kid(self.issuer, self.key.public_key())


def load_signer(installation: Installation, number: int | None = None) -> Signer:
    """The key that signs now (made at the first call), or an earlier one by its number.

    Raises KeyUnusable where the file is missing or is not the key that was published.
    """
    known = _list_keys(installation)
    if number is None and not known:
        return rotate_key(installation, only_first=True)
    chosen = known[-1] if number is None else next(key for key in known if key.number == number)
    key = _keyring(installation).load(_name_file(chosen.number), P256)
    if compress_key(key.public_key()) != chosen.public_key:
        raise KeyUnusable(
            f"The private key {_name_file(chosen.number)} is not the one that signs credentials.",
            hint="Bring its file from a backup, or go on with: assay credential rotate-key",
        )
    return Signer(chosen.number, key, installation.name(key.public_key()))


def rotate_key(
    installation: Installation, *, only_first: bool = False, is_stolen: bool = False
) -> Signer:
    """A new key signs from now on; the earlier ones stay known until what they signed expires, or
    with `is_stolen` are revoked with all that they signed.

    With `only_first` nothing is done where another process has made the first key meanwhile.
    """
    ring = _keyring(installation)
    with installation.database.write() as connection:
        known = store.list_keys(connection)
        if not known or not only_first:
            number = known[-1].number + 1 if known else 1
            # A file of this number without its row is left over from a start that was cut short.
            key = ring.load_or_create(_name_file(number), P256)
            point = compress_key(key.public_key())
            if is_stolen:
                store.revoke_keys(connection)
            store.insert_key(connection, IssuerKey(number, point, installation.clock.now()))
    installation.documents.forget(OWN)
    return load_signer(installation)


def list_public_keys(installation: Installation) -> list[EllipticCurvePublicKey]:
    """The key that signs, and the earlier ones of which a credential has not expired yet."""
    now = installation.clock.now()
    with installation.database.read() as connection:
        known, endings = store.list_keys(connection), store.load_last_endings(connection)
    return [
        expand_key(key.public_key)
        for key in known
        if not key.is_revoked and (key.until is None or endings.get(key.number, now) > now)
    ]


def find_own(installation: Installation, name: str) -> FindKey | None:
    """What finds the keys with which this installation issues or issued under a name; None for a
    name of others. Kept for a few seconds, but nothing is refused before it was read anew.
    """
    now = installation.clock.now()
    known: OwnKeys = installation.documents.get(OWN, now) or {}
    if name not in known:
        known = _load_own(installation)
    return partial(_find_own_key, installation, name) if name in known else None


def _find_own_key(
    installation: Installation, name: str, kid: object
) -> EllipticCurvePublicKey | None:
    known: OwnKeys = installation.documents.get(OWN, installation.clock.now()) or {}
    if not isinstance(kid, str):
        return None
    return known.get(name, {}).get(kid) or _load_own(installation).get(name, {}).get(kid)


def _load_own(installation: Installation) -> OwnKeys:
    found: OwnKeys = {}
    for key in list_public_keys(installation):
        name = installation.name(key)
        found.setdefault(name, {})[name_kid(name, key)] = key
    installation.documents.put(OWN, found, keep_for(installation, OWN_KEPT_S))
    return found


def describe_installation(installation: Installation) -> dict[str, Any]:
    """The DID document of a did:web installation."""
    load_signer(installation)
    return write_document(write_did_web(installation.url), list_public_keys(installation))


def keep_for(installation: Installation, seconds: float) -> datetime:
    """The moment `seconds` from now."""
    return installation.clock.now() + timedelta(seconds=seconds)


def _list_keys(installation: Installation) -> list[IssuerKey]:
    with installation.database.read() as connection:
        return store.list_keys(connection)


def _keyring(installation: Installation) -> Keyring:
    return Keyring(installation.database.home)


def _name_file(number: int) -> str:
    return f"credentials-{number}"
