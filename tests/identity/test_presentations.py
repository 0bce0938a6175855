"""Every check of a presentation, by one presentation that fails it and nothing else."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.identity.desk import NOW, Desk, read_part, write_part

from assay import identity
from assay.identity import Reason
from assay.identity.compute.encoding import encode_base64url
from assay.identity.compute.presentations import hash_presentation
from assay.identity.compute.tokens import sign_token
from assay.kit.errors import BadInput
from assay.kit.keyring import P256

MEMBERS = ("grade", "symbol")


def change_claims(text: str, **claims: Any) -> str:
    """The same with other claims and the old signature."""
    token, rest = text.split("~", 1)
    head, _, signature = token.split(".")
    body = write_part({**read_part(token, 1), **claims})
    return f"{head}.{body}.{signature}~{rest}"


def change_header(text: str, **header: Any) -> str:
    token, rest = text.split("~", 1)
    _, body, signature = token.split(".")
    return f"{write_part({**read_part(token, 0), **header})}.{body}.{signature}~{rest}"


def bind(desk: Desk, text: str, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A key binding with other claims, signed by the holder; None leaves a claim out."""
    bound = text.rpartition("~")[0] + "~"
    made = {
        "iat": int(desk.clock.now().timestamp()),
        "aud": "verifier",
        "nonce": "n-1",
        "sd_hash": hash_presentation(bound),
        **claims,
    }
    body = {name: value for name, value in made.items() if value is not None}
    head = header or {"typ": "kb+jwt"}
    return bound + sign_token(head, json.dumps(body).encode(), desk.holder)


def test_what_was_chosen_is_disclosed_and_nothing_else(desk: Desk) -> None:
    shown = desk.present(desk.issue().credential, MEMBERS)
    verified = desk.verify(shown)
    assert verified.claims["said"] == {"grade": "79.50", "symbol": "ETH"}
    assert verified.is_bound
    assert verified.has_status
    assert verified.proof is None
    assert "evidence" not in verified.claims
    for hidden in ("Coin ETH", "3376", "61.00"):
        assert hidden not in shown + "".join(map(str, verified.claims.values()))


def test_origin_and_times_are_always_disclosed(desk: Desk) -> None:
    claims = desk.verify(desk.present(desk.issue().credential, [])).claims
    assert claims["origin"] == "live"
    assert claims["publication"] == desk.said.publication_id
    assert claims["kind"] == "grades.trader"
    assert claims["as_of"] == "2026-03-01"
    assert claims["published_at"] == "2026-03-02T09:00:00Z"
    assert claims["said"] == {}


def test_with_its_evidence_the_whole_row_is_proved(desk: Desk) -> None:
    verified = desk.verify(desk.present(desk.issue().credential), has_proof=True)
    assert verified.proof is not None
    assert (verified.proof.row_index, verified.proof.row_count) == (1, 5)
    assert verified.proof.keys_from == "installation"
    assert verified.claims["said"]["grade"] == "79.50"
    assert verified.claims["said"]["sub_grades"] == {"technical": "61.00", "valuation": None}


@pytest.mark.parametrize(
    "text",
    ["", "~", "a~", "a.b.c~", "a.b~x~", "no tilde", "ä~", "..~", "e30.e30.e30~", "x" * 600_000],
)
def test_what_is_no_sd_jwt_is_malformed(desk: Desk, text: str) -> None:
    with pytest.raises(identity.CredentialRefused) as refused:
        desk.verify(text)
    assert refused.value.reason in (Reason.MALFORMED, Reason.WRONG_ALGORITHM)


def test_alg_none_is_refused(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, MEMBERS)
    token, rest = text.split("~", 1)
    body = token.split(".")[1]
    for head in ({"alg": "none"}, {"alg": "None"}, {"alg": "nOnE", "typ": "dc+sd-jwt"}, {}):
        desk.refuse(Reason.WRONG_ALGORITHM, f"{write_part(head)}.{body}.~{rest}")


def test_the_public_key_is_no_secret_for_hs256(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, MEMBERS)
    token, rest = text.split("~", 1)
    public = desk.signer.key.public_key()
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.X962, PublicFormat.CompressedPoint),
    ):
        head = write_part({**read_part(token, 0), "alg": "HS256"})
        signed = f"{head}.{token.split('.')[1]}"
        secret = public.public_bytes(encoding, form)
        mark = encode_base64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())
        desk.refuse(Reason.WRONG_ALGORITHM, f"{signed}.{mark}~{rest}")


