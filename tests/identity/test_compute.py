"""Encodings, keys and DIDs, against vectors of their specifications and any input."""

import json
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from assay.identity.compute.dids import (
    find_key,
    locate_document,
    name_kid,
    read_self_issued,
    write_did_web,
    write_document,
)
from assay.identity.compute.encoding import (
    DuplicateMember,
    decode_base64url,
    encode_base64url,
    parse_json,
    parse_object,
)
from assay.identity.compute.keys import (
    compress_key,
    decode_base58,
    encode_base58,
    expand_key,
    name_key,
    read_did_key,
    read_jwk,
    write_did_key,
    write_jwk,
)

# The did:key method's own test vector for P-256 (test-vectors/nist-curves.json).
DID = "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
DID_JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
    "y": "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM",
}


def make_key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def test_did_key_of_the_method_own_vector() -> None:
    key = read_did_key(DID)
    assert {**write_jwk(key)} == DID_JWK
    assert write_did_key(read_jwk(DID_JWK)) == DID


@given(st.binary(max_size=80))
def test_texts_read_back(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data
    assert decode_base58(encode_base58(data)) == data


@pytest.mark.parametrize("text", ["a", "aa==", "a+b/", "aaaa\n", "aB", "ä", " aaaa", "a" * 5])
def test_only_one_text_stands_for_some_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        decode_base64url(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xff",
        b"[" * 40 + b"]" * 40,
        b"[" * 100_000,
        b"{",
        '{"a": 1}'.encode("utf-16"),
        b"[1]",
        b'"' + b"1" * 10,
        b'{"a": ' + b"1" * 5_000 + b"}",
        b'{"a": [9223372036854775808]}',
        b'{"a": -9223372036854775809}',
        b'{"a": 1' + b"0" * 400 + b"}",
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
    ],
)
def test_json_that_readers_disagree_on_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_object(text)


def test_deep_nesting_is_refused_whatever_the_stack_allows() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)  # as a library does that the server imports
    try:
        for start in (b"[", b'{"a":', b'["\\"[",'):
            with pytest.raises(ValueError, match="deeply"):
                parse_object(start * 200_000)
    finally:
        sys.setrecursionlimit(limit)
    assert parse_object(b'{"a":"' + b"[{" * 100 + b'"}') == {"a": "[{" * 100}
    with pytest.raises(ValueError, match="Unterminated"):
        parse_object(b'{"a":"' + b'\\"' * 250_000)


@pytest.mark.parametrize("text", [b'{"a":1,"a":1}', b'[{"b":{"c":1,"c":2}}]'])
def test_a_member_named_twice_is_refused(text: bytes) -> None:
    with pytest.raises(DuplicateMember):
        parse_json(text)


def test_keys_read_back_in_every_form() -> None:
    for _ in range(20):
        key = make_key()
        same = (
            read_jwk(write_jwk(key)),
            expand_key(compress_key(key)),
            read_did_key(write_did_key(key)),
        )
        assert {compress_key(found) for found in same} == {compress_key(key)}


def test_thumbprint_is_that_of_rfc_7638() -> None:
    jose = pytest.importorskip("joserfc.jwk")
    key = make_key()
    assert name_key(key) == jose.ECKey.import_key(write_jwk(key)).thumbprint()


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"x": DID_JWK["y"]},
        {"x": "AA"},
        {"y": DID_JWK["y"] + "="},
        {"y": 1},
        {"d": DID_JWK["x"]},
        {"use": "enc"},
        {"alg": "ES384"},
    ],
)
def test_other_keys_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_jwk({**DID_JWK, **change})


