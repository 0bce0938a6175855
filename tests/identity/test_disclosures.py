"""Disclosed claims go back where they were signed, or the credential is refused."""

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer

from assay.identity import CredentialRefused, Reason
from assay.identity.compute.disclosures import hash_disclosure, unpack_claims
from assay.identity.compute.encoding import decode_base64url, encode_base64url

NAMES = st.text("abcdé", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


class Unsigned(SDJWTIssuer):  # type: ignore[misc]
    """The library's disclosures without a signature, which these tests do not need."""

    def _create_signed_jws(self) -> None:
        body = encode_base64url(json.dumps(self.sd_jwt_payload).encode())
        self.serialized_sd_jwt = f"e30.{body}.e30"


def disclose(*parts: object) -> str:
    return encode_base64url(json.dumps(["salt", *parts]).encode())


def unpack(claims: dict[str, Any], *disclosures: str) -> dict[str, Any]:
    return unpack_claims(claims, disclosures)


def refuse(reason: Reason, claims: dict[str, Any], *disclosures: str) -> None:
    with pytest.raises(CredentialRefused) as refused:
        unpack(claims, *disclosures)
    assert refused.value.reason == reason, refused.value


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.data())
def test_what_the_library_hides_is_read_back(claims: dict[str, Any], data: st.DataObject) -> None:
    """The reference library issues and chooses; we give back exactly what was chosen."""
    hidden = {name for name in claims if data.draw(st.booleans(), label=f"hide {name}")}
    marked = {SDObj(name) if name in hidden else name: item for name, item in claims.items()}
    issued = Unsigned(marked, None).sd_jwt_issuance
    shown = {name for name in hidden if data.draw(st.booleans(), label=f"show {name}")}
    holder = SDJWTHolder(issued)
    holder.create_presentation(dict.fromkeys(shown, True))
    token, *disclosures, _ = holder.sd_jwt_presentation.split("~")
    signed = json.loads(decode_base64url(token.split(".")[1]))
    kept = {name: item for name, item in claims.items() if name not in hidden - shown}
    assert unpack(signed, *disclosures) == kept


def test_the_example_of_rfc_9901() -> None:
    """Section 4.2.1: the disclosure of `family_name` and its digest."""
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert hash_disclosure(text) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    claims = {"_sd": ["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"], "_sd_alg": "sha-256"}
    assert unpack(claims, text) == {"family_name": "Möbius"}


def test_elements_of_lists() -> None:
    text, other = disclose("FR"), disclose("DE")
    nations = [{"...": hash_disclosure(text)}, {"...": hash_disclosure(other)}, "PT"]
    assert unpack({"nations": nations}, text) == {"nations": ["FR", "PT"]}
    assert unpack({"nations": nations}) == {"nations": ["PT"]}


def test_disclosures_within_disclosures() -> None:
    inner = disclose("street", "Main")
    outer = disclose("address", {"_sd": [hash_disclosure(inner)], "city": "X"})
    claims = {"_sd": [hash_disclosure(outer)]}
    assert unpack(claims, outer, inner) == {"address": {"street": "Main", "city": "X"}}
    assert unpack(claims, outer) == {"address": {"city": "X"}}
    refuse(Reason.UNREFERENCED_DISCLOSURE, claims, inner)


def test_a_disclosure_of_another_credential_is_refused() -> None:
    mine = disclose("grade", "71.00")
    claims = {"_sd": [hash_disclosure(mine)]}
    refuse(Reason.UNREFERENCED_DISCLOSURE, claims, mine, disclose("grade", "99.00"))


def test_swapped_disclosures_are_refused() -> None:
    """Where one was signed, another one of the same name and salt does not fit."""
    claims = {"_sd": [hash_disclosure(disclose("grade", "71.00"))]}
    refuse(Reason.UNREFERENCED_DISCLOSURE, claims, disclose("grade", "99.00"))


