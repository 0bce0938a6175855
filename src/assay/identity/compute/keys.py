"""Public keys on P-256: as JWK, as thumbprint, as did:key. Pure.

Sources: RFC 7517, RFC 7518 section 6.2, RFC 7638, the did:key method of the W3C CCG.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from assay.identity.compute.encoding import decode_base64url, encode_base64url

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_P256 = b"\x80\x24"
"""The multicodec of a compressed P-256 key, as a varint."""
DID_KEY = "did:key:"
COORDINATE_BYTES = 32
LONGEST_DID_KEY = 64


def read_jwk(jwk: object) -> EllipticCurvePublicKey:
    """A public key. Raises ValueError for one that is not on P-256 or holds a private part."""
    if not isinstance(jwk, Mapping):
        raise ValueError("the key is no object")  # noqa: TRY004 - what was sent is wrong
    if "d" in jwk:
        raise ValueError("the key holds its private part: it is nobody else's to see")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise ValueError("the key is not an EC key on P-256")
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "ES256") != "ES256":
        raise ValueError("the key is meant for something else than ES256 signatures")
    x, y = (_read_coordinate(jwk.get(name)) for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def write_jwk(key: EllipticCurvePublicKey) -> dict[str, Any]:
    """The JWK of a public key, its members in the order of RFC 7638."""
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    x, y = point[:COORDINATE_BYTES], point[COORDINATE_BYTES:]
    return {"crv": "P-256", "kty": "EC", "x": encode_base64url(x), "y": encode_base64url(y)}


def compress_key(key: EllipticCurvePublicKey) -> bytes:
    """The compressed point, 33 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def expand_key(point: bytes) -> EllipticCurvePublicKey:
    """The key of a compressed point. Raises ValueError for what is none."""
    if len(point) != COORDINATE_BYTES + 1:
        raise ValueError("not a compressed point of P-256")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def name_key(key: EllipticCurvePublicKey) -> str:
    """The thumbprint of RFC 7638, which names a key in a DID document."""
    jwk = write_jwk(key)
    members = ",".join(f'"{name}":"{jwk[name]}"' for name in ("crv", "kty", "x", "y"))
    return encode_base64url(hashlib.sha256(f"{{{members}}}".encode()).digest())


def write_did_key(key: EllipticCurvePublicKey) -> str:
    """The did:key of a public key."""
    return f"{DID_KEY}z{encode_base58(_P256 + compress_key(key))}"


def read_did_key(did: str) -> EllipticCurvePublicKey:
    """The key that a did:key is. Raises ValueError for another curve or a malformed one."""
    return read_multibase(did.removeprefix(DID_KEY))


def read_multibase(text: str) -> EllipticCurvePublicKey:
    """The key of a multibase text (`z` and base58btc). Raises ValueError."""
    if text[:1] != "z" or len(text) > LONGEST_DID_KEY:
        raise ValueError("not a base58 multibase key")
    data = decode_base58(text[1:])
    if data[:2] != _P256:
        raise ValueError("not a P-256 key")
    return expand_key(data[2:])


def encode_base58(data: bytes) -> str:
    """Base58 as Bitcoin writes it."""
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def decode_base58(text: str) -> bytes:
    """The bytes of a base58 text. Raises ValueError for other letters."""
    number = 0
    for letter in text:
        number = number * 58 + _ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def _read_coordinate(value: object) -> int:
    data = decode_base64url(value) if isinstance(value, str) else b""
    if len(data) != COORDINATE_BYTES:
        raise ValueError("a coordinate of the key is not 32 bytes of base64url")
    return int.from_bytes(data)
