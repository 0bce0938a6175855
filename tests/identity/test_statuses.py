"""Status lists: packed as the specification packs them, derived from the ledger, and read back
without being believed.
"""

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.identity.desk import NOW, Desk, forge, read_part

from assay import identity
from assay.identity import CredentialRefused, Reason
from assay.identity.compute.encoding import decode_base64url, encode_base64url
from assay.identity.compute.statuses import (
    LIFETIME,
    LIST_SIZE,
    MOST_BYTES,
    check_status,
    read_status,
    write_list,
)
from assay.identity.compute.tokens import STATUS_LIST, Token, parse_token
from assay.identity.service.installation import rotate_key
from assay.kit.errors import Conflict, NotFound

URI = "https://issuer.example/status/1"


def as_token(claims: dict[str, Any]) -> Token:
    return Token("", {}, claims)


def pack(data: bytes, bits: object = 1) -> Token:
    packed = encode_base64url(zlib.compress(data))
    return as_token({"status_list": {"bits": bits, "lst": packed}})


def refuse(reason: Reason, token: Token, index: int = 0) -> None:
    with pytest.raises(CredentialRefused) as refused:
        read_status(token, index)
    assert refused.value.reason == reason


@given(st.sets(st.integers(0, 1_023), max_size=40))
def test_a_list_says_what_was_put_into_it(invalid: set[int]) -> None:
    token = as_token(write_list(URI, "did:web:x", invalid, NOW, 1_024))
    assert {index for index in range(1_024) if read_status(token, index)} == invalid


