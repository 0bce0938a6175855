"""Issuers: the names of installations (did:web), where they are looked up, what they say. Pure.

Sources: W3C DID Core 1.0, the did:web method of the W3C CCG, draft-ietf-oauth-sd-jwt-vc.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from assay.identity.compute.keys import (
    DID_KEY,
    name_key,
    read_did_key,
    read_jwk,
    read_multibase,
    write_jwk,
)

DID_WEB = "did:web:"
LONGEST_DID = 512
WELL_KNOWN_DID = "/.well-known/did.json"
WELL_KNOWN_ISSUER = "/.well-known/jwt-vc-issuer"
CONTEXT = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PORT = re.compile(r"%3[Aa]([1-9][0-9]{0,4})")
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_ORIGIN = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::([1-9][0-9]{0,4}))?")
LOOPBACK = frozenset({"localhost", "127.0.0.1"})


def write_did_web(origin: str) -> str:
    """The did:web of an origin such as https://assay.example.org:8443. Raises ValueError."""
    read = _ORIGIN.fullmatch(origin)
    if read is None:
        raise ValueError(f"{origin!r} is no origin such as https://assay.example.org")
    host, port = read[2].lower(), read[3]
    return f"{DID_WEB}{host}" + (f"%3A{port}" if port else "")


def locate_document(did: str, *, is_local: bool) -> str:
    """The URL of a did:web's document; of one on loopback over http where `is_local`.

    Raises ValueError for what is no did:web.
    """
    parts = did.removeprefix(DID_WEB).split(":")
    host, mark, rest = parts[0].partition("%")
    port = _PORT.fullmatch(mark + rest) if mark else None
    is_wrong = len(did) > LONGEST_DID or not _HOST.fullmatch(host) or (mark and port is None)
    if not did.startswith(DID_WEB) or is_wrong or not all(map(_SEGMENT.fullmatch, parts[1:])):
        raise ValueError("not a did:web")
    scheme = "http" if is_local and host.lower() in LOOPBACK else "https"
    where = f"{scheme}://{host.lower()}" + (f":{port[1]}" if port else "")
    return f"{where}/{'/'.join(parts[1:])}/did.json" if parts[1:] else where + WELL_KNOWN_DID


def write_document(did: str, keys: Sequence[EllipticCurvePublicKey]) -> dict[str, Any]:
    """The DID document of an installation: every key that may have signed a credential."""
    ids = [f"{did}#{name_key(key)}" for key in keys]
    methods = [
        {"id": key_id, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": write_jwk(key)}
        for key_id, key in zip(ids, keys, strict=True)
    ]
    return {
        "@context": list(CONTEXT),
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": ids,
    }


def write_issuer_metadata(origin: str, did: str, keys: Sequence[EllipticCurvePublicKey]) -> object:
    """What `/.well-known/jwt-vc-issuer` says: the same keys under the same names."""
    jwks = [
        {**write_jwk(key), "kid": f"{did}#{name_key(key)}", "use": "sig", "alg": "ES256"}
        for key in keys
    ]
    return {"issuer": origin, "jwks": {"keys": jwks}}


def name_kid(did: str, key: EllipticCurvePublicKey) -> str:
    """How a token names the key that signed it."""
    if did.startswith(DID_KEY):
        return f"{did}#{did.removeprefix(DID_KEY)}"
    return f"{did}#{name_key(key)}"


def read_self_issued(did: str, kid: object) -> EllipticCurvePublicKey:
    """The key of a did:key issuer. Raises ValueError, also where `kid` names another key."""
    names = (None, did, f"#{did.removeprefix(DID_KEY)}", f"{did}#{did.removeprefix(DID_KEY)}")
    if kid not in names:
        raise ValueError("`kid` is not the key that the issuer is")
    return read_did_key(did)


def find_key(document: Mapping[str, Any], did: str, kid: object) -> EllipticCurvePublicKey | None:
    """The key `kid` of a DID document, if it is one that asserts; None where it is not.

    Raises ValueError for a document of somebody else or one that is not well formed.
    """
    if document.get("id") != did:
        raise ValueError("the document is of another DID")
    if not isinstance(kid, str):
        return None
    wanted = kid if kid.startswith(f"{did}#") else f"{did}#{kid.removeprefix('#')}"
    asserting = _list(document, "assertionMethod")
    if not any(_absolute(did, item) == wanted for item in asserting):
        return None
    embedded = [item for item in asserting if isinstance(item, Mapping)]
    methods = [*_list(document, "verificationMethod"), *embedded]
    found = [item for item in methods if _absolute(did, item) == wanted]
    keys = [item for item in found if isinstance(item, Mapping)]
    if len(keys) != 1 or keys[0].get("controller") != did:
        raise ValueError("the document names the key not once, or for somebody else")
    return _read_method(keys[0])


def find_issuer_key(
    metadata: Mapping[str, Any], issuer: str, kid: object
) -> EllipticCurvePublicKey | None:
    """The key `kid` of an https issuer's metadata; None where it is not there.

    Raises ValueError for metadata of somebody else or with keys elsewhere.
    """
    if metadata.get("issuer") != issuer:
        raise ValueError("the metadata is of another issuer")
    jwks = metadata.get("jwks")
    if not isinstance(jwks, Mapping):
        raise ValueError("the metadata has no keys in it")  # noqa: TRY004 - theirs
    found = [
        key
        for key in _list(jwks, "keys")
        if isinstance(key, Mapping) and isinstance(kid, str) and key.get("kid") == kid
    ]
    if len(found) > 1:
        raise ValueError("the metadata names the key twice")
    return read_jwk(found[0]) if found else None


def _read_method(method: Mapping[str, Any]) -> EllipticCurvePublicKey:
    if "publicKeyJwk" in method:
        jwk = method["publicKeyJwk"]
        return read_jwk(jwk)
    multibase = method.get("publicKeyMultibase")
    if not isinstance(multibase, str):
        raise ValueError("the key has no form that is read here")  # noqa: TRY004 - theirs
    return read_multibase(multibase)


def _absolute(did: str, item: object) -> str:
    name = item.get("id") if isinstance(item, Mapping) else item
    if not isinstance(name, str):
        return ""
    return did + name if name.startswith("#") else name


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")  # noqa: TRY004 - theirs
    return found
