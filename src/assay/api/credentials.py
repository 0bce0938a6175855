"""What a request shows of who asks: a key, a token, or the cookie of a session. Pure."""

from collections.abc import Mapping, Sequence

from assay.kit.errors import Unauthorized

Headers = Mapping[bytes, Sequence[bytes]]

COOKIE = b"assay_session"
SECURE_COOKIE = b"__Host-assay_session"


def read_keys(headers: Headers, *, also_api_key: bool = False) -> bytes:
    """The one key or token that the headers show, empty for none.

    `x-api-key` and `Authorization: Bearer`, on other faces also `api_key`. Raises Unauthorized for
    another scheme and for several that disagree: what stands in front may have read the other.
    """
    shown = [value.strip() for value in headers.get(b"x-api-key", ())]
    if also_api_key:
        shown += [value.strip() for value in headers.get(b"api_key", ())]
    for value in headers.get(b"authorization", ()):
        scheme, _, token = value.strip().partition(b" ")
        if value.strip() and scheme.lower() != b"bearer":
            raise Unauthorized("Only the scheme Bearer is known here.")
        shown.append(token.strip())
    keys = {key for key in shown if key}
    if len(keys) > 1:
        raise Unauthorized("The request shows several keys that disagree.", hint="Send one.")
    return keys.pop() if keys else b""


def read_cookie(headers: Headers, *, is_secure: bool) -> bytes:
    """The session that the cookies show, empty for none or for several that disagree.

    Over https only the name counts that no other host can set.
    """
    wanted = SECURE_COOKIE if is_secure else COOKIE
    found = set()
    for line in headers.get(b"cookie", ()):
        for part in line.split(b";"):
            name, _, value = part.strip().partition(b"=")
            if name == wanted:
                found.add(value.strip().strip(b'"'))
    return found.pop() if len(found) == 1 else b""