def test_the_examples_of_the_specification() -> None:
    """draft-ietf-oauth-status-list section 4: one and two bits a status, lowest bits first."""
    ones = "eNrbuRgAAhcBXQ"
    token = as_token({"status_list": {"bits": 1, "lst": ones}})
    found = [read_status(token, index) for index in range(16)]
    assert found == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    twos = as_token({"status_list": {"bits": 2, "lst": "eNo76fITAAPfAgc"}})
    assert [read_status(twos, index) for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


def test_an_index_beyond_the_list_is_refused() -> None:
    assert read_status(pack(b"\0\0"), 15) == 0
    refuse(Reason.STATUS_INDEX, pack(b"\0\0"), 16)
    refuse(Reason.STATUS_INDEX, pack(b"\0\0", 8), 2)
    refuse(Reason.STATUS_INDEX, pack(b""), 0)


def test_a_bomb_is_not_unpacked() -> None:
    read_status(pack(bytes(MOST_BYTES)), 0)
    refuse(Reason.STATUS_TOO_LARGE, pack(bytes(MOST_BYTES + 1)))
    refuse(Reason.STATUS_TOO_LARGE, pack(bytes(20 * MOST_BYTES)))


@pytest.mark.parametrize(
    "held",
    [
        None,
        {},
        {"bits": 3, "lst": ""},
        {"bits": True, "lst": ""},
        {"bits": "1", "lst": ""},
        {"bits": 1, "lst": 5},
        {"bits": 1, "lst": "@@"},
        {"bits": 1, "lst": "AAAA"},
        {"bits": [1], "lst": ""},
        {"bits": 1, "lst": encode_base64url(zlib.compress(b"abc")[:-2])},
        {"bits": 1, "lst": encode_base64url(zlib.compress(b"abc") + b"x")},
    ],
)
def test_a_list_that_cannot_be_read_is_refused(held: object) -> None:
    refuse(Reason.STATUS_MALFORMED, as_token({"status_list": held}))


def test_every_status_but_valid_is_refused() -> None:
    for status in range(1, 4):
        with pytest.raises(CredentialRefused) as refused:
            check_status(pack(bytes([status]), 2), 0)
        assert refused.value.reason == Reason.WITHDRAWN


# --- this installation's own lists -------------------------------------------------------------


def read_list(desk: Desk, number: int = 1) -> Token:
    return parse_token(identity.publish_list(desk.installation, number), STATUS_LIST)


def test_a_list_is_signed_and_dated(desk: Desk) -> None:
    issued = desk.issue()
    token = read_list(desk)
    assert token.header["typ"] == "statuslist+jwt"
    claims = token.claims
    assert claims["sub"] == "http://127.0.0.1:8000/v1/credentials/status/1"
    assert claims["iss"] == issued.issuer
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()
    assert len(zlib.decompress(decode_base64url(claims["status_list"]["lst"]))) == LIST_SIZE // 8
    status = read_part(issued.credential, 1)["status"]["status_list"]
    assert status == {"idx": issued.record.list_index, "uri": claims["sub"]}


def test_a_credential_withdrawn_by_hand_is_refused_at_once(desk: Desk) -> None:
    kept, withdrawn = desk.issue(), desk.issue()
    for each in (kept, withdrawn):
        desk.verify(desk.present(each.credential))
    made = identity.withdraw_credential(desk.installation, withdrawn.record.credential_id)
    assert made.withdrawn_at == NOW
    desk.verify(desk.present(kept.credential))
    desk.refuse(Reason.WITHDRAWN, desk.present(withdrawn.credential))
    desk.clock.at += timedelta(minutes=1)
    again = identity.withdraw_credential(desk.installation, withdrawn.record.credential_id)
    assert again.withdrawn_at == NOW
    with pytest.raises(NotFound):
        identity.withdraw_credential(desk.installation, "cred_0000000000000000")


@pytest.mark.parametrize("how", ["corrects", "withdraws"])
def test_what_the_ledger_takes_back_is_withdrawn_by_itself(desk: Desk, how: str) -> None:
    issued = desk.issue()
    other = desk.publish(day=(NOW - timedelta(days=5)).date())
    unconcerned = desk.issue(publication_id=other.publication_id)
    desk.verify(desk.present(issued.credential))
    desk.clock.at += timedelta(minutes=1)
    desk.publish(**{how: desk.said.publication_id})
    desk.refuse(Reason.WITHDRAWN, desk.present(issued.credential))
    desk.verify(desk.present(unconcerned.credential))
    record = identity.get_credential(desk.installation, issued.record.credential_id)
    assert record.withdrawn_at is None, "derived, not written"
    with pytest.raises(Conflict, match="corrected or withdrawn"):
        desk.issue()


def test_indexes_tell_nothing(desk: Desk) -> None:
    places = [desk.issue().record.list_index for _ in range(20)]
    assert len(set(places)) == 20
    gaps = [later - earlier for earlier, later in pairwise(places)]
    # Twenty in order, or all within a tenth of the list: not by chance.
    assert not all(gap > 0 for gap in gaps)
    assert max(places) - min(places) > LIST_SIZE // 10


def test_there_is_no_list_before_its_first_credential(desk: Desk) -> None:
    with pytest.raises(NotFound):
        read_list(desk)
    desk.issue()
    with pytest.raises(NotFound):
        read_list(desk, 2)


def test_lists_are_signed_anew_when_their_time_is_over(desk: Desk) -> None:
    issued = desk.issue()
    first = read_list(desk)
    assert read_list(desk).text == first.text
    desk.clock.at += timedelta(hours=2)
    later = read_list(desk)
    assert later.claims["iat"] == int(desk.clock.at.timestamp())
    desk.verify(desk.present(issued.credential))
    # A clock that was put back does not keep a list from the future alive.
    desk.clock.at = NOW
    desk.verify(desk.present(issued.credential))


def test_after_a_rotation_both_keys_hold_until_the_last_credential_ends(
    desk: Desk, public_desk: Desk
) -> None:
    for each in (desk, public_desk):
        before = each.issue(lifetime=timedelta(days=2))
        each.clock.at += timedelta(hours=1)
        rotate_key(each.installation)
        after = each.issue(lifetime=timedelta(days=2))
        assert after.record.key_number == 2
        assert after.record.list_number == 2
        for issued in (before, after):
            each.verify(each.present(issued.credential))
        identity.withdraw_credential(each.installation, before.record.credential_id)
        each.refuse(Reason.WITHDRAWN, each.present(before.credential))
    document = identity.describe_issuer(public_desk.installation)
    assert len(document["verificationMethod"]) == 2
    public_desk.clock.at += timedelta(days=2, minutes=-30)
    document = identity.describe_issuer(public_desk.installation)
    assert [method["id"] for method in document["verificationMethod"]] == [public_desk.signer.kid]


def test_a_stolen_key_takes_all_that_it_signed_with_it(desk: Desk, public_desk: Desk) -> None:
    for each, reason in ((desk, Reason.ISSUER_NOT_TRUSTED), (public_desk, Reason.KEY_UNKNOWN)):
        before = each.issue()
        each.verify(each.present(before.credential))
        rotate_key(each.installation, is_stolen=True)
        each.refuse(reason, each.present(before.credential))
        after = each.issue()
        each.verify(each.present(after.credential))
        token = read_list(each)
        assert all(read_status(token, index) for index in range(0, LIST_SIZE, 997))
    document = identity.describe_issuer(public_desk.installation)
    assert document["assertionMethod"] == [public_desk.signer.kid]


# --- other issuers' lists ----------------------------------------------------------------------


class Elsewhere:
    """Serves the status list and DID document of another installation, or something else."""

    def __init__(self, issuer: Desk) -> None:
        self.issuer = issuer
        self.asked: list[str] = []
        self.status: Callable[[], bytes] = lambda: identity.publish_list(
            issuer.installation, 1
        ).encode()
        self.document: Callable[[], bytes] = lambda: json.dumps(
            identity.describe_issuer(issuer.installation)
        ).encode()

    async def __call__(self, url: str, most_bytes: int, reason: Reason) -> bytes:
        self.asked.append(url)
        if url == "https://assay.example.org/.well-known/did.json":
            return self.document()
        if url == "https://assay.example.org/v1/credentials/status/1":
            return self.status()
        raise CredentialRefused(reason, f"nothing is served at {url}")


ISSUER = "did:web:assay.example.org"
ASKED: dict[str, Any] = {
    "issuers": (ISSUER,),
    "types": ("https://assay.example.org/v1/credentials/types/grades.trader",),
}


@pytest.fixture
def shown(desk: Desk, public_desk: Desk) -> str:
    """A credential of the public desk, presented to the other one."""
    issued = public_desk.issue()
    return public_desk.present(issued.credential)


def test_a_credential_of_another_installation(desk: Desk, public_desk: Desk, shown: str) -> None:
    there = Elsewhere(public_desk)
    verified = desk.verify(shown, there, **ASKED)
    assert verified.issuer == ISSUER
    assert verified.proof is not None
    assert verified.proof.keys_from == "issuer"
    assert len(there.asked) == 2
    desk.verify(shown, there, **ASKED)
    assert len(there.asked) == 2, "both are kept for a minute"
    desk.clock.at += timedelta(seconds=61)
    desk.verify(shown, there, **ASKED)
    assert len(there.asked) == 4
    desk.refuse(Reason.WRONG_VCT, shown, there, issuers=(ISSUER,))
    desk.refuse(Reason.ISSUER_NOT_TRUSTED, shown, there)


def test_an_issuer_out_of_reach_is_refused(desk: Desk, public_desk: Desk, shown: str) -> None:
    there = Elsewhere(public_desk)
    there.document = lambda: refuse_to_answer(Reason.ISSUER_UNREACHABLE)
    desk.refuse(Reason.ISSUER_UNREACHABLE, shown, there, **ASKED)
    for body in (b"", b"[]", b"<html>", b'{"id":"x","id":"y"}'):
        there.document = partial(bytes, body)
        desk.refuse(Reason.ISSUER_MALFORMED, shown, there, **ASKED)
    there.document = lambda: b'{"id":"did:web:other.example"}'
    desk.refuse(Reason.ISSUER_MALFORMED, shown, there, **ASKED)


def test_a_status_out_of_reach_is_refused(desk: Desk, public_desk: Desk, shown: str) -> None:
    there = Elsewhere(public_desk)
    there.status = lambda: refuse_to_answer(Reason.STATUS_UNREACHABLE)
    desk.refuse(Reason.STATUS_UNREACHABLE, shown, there, **ASKED)
    desk.refuse(Reason.STATUS_UNREACHABLE, shown, there, **ASKED, has_status=False)
    for body in (b"", b"x", b"a.b.c", b"\xff\xff"):
        there.status = partial(bytes, body)
        desk.refuse(Reason.STATUS_MALFORMED, shown, there, **ASKED)


def refuse_to_answer(reason: Reason) -> bytes:
    raise CredentialRefused(reason, "out of reach")


@pytest.mark.parametrize(
    ("reason", "header", "changes"),
    [
        (Reason.STATUS_TYPE, {"typ": "JWT"}, {}),
        (Reason.STATUS_TYPE, {"typ": "dc+sd-jwt"}, {}),
        (Reason.STATUS_ALGORITHM, {"alg": "none"}, {}),
        (Reason.STATUS_ALGORITHM, {"alg": "HS256"}, {}),
        (Reason.KEY_UNKNOWN, {"kid": "did:web:assay.example.org#other"}, {}),
        (Reason.STATUS_SUBJECT, {}, {"sub": "https://assay.example.org/v1/credentials/status/2"}),
        (Reason.STATUS_SUBJECT, {}, {"sub": None}),
        (Reason.STATUS_ISSUER, {}, {"iss": "did:web:other.example"}),
        (Reason.STATUS_EXPIRED, {}, {"exp": int(NOW.timestamp()) - 60}),
        (Reason.STATUS_EXPIRED, {}, {"exp": ...}),
        (Reason.STATUS_EXPIRED, {}, {"iat": int(NOW.timestamp()) + 61}),
        (Reason.STATUS_MALFORMED, {}, {"exp": "never"}),
        (Reason.STATUS_MALFORMED, {}, {"status_list": None}),
    ],
)
def test_a_forged_or_stale_status_is_refused(
    desk: Desk,
    public_desk: Desk,
    shown: str,
    reason: Reason,
    header: dict[str, object],
    changes: dict[str, object],
) -> None:
    there = Elsewhere(public_desk)
    real = identity.publish_list(public_desk.installation, 1)
    claims = {**read_part(real, 1), **changes}
    body = json.dumps({name: item for name, item in claims.items() if item is not ...})
    head = {**read_part(real, 0), **header}
    there.status = lambda: forge(head, body, public_desk.signer.key).encode()
    desk.refuse(reason, shown, there, **ASKED)


def test_a_status_signed_by_somebody_else_is_refused(
    desk: Desk, public_desk: Desk, shown: str
) -> None:
    there = Elsewhere(public_desk)
    real = identity.publish_list(public_desk.installation, 1)
    body = json.dumps(read_part(real, 1))
    there.status = lambda: forge(read_part(real, 0), body, desk.signer.key).encode()
    desk.refuse(Reason.STATUS_SIGNATURE, shown, there, **ASKED)


def test_a_credential_that_names_no_status_is_refused(desk: Desk) -> None:
    text = desk.resign(desk.issue().credential, status=...)
    asked: dict[str, Any] = {"is_bound": False}
    desk.refuse(Reason.NO_STATUS, text, **asked)
    assert not desk.verify(text, **asked, has_status=False).has_status
    for status in ({}, {"status_list": "x"}, "x"):
        odd = desk.resign(text, status=status)
        desk.refuse(Reason.NO_STATUS, odd, **asked)
    for reference in ({"idx": "1", "uri": URI}, {"idx": 1}, {"idx": True, "uri": URI}):
        odd = desk.resign(text, status={"status_list": reference})
        desk.refuse(Reason.STATUS_MALFORMED, odd, **asked)
    for uri in (URI, "http://127.0.0.1:8000/v1/credentials/status/7", "x/v1/credentials/status/01"):
        odd = desk.resign(text, status={"status_list": {"idx": 1, "uri": uri}})
        desk.refuse(Reason.STATUS_UNREACHABLE, odd, **asked)
    negative = {"status_list": {"idx": -1, "uri": URI}}
    odd = desk.resign(text, status=negative)
    desk.refuse(Reason.STATUS_INDEX, odd, **asked)


def test_moments_are_in_utc() -> None:
    made = write_list(URI, "x", [], datetime(2026, 1, 1, tzinfo=UTC), 8)
    assert made["iat"] == 1_767_225_600
