"""The gate before every guessable thing: counts a try first and lets it through after its wait."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from assay.accounts.compute.emails import fold_email
from assay.accounts.compute.origins import name_source
from assay.accounts.compute.throttling import ACCOUNT, ASKING, DEVICE, SOURCE, Throttle
from assay.accounts.store.attempts import count_attempt, delete_old_attempts, load_wait_s
from assay.kit.database import Database
from assay.kit.errors import RateLimited

Bucket = tuple[str, Throttle]


def admit(database: Database, buckets: Sequence[Bucket], now: datetime) -> None:
    """Count a try in every bucket, or raise RateLimited (and count nothing) while one must wait."""
    # Looked at without the writer's lock first: a flood of refused tries holds up nobody's write.
    with database.read() as connection:
        _check_waits(connection, buckets, now)
    with database.write() as connection:
        _check_waits(connection, buckets, now)
        delete_old_attempts(connection, now)
        for name, rule in buckets:
            count_attempt(connection, name, rule, now)


def of_email(email: str) -> Bucket:
    """Tries to sign in under an e-mail, known or not; the address itself is not kept."""
    return f"account:{_digest(fold_email(email))}", ACCOUNT


def of_source(address: str) -> Bucket:
    """Tries to sign in from an address."""
    return f"source:{name_source(address)}", SOURCE


def of_device(device_id: str) -> Bucket:
    """Tries to sign in from a known browser."""
    return f"device:{device_id}", DEVICE


def of_asking(address: str) -> Bucket:
    """Sign-ups and resets from an address."""
    return f"asking:{name_source(address)}", ASKING


def of_present(account_id: str) -> Bucket:
    """Tries to confirm the present password of an account that is signed in."""
    return f"present:{account_id}", ACCOUNT


def _check_waits(connection: Connection, buckets: Sequence[Bucket], now: datetime) -> None:
    wait_s = max(load_wait_s(connection, name, rule, now) for name, rule in buckets)
    if wait_s > 0.0:
        raise RateLimited(
            "Too many tries; the next one has to wait.",
            hint="Retry-After says how long. Keys and other devices of yours go on working.",
            retry_after_s=wait_s,
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