def test_another_type_of_token_is_refused(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, MEMBERS)
    for kind in ("JWT", "vc+sd-jwt", "kb+jwt", "statuslist+jwt", None):
        desk.refuse(Reason.WRONG_TYPE, desk.resign(text, {"typ": kind}))


def test_critical_extensions_are_refused(desk: Desk) -> None:
    text = desk.issue().credential
    for header in ({"crit": ["x"], "x": 1}, {"b64": False, "crit": ["b64"]}):
        desk.refuse(Reason.CRITICAL_HEADER, change_header(text, **header))


def test_changed_claims_break_the_signature(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, MEMBERS)
    desk.refuse(Reason.WRONG_SIGNATURE, change_claims(text, origin="backfilled"))
    desk.refuse(Reason.WRONG_SIGNATURE, change_claims(text, exp=2_000_000_000))
    cut = text.split("~", 1)
    desk.refuse(Reason.WRONG_SIGNATURE, cut[0][:-8] + "AAAAAAAA~" + cut[1])
    desk.refuse(Reason.WRONG_SIGNATURE, cut[0].rpartition(".")[0] + ".~" + cut[1])


def test_a_key_in_the_header_is_not_believed(desk: Desk) -> None:
    mine = P256.create()
    text = desk.present(desk.issue().credential, MEMBERS)
    token, rest = text.split("~", 1)
    header = {**read_part(token, 0), "jwk": identity.write_jwk(mine.public_key())}
    claims = json.dumps(read_part(token, 1)).encode()
    desk.refuse(Reason.WRONG_SIGNATURE, f"{sign_token(header, claims, mine)}~{rest}")


def test_a_key_that_the_issuer_does_not_name_is_refused(desk: Desk, public_desk: Desk) -> None:
    for each in (desk, public_desk):
        text = each.issue().credential
        for kid in ("did:key:other#key", "x", {"a": 1}, None, 7):
            each.refuse(Reason.KEY_UNKNOWN, each.resign(text, {"kid": kid}))


def test_issuers_that_nobody_trusts_are_refused_before_they_are_asked(desk: Desk) -> None:
    text = desk.issue().credential
    for name in ("did:web:evil.example", "https://evil.example", "did:ion:x"):
        forged = desk.resign(text, iss=name)
        desk.refuse(Reason.ISSUER_NOT_TRUSTED, forged)
    desk.refuse(Reason.ISSUER_NOT_TRUSTED, text, issuers=("did:web:other.example",))
    for wrong in (None, 7, ""):
        forged = desk.resign(text, iss=wrong)
        desk.refuse(Reason.ISSUER_UNKNOWN, forged)
    odd = desk.resign(text, iss="did:ion:x")
    desk.refuse(Reason.ISSUER_UNKNOWN, odd, issuers=("did:ion:x",))


def test_other_types_of_credentials_are_refused(public_desk: Desk) -> None:
    text = public_desk.present(public_desk.issue().credential, MEMBERS)
    assert public_desk.verify(text).vct.endswith("/v1/credentials/types/grades.trader")
    public_desk.refuse(Reason.WRONG_VCT, text, types=("https://other.example/type",))
    for vct in ("https://assay.example.org/v1/credentials/types/signals", "", None, ["x"]):
        forged = public_desk.resign(text, vct=vct)
        public_desk.refuse(Reason.WRONG_VCT, forged)


def test_a_credential_ends(desk: Desk) -> None:
    text = desk.issue(lifetime=timedelta(hours=1)).credential
    desk.clock.at = NOW + timedelta(hours=1, seconds=59)
    desk.verify(desk.present(text, MEMBERS))
    desk.clock.at = NOW + timedelta(hours=1, seconds=60)
    desk.refuse(Reason.EXPIRED, desk.present(text, MEMBERS))


def test_a_credential_without_an_end_is_refused(desk: Desk) -> None:
    text = desk.issue().credential
    desk.refuse(Reason.NO_EXPIRY, desk.resign(text, exp=...))
    for wrong in ("2030", None, True, -1, 10**30):
        forged = desk.resign(text, exp=wrong)
        desk.refuse(Reason.MALFORMED, forged)


