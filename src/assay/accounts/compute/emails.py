"""What an e-mail address is here: checked for its shape only, for nothing is sent to it."""

import re
import unicodedata

from assay.kit.errors import BadInput

MAX_LENGTH = 254
MAX_LOCAL = 64
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]\x00-\x1f\x7f]+")
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def parse_email(text: str) -> str:
    """The address without surrounding space, in NFC. Raises BadInput; the address is not repeated.

    Quoted local parts and domains in brackets are refused: nobody has them, and they smuggle.
    """
    email = unicodedata.normalize("NFC", text.strip())
    local, _, domain = email.rpartition("@")
    if (
        max(len(email), len(fold_email(email))) > MAX_LENGTH
        or len(local) > MAX_LOCAL
        or not _LOCAL.fullmatch(local)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
        or not _DOMAIN.fullmatch(domain)
    ):
        raise BadInput(
            "This is not an e-mail address.", hint="It looks like name@example.org, 254 at most."
        )
    return email


def fold_email(email: str) -> str:
    """The form in which addresses are compared: two that differ in case are one person's."""
    return unicodedata.normalize("NFC", email.strip()).lower()
