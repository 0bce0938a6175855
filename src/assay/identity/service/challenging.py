"""Challenges: a nonce that is good once, for one audience, for a few minutes."""

import re
import secrets
from datetime import timedelta

from assay.identity import store
from assay.identity.service.installation import Installation
from assay.identity.types import Challenge
from assay.kit.errors import RateLimited

LIFETIME = timedelta(minutes=5)
MOST_WAITING = 10_000
_NONCE_BYTES = 32
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def create_challenge(installation: Installation) -> Challenge:
    """A nonce for one presentation to this installation. Raises RateLimited where thousands wait
    for theirs already.
    """
    now = installation.clock.now()
    challenge = Challenge(secrets.token_urlsafe(_NONCE_BYTES), installation.url, now + LIFETIME)
    with installation.database.write() as connection:
        store.delete_expired_challenges(connection, now)
        if store.count_challenges(connection) >= MOST_WAITING:
            raise RateLimited(
                f"{MOST_WAITING} challenges wait for a presentation already.",
                hint="Try again in a few minutes.",
                retry_after_s=LIFETIME.total_seconds(),
            )
        store.insert_challenge(connection, challenge)
    return challenge


def take_challenge(installation: Installation, nonce: str, audience: str) -> bool:
    """Use a challenge up; False where it is none, used, expired or for another audience. What does
    not look like a nonce of ours never reaches the database, which stores no text of every kind.
    """
    if not _NONCE.fullmatch(nonce):
        return False
    with installation.database.write() as connection:
        return store.take_challenge(connection, nonce, audience, installation.clock.now())