def test_a_credential_from_the_future_is_refused(desk: Desk) -> None:
    text = desk.present(desk.issue().credential, MEMBERS)
    later = int(NOW.timestamp()) + 61
    desk.refuse(Reason.NOT_YET_VALID, desk.resign(text, nbf=later))
    desk.refuse(Reason.ISSUED_IN_FUTURE, desk.resign(text, iat=later))


def test_members_named_twice_are_refused(desk: Desk) -> None:
    text = desk.issue().credential
    token, rest = text.split("~", 1)
    claims = json.dumps(read_part(token, 1))
    twice = claims[:-1] + ', "origin": "live", "exp": 1}'
    forged = sign_token(read_part(token, 0), twice.encode(), desk.signer.key)
    desk.refuse(Reason.DUPLICATE_MEMBER, f"{forged}~{rest}")


# --- disclosures -------------------------------------------------------------------------------


def test_a_disclosure_of_another_row_does_not_fit(desk: Desk) -> None:
    one, other = desk.issue().credential, desk.issue(subject="BTC").credential
    better = [part for part in other.split("~")[1:-1] if part not in one]
    swapped = one.split("~")[0] + "~" + better[0] + "~"
    desk.refuse(Reason.UNREFERENCED_DISCLOSURE, bind(desk, swapped))


def test_disclosures_added_or_dropped_after_binding_are_noticed(desk: Desk) -> None:
    credential = desk.issue().credential
    shown = desk.present(credential, MEMBERS)
    token, first, *rest = shown.split("~")
    desk.refuse(Reason.BINDING_HASH, "~".join([token, *rest]))
    unshown = next(part for part in credential.split("~")[1:-1] if part not in shown)
    desk.refuse(Reason.BINDING_HASH, "~".join([token, first, unshown, *rest]))


# --- key binding -------------------------------------------------------------------------------


def test_a_presentation_without_key_binding_is_refused(desk: Desk) -> None:
    credential = desk.issue().credential
    desk.refuse(Reason.NO_KEY_BINDING, credential)
    assert not desk.verify(credential, is_bound=False).is_bound


def test_a_bearer_credential_is_taken_only_on_purpose(desk: Desk) -> None:
    credential = desk.issue(holder=None).credential
    desk.refuse(Reason.NO_KEY_BINDING, credential)
    desk.refuse(Reason.NO_HOLDER_KEY, bind(desk, credential))
    assert not desk.verify(credential, is_bound=False).is_bound


def test_somebody_elses_key_does_not_bind(desk: Desk) -> None:
    credential = desk.issue().credential
    desk.holder = P256.create()
    desk.refuse(Reason.BINDING_SIGNATURE, bind(desk, credential))
    with pytest.raises(BadInput, match="not the one"):
        desk.present(credential, MEMBERS)


def test_the_binding_is_signed_with_es256_as_kb_jwt(desk: Desk) -> None:
    credential = desk.issue().credential
    desk.refuse(Reason.BINDING_TYPE, bind(desk, credential, header={"typ": "JWT"}))
    desk.refuse(Reason.BINDING_TYPE, bind(desk, credential, header={"typ": "dc+sd-jwt"}))
    bound = bind(desk, credential)
    text, binding = bound.rpartition("~")[0], bound.rpartition("~")[2]
    body = binding.split(".")[1]
    none = write_part({"alg": "none", "typ": "kb+jwt"})
    desk.refuse(Reason.BINDING_ALGORITHM, f"{text}~{none}.{body}.")
    desk.refuse(Reason.BINDING_MALFORMED, f"{text}~{none}.{body}")
    desk.refuse(Reason.BINDING_MALFORMED, f"{text}~x")


def test_the_binding_is_for_this_audience_and_nonce(desk: Desk) -> None:
    credential = desk.issue().credential
    for audience in ("other", "verifier2", "", ["verifier"], None):
        desk.refuse(Reason.WRONG_AUDIENCE, bind(desk, credential, aud=audience))
    for nonce in ("n-2", "", None, 1):
        desk.refuse(Reason.WRONG_NONCE, bind(desk, credential, nonce=nonce))
    for digest in ("", None, "x", 1):
        desk.refuse(Reason.BINDING_HASH, bind(desk, credential, sd_hash=digest))