def test_a_disclosure_sent_twice_is_refused() -> None:
    text = disclose("grade", "71.00")
    refuse(Reason.DUPLICATE_DIGEST, {"_sd": [hash_disclosure(text)]}, text, text)


def test_a_digest_that_stands_twice_is_refused_even_where_it_was_withheld() -> None:
    digest = hash_disclosure(disclose("grade", "71.00"))
    refuse(Reason.DUPLICATE_DIGEST, {"_sd": [digest, digest]})
    refuse(Reason.DUPLICATE_DIGEST, {"_sd": [digest], "said": {"_sd": [digest]}})


def test_a_disclosure_replaces_no_claim() -> None:
    text, again = disclose("grade", "99.00"), disclose("grade", "98.00")
    refuse(Reason.DUPLICATE_CLAIM, {"grade": "71.00", "_sd": [hash_disclosure(text)]}, text)
    both = [hash_disclosure(text), hash_disclosure(again)]
    refuse(Reason.DUPLICATE_CLAIM, {"_sd": both}, text, again)


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "cnf", "vct", "status"])
def test_what_a_verifier_must_see_cannot_be_withheld(name: str) -> None:
    text = disclose(name, 1)
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [hash_disclosure(text)]}, text)
    refuse(Reason.WRONG_DISCLOSURE, {name: {"_sd": [hash_disclosure(text)]}}, text)
    refuse(Reason.WRONG_DISCLOSURE, {name: [{"...": hash_disclosure(text)}]})


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_reserved_names_are_refused(name: str) -> None:
    text = disclose(name, ["x"])
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [hash_disclosure(text)]}, text)
    if name != "_sd":
        refuse(Reason.WRONG_DISCLOSURE, {"said": {name: "x", "more": 1}})


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b"[1,2]", b'["s"]', b'["s","n",1,2]', b'["s",1,1]', b"x", b'"s"']
)
def test_malformed_disclosures_are_refused(content: bytes) -> None:
    text = encode_base64url(content)
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [hash_disclosure(text)]}, text)


def test_a_disclosure_that_names_a_member_twice_is_refused() -> None:
    text = encode_base64url(b'["salt", "grade", {"a": 1, "a": 2}]')
    refuse(Reason.DUPLICATE_MEMBER, {"_sd": [hash_disclosure(text)]}, text)


def test_disclosures_in_a_wrong_place_are_refused() -> None:
    named, element = disclose("grade", 1), disclose(1)
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [hash_disclosure(element)]}, element)
    refuse(Reason.WRONG_DISCLOSURE, {"list": [{"...": hash_disclosure(named)}]}, named)
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": "x"})
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [1]})
    refuse(Reason.WRONG_DISCLOSURE, {"list": [{"...": 1}]})


def test_another_hash_is_refused() -> None:
    refuse(Reason.WRONG_DISCLOSURE, {"_sd_alg": "sha-512"})
    refuse(Reason.WRONG_DISCLOSURE, {"_sd_alg": None})


def test_other_characters_than_base64url_are_refused() -> None:
    text = base64.urlsafe_b64encode(b'["salt", "grade", "71.0"]').decode()
    assert text.endswith("=")
    digest = encode_base64url(hashlib.sha256(text.encode()).digest())
    refuse(Reason.WRONG_DISCLOSURE, {"_sd": [digest]}, text)


@pytest.mark.parametrize("length", [60, 990])
def test_chains_of_disclosures_end_somewhere(length: int) -> None:
    """Long before the interpreter's own stack does."""
    text = disclose("last", 1)
    chain = [text]
    for _ in range(length):
        chain.append(disclose("next", {"_sd": [hash_disclosure(chain[-1])]}))
    refuse(Reason.MALFORMED, {"_sd": [hash_disclosure(chain[-1])]}, *chain)
    refuse(Reason.MALFORMED, {}, *(disclose(f"n{place}", 1) for place in range(1_001)))
