"""Passwords as argon2id hashes (RFC 9106's second choice: 64 MiB, 3 passes, 4 lanes, 0.1 s).

Every call is slow on purpose: call it in a thread, never in the event loop, and few at a time.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_VERIFIED = 512
"""Longer texts are no password of ours; hashing them would only keep the processor busy."""


class Passwords:
    """Hashes and checks passwords; takes equally long for an account that does not exist."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Same parameters as a real one, so that checking against nobody costs as much.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The hash of a password that `check_password` has accepted, with salt and parameters."""
        return self._hasher.hash(unicodedata.normalize("NFC", password))

    def verify(self, stored: str | None, password: str) -> bool:
        """True if the password is the one of `stored`; False after as much work where there is
        none (no such account, or one without a password).
        """
        normal = unicodedata.normalize("NFC", password)[:MAX_VERIFIED]
        try:
            self._hasher.verify(self._nobody if stored is None else stored, normal)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True if `stored` was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)