def test_the_binding_is_from_just_now(desk: Desk) -> None:
    credential = desk.issue().credential
    now = int(NOW.timestamp())
    for age in (0, 359, -60):
        desk.verify(bind(desk, credential, iat=now - age))
    desk.refuse(Reason.BINDING_STALE, bind(desk, credential, iat=now - 361))
    desk.refuse(Reason.BINDING_IN_FUTURE, bind(desk, credential, iat=now + 61))
    desk.refuse(Reason.BINDING_MALFORMED, bind(desk, credential, iat=None))
    desk.refuse(Reason.BINDING_MALFORMED, bind(desk, credential, iat="now"))
    desk.refuse(Reason.BINDING_STALE, bind(desk, credential, exp=now - 60))


def test_a_binding_that_is_there_is_checked_even_where_none_is_asked_for(desk: Desk) -> None:
    credential = desk.issue().credential
    desk.refuse(Reason.WRONG_NONCE, bind(desk, credential, nonce="n-2"), is_bound=False)


def test_a_holder_key_that_is_none_is_refused(desk: Desk) -> None:
    text = desk.issue().credential
    for confirmation in ({}, {"jwk": {"kty": "oct", "k": "AA"}}, {"jwk": "x"}, "x", {"jkt": "x"}):
        forged = desk.resign(text, cnf=confirmation)
        desk.refuse(Reason.NO_HOLDER_KEY, bind(desk, forged))


# --- challenges --------------------------------------------------------------------------------


def test_a_nonce_is_good_once(desk: Desk) -> None:
    credential = desk.issue().credential
    challenge = identity.create_challenge(desk.installation)
    shown = desk.present(credential, MEMBERS, nonce=challenge.nonce, audience=challenge.audience)
    asked: dict[str, Any] = {"nonce": None, "audience": challenge.audience}
    assert desk.verify(shown, **asked).is_bound
    desk.refuse(Reason.WRONG_NONCE, shown, **asked)


@pytest.mark.slow
def test_texts_that_cannot_be_stored_are_no_nonce(each_desk: Desk) -> None:
    """PostgreSQL stores no NUL, and half a character is no text anywhere."""
    credential = each_desk.issue().credential
    for nonce in ("a\0b", "é" * 40, "n" * 100_000):
        shown = bind(each_desk, credential, nonce=nonce)
        each_desk.refuse(Reason.WRONG_NONCE, shown, nonce=None)
    for name in ("aud", "nonce", "sd_hash"):
        claims: dict[str, Any] = {name: "\ud800"}
        each_desk.refuse(Reason.BINDING_MALFORMED, bind(each_desk, credential, **claims))


def test_a_nonce_expires_and_belongs_to_its_audience(desk: Desk) -> None:
    credential = desk.issue().credential
    challenge = identity.create_challenge(desk.installation)
    other = desk.present(credential, MEMBERS, nonce=challenge.nonce, audience="other")
    desk.refuse(Reason.WRONG_NONCE, other, nonce=None, audience="other")
    made_up = desk.present(credential, MEMBERS, nonce="made-up", audience=challenge.audience)
    desk.refuse(Reason.WRONG_NONCE, made_up, nonce=None, audience=challenge.audience)
    desk.clock.at = challenge.expires_at
    late = desk.present(credential, MEMBERS, nonce=challenge.nonce, audience=challenge.audience)
    desk.refuse(Reason.WRONG_NONCE, late, nonce=None, audience=challenge.audience)


def test_a_forged_presentation_uses_up_no_nonce(desk: Desk) -> None:
    credential = desk.issue().credential
    challenge = identity.create_challenge(desk.installation)
    asked: dict[str, Any] = {"nonce": None, "audience": challenge.audience}
    shown = desk.present(credential, MEMBERS, nonce=challenge.nonce, audience=challenge.audience)
    desk.refuse(Reason.WRONG_SIGNATURE, change_claims(shown, origin="live "), **asked)
    assert desk.verify(shown, **asked).is_bound


# --- the holder --------------------------------------------------------------------------------


def test_a_holder_discloses_only_what_there_is(desk: Desk) -> None:
    credential = desk.issue().credential
    with pytest.raises(BadInput, match="does not say 'price'"):
        desk.present(credential, ["grade", "price"])
    assert identity.read_credential(credential)["said"]["grade"] == "79.50"
    again = desk.present(desk.present(credential, ["grade"]), ["grade"])
    assert desk.verify(again).claims["said"] == {"grade": "79.50"}
