"""The one format of everything secret that this room hands out: `<prefix>_<id>_<secret>`.

The id finds the row, the secret proves the right to it. Only the secret's SHA-256 is stored: it has
256 random bits, so that no slow hash is needed, and a stolen database opens nothing.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

ID_LENGTH = 16
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_TOKEN = re.compile(r"([a-z]{2})_([a-z0-9]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token: what its holder gets, once, and what is stored of it."""

    token_id: str
    secret: str
    text: str
    secret_sha256: str


def create_id() -> str:
    """16 random lower-case letters and digits (82 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def mint_token(prefix: str) -> Minted:
    """A new token with 256 random bits; `prefix` has two letters that say its kind."""
    token_id, secret = create_id(), secrets.token_urlsafe(32)
    text = f"{prefix}_{token_id}_{secret}"
    return Minted(token_id, secret, text, digest_secret(secret))


def split_token(text: str, prefix: str) -> tuple[str, str] | None:
    """(id, secret) of a token of that kind; None for anything else."""
    read = _TOKEN.fullmatch(text)
    return (read[2], read[3]) if read is not None and read[1] == prefix else None


def digest_secret(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches_secret(secret: str, secret_sha256: str) -> bool:
    """True if `secret` is the one whose digest is stored; takes equally long either way."""
    return hmac.compare_digest(digest_secret(secret), secret_sha256)


def derive_csrf(access_secret: str) -> str:
    """The CSRF token of an access session: its cookie proves the secret, a foreign page can read
    neither, and the server can say it again without keeping it.
    """
    mac = hmac.new(access_secret.encode(), b"assay csrf token", hashlib.sha256)
    return mac.hexdigest()
