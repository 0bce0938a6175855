"""Who the client is and where it asks: read once, checked, never shown. Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:8000"
KEY_VARIABLE = "ASSAY_API_KEY"
URL_VARIABLE = "ASSAY_API_URL"


def choose_url(url: str | None, environment: Mapping[str, str]) -> str:
    """The address asked: the argument, ASSAY_API_URL, or this machine. Raises ValueError for one
    that is no http address or carries a name and password, which would end up in logs.
    """
    chosen = (url or environment.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the address of an Assay server begins with http:// or https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the address of an Assay server has no name, password, query or fragment")
    return chosen


def find_origin(url: str) -> str:
    """Scheme, host and port of an address (RFC 6454)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def write_identity(key: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The header that carries the key: the argument, else ASSAY_API_KEY; none without a key.

    Raises ValueError for a key that no header can carry, without repeating it.
    """
    chosen = (environment.get(KEY_VARIABLE, "") if key is None else key).strip()
    if not chosen:
        return {}
    if not chosen.isascii() or not chosen.isprintable() or " " in chosen:
        raise ValueError("the key has characters that no key has; was it copied whole?")
    return {"authorization": f"Bearer {chosen}"}