@pytest.mark.parametrize(
    "did",
    [
        "did:key:",
        "did:key:z",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",  # Ed25519
        DID[:-1],
        DID + "2",
        DID.replace("z", "m", 1),
        "did:key:z" + "2" * 4_000,
        DID.replace("D", "0", 1),
    ],
)
def test_other_did_keys_are_refused(did: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_self_issued(did, None)


def test_a_did_key_names_one_key_only() -> None:
    fragment = DID.removeprefix("did:key:")
    for kid in (None, DID, f"{DID}#{fragment}", f"#{fragment}"):
        assert write_did_key(read_self_issued(DID, kid)) == DID
    with pytest.raises(ValueError, match="kid"):
        read_self_issued(DID, f"{DID}#other")


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        (
            "did:web:w3c-ccg.github.io:user:alice",
            "https://w3c-ccg.github.io/user/alice/did.json",
        ),
        (
            "did:web:example.com%3A3000:user:alice",
            "https://example.com:3000/user/alice/did.json",
        ),
        ("did:web:127.0.0.1%3A80", "https://127.0.0.1:80/.well-known/did.json"),
    ],
)
def test_did_web_is_looked_up_where_its_method_says(did: str, url: str) -> None:
    assert locate_document(did, is_local=False) == url


def test_only_loopback_may_be_http_and_only_where_it_is_meant() -> None:
    local = locate_document("did:web:localhost%3A8000", is_local=True)
    assert local == "http://localhost:8000/.well-known/did.json"
    away = locate_document("did:web:localhost.example.com", is_local=True)
    assert away.startswith("https://")


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:web:a@b.example",
        "did:web:b.example%2Fx",
        "did:web:b.example%3A0",
        "did:web:b.example%3A80%3A80",
        "did:web:b.example:..",
        "did:web:b.example:a/b",
        "did:web:b.example:",
        "did:web:b.example?x",
        "did:web:b.example#k",
        "did:web:b.example\n",
        "did:web:[::1]",
        "did:web:bü.example",
        "did:web:" + "a" * 600,
        "did:key:x",
    ],
)
def test_what_leads_elsewhere_is_no_did_web(did: str) -> None:
    with pytest.raises(ValueError, match="did:web"):
        locate_document(did, is_local=True)


def test_a_document_names_its_keys() -> None:
    did = write_did_web("https://Assay.Example.org:8443")
    assert did == "did:web:assay.example.org%3A8443"
    keys = [make_key(), make_key()]
    document = json.loads(json.dumps(write_document(did, keys)))
    for key in keys:
        for kid in (name_kid(did, key), name_key(key), f"#{name_key(key)}"):
            found = find_key(document, did, kid)
            assert found is not None
            assert compress_key(found) == compress_key(key)
    assert find_key(document, did, name_kid(did, make_key())) is None
    assert find_key(document, did, None) is None
    assert find_key(document, did, {"a": 1}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "did:web:other.example"},
        {"assertionMethod": "all"},
        {"verificationMethod": []},
        {"verificationMethod": [{"id": "#k", "controller": "did:web:other.example"}]},
        {"verificationMethod": [{"id": "#k", "controller": "did:web:a.example"}]},
        {
            "verificationMethod": [
                {"id": "#k", "controller": "did:web:a.example", "publicKeyJwk": DID_JWK},
                {"id": "#k", "controller": "did:web:a.example", "publicKeyJwk": DID_JWK},
            ]
        },
        {
            "verificationMethod": [
                {"id": "#k", "controller": "did:web:a.example", "publicKeyJwk": {"kty": "oct"}}
            ]
        },
    ],
)
def test_a_document_that_is_not_the_issuers_own_is_refused(change: dict[str, object]) -> None:
    document = {"id": "did:web:a.example", "assertionMethod": ["#k"], **change}
    with pytest.raises(ValueError, match=r".*"):
        find_key(document, "did:web:a.example", "#k")


def test_a_key_for_signing_in_is_no_key_for_credentials() -> None:
    method = {"id": "#k", "controller": "did:web:a.example", "publicKeyJwk": DID_JWK}
    document = {
        "id": "did:web:a.example",
        "verificationMethod": [method],
        "authentication": ["#k"],
        "assertionMethod": [],
    }
    assert find_key(document, "did:web:a.example", "#k") is None
    embedded = {**document, "verificationMethod": [], "assertionMethod": [method]}
    assert find_key(embedded, "did:web:a.example", "#k") is not None
    multibase = {**method, "publicKeyMultibase": DID.removeprefix("did:key:")}
    del multibase["publicKeyJwk"]
    other = {**document, "verificationMethod": [multibase], "assertionMethod": ["#k"]}
    assert find_key(other, "did:web:a.example", "#k") is not None
