"""The keys of a log: made with it, rotated with an overlap, never replaced by another."""

import secrets
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from assay.kit.errors import KeyUnusable
from assay.kit.home import Home
from assay.kit.keyring import ED25519, Keyring
from assay.kit.moments import format_utc
from assay.ledger.store.log import list_log_keys
from assay.ledger.types import Log, LogKey


def name_origin(home: Home, *, is_replay: bool) -> str:
    """A name that no other log has: where the installation is reached, and 16 random digits."""
    _, _, host = home.public_url.partition("://")
    return f"{host or 'localhost/assay'}/{'replay' if is_replay else 'log'}/{secrets.token_hex(8)}"


def create_key(home: Home, origin: str, number: int, since: datetime) -> LogKey:
    """Make the log's key number `number`, counted from 1, and keep it in the ring."""
    key = Keyring(home).create(_name(origin, number), ED25519)
    return LogKey(origin, key.public_key().public_bytes_raw(), since)


def load_signers(
    connection: Connection, home: Home, log: Log, now: datetime
) -> list[Ed25519PrivateKey]:
    """The keys that sign at `now`: in an overlap two.

    Raises KeyUnusable where one is missing or another one than the log was told of.
    """
    ring = Keyring(home)
    signers = []
    for number, known in enumerate(list_log_keys(connection, log.number), start=1):
        if not is_valid(known, now):
            continue
        name = _name(log.origin, number)
        if not ring.has(name):
            raise KeyUnusable(
                f"The key of the log {log.origin} is not in this home: {ring.find_path(name)} is"
                " missing.",
                hint="Copy the folder `keys` from the host that has it, or from a backup. A new"
                " key is never made for a log that has one; if it is lost, `assay log new` starts"
                " another log.",
            )
        key = ring.load(name, ED25519)
        if key.public_key().public_bytes_raw() != known.public_key:
            raise KeyUnusable(
                f"{ring.find_path(name)} is not the key of the log {log.origin}.",
                hint="Bring the right file from a backup or from the host that has it.",
            )
        signers.append(key)
    if not signers:
        raise KeyUnusable(
            f"No key of the log {log.origin} is valid at {format_utc(now)}.",
            hint="`assay log status` lists them; let the clock follow NTP.",
        )
    return signers


def is_valid(key: LogKey, moment: datetime) -> bool:
    """Whether a key may sign at a moment."""
    return key.since <= moment and (key.until is None or moment < key.until)


def _name(origin: str, number: int) -> str:
    own = f"log-{origin.rpartition('/')[2]}"
    return own if number == 1 else f"{own}-{number}"
