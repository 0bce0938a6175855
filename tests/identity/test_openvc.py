"""An independent implementation (openvc-core) reads what we issue, and we read what it issues."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openvc.errors import OpenvcError
from openvc.keys import P256SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.status.issue import build_status_list_token, verify_status_list_token
from openvc.status.token_status_list import (
    check_token_status,
    new_status_list,
    set_status,
)
from openvc.verify import default_resolver
from tests.identity.desk import Desk, open_desk, read_part

from assay import identity
from assay.identity import CredentialRefused, Reason
from assay.identity.compute.dids import name_kid
from assay.identity.compute.keys import write_did_key
from assay.kit.keyring import P256

VCT = "https://issuer.example/types/grade"
LIST = "https://issuer.example/status/1"
SUITE = SdJwtVcProofSuite()


@pytest.fixture
def now_desk(tmp_path: Path) -> Iterator[Desk]:
    """openvc looks at the real clock."""
    at = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251
    with open_desk(tmp_path / "home", at=at) as made:
        yield made


class Stranger:
    """Issuer and holder of openvc's, with a did:key of their own."""

    def __init__(self) -> None:
        private = P256.create()
        public = private.public_key()
        self.name = write_did_key(public)
        self.key = P256SigningKey(private, name_kid(self.name, public))
        self.holder = P256SigningKey.generate(kid="holder")
        self.statuses = new_status_list(1_024)

    def issue(self, **more: Any) -> str:
        claims = {
            "iss": self.name,
            "grade": "71.00",
            "symbol": "BTC",
            "status": {"status_list": {"idx": 77, "uri": LIST}},
        }
        issued: str = SUITE.issue(
            claims,
            signing_key=self.key,
            disclosable=["grade", "symbol"],
            **{
                "holder_jwk": self.holder.public_jwk(),
                "vct": VCT,
                "expires_in_s": 3_600,
                "decoys": 3,
                **more,
            },
        )
        return issued

    def present(self, issued: str) -> str:
        shown: str = SUITE.create_presentation(
            issued, holder_key=self.holder, audience="verifier", nonce="n-1"
        )
        return shown

    async def __call__(self, url: str, most_bytes: int, reason: Reason) -> bytes:
        assert url == LIST
        at = datetime.now(UTC).timestamp()  # noqa: TID251
        token: str = build_status_list_token(
            signing_key=self.key,
            uri=LIST,
            status_list=self.statuses,
            issued_at=at,
            expires=at + 300,
            ttl=60,
            issuer=self.name,
        )
        return token.encode()


def find_openvc_key(desk: Desk) -> dict[str, Any]:
    return identity.write_jwk(desk.signer.key.public_key())


def test_openvc_reads_a_subset_with_key_binding(now_desk: Desk) -> None:
    issued = now_desk.issue()
    shown = now_desk.present(issued.credential, ["grade"])
    asked: dict[str, Any] = {"audience": "verifier", "nonce": "n-1", "require_key_binding": True}
    key = find_openvc_key(now_desk)
    read = SUITE.verify(shown, public_key_jwk=key, expected_vct=issued.vct, **asked)
    assert read.key_bound
    assert read.typ == "dc+sd-jwt"
    assert read.claims["said"] == {"grade": "79.50"}
    assert read.claims["origin"] == "live"
    assert "evidence" not in read.claims
    ours = now_desk.verify(shown)
    assert ours.claims == read.claims
    with pytest.raises(OpenvcError):
        SUITE.verify(shown, public_key_jwk=key, **{**asked, "nonce": "n-2"})


def test_openvc_reads_a_bearer_credential(now_desk: Desk) -> None:
    issued = now_desk.issue(holder=None)
    read = SUITE.verify(issued.credential, public_key_jwk=find_openvc_key(now_desk))
    assert not read.key_bound
    assert read.claims["said"]["symbol"] == "ETH"
    assert read.claims["evidence"]["row"].startswith('{"capped":false')
    assert now_desk.verify(issued.credential, is_bound=False).claims == read.claims


def test_openvc_resolves_our_did_key(now_desk: Desk) -> None:
    issued = now_desk.issue()
    document = default_resolver().resolve(issued.issuer)
    assert document.id == issued.issuer
    assert issued.issuer.startswith("did:key:zDn")


def test_openvc_reads_our_status_list(now_desk: Desk) -> None:
    kept, withdrawn = now_desk.issue(), now_desk.issue()
    identity.withdraw_credential(now_desk.installation, withdrawn.record.credential_id)
    token = identity.publish_list(now_desk.installation, 1)
    uri = now_desk.installation.locate_list(1)
    claims = verify_status_list_token(
        token, public_key_jwk=find_openvc_key(now_desk), expected_uri=uri
    )
    found = [
        check_token_status(
            read_part(issued.credential, 1), resolve_status_list_token=lambda _: claims
        )
        for issued in (kept, withdrawn)
    ]
    assert [one is not None and one.revoked for one in found] == [False, True]


def test_we_read_what_openvc_issues(now_desk: Desk) -> None:
    stranger = Stranger()
    asked: dict[str, Any] = {"issuers": (stranger.name,), "types": (VCT,)}
    token, *parts, last = stranger.issue().split("~")
    assert last == ""
    verified = now_desk.verify(stranger.present(f"{token}~{parts[0]}~"), stranger, **asked)
    assert verified.is_bound
    assert {"grade", "symbol"} & verified.claims.keys() == {"grade"}
    whole = now_desk.verify(stranger.present(stranger.issue()), stranger, **asked)
    assert (whole.claims["grade"], whole.claims["symbol"]) == ("71.00", "BTC")
    bare = now_desk.verify(stranger.issue(holder_jwk=None), stranger, **asked, is_bound=False)
    assert bare.claims["grade"] == "71.00"
    now_desk.refuse(
        Reason.NO_PROOF, stranger.present(stranger.issue()), stranger, **asked, has_proof=True
    )


def test_we_read_the_status_lists_of_openvc(now_desk: Desk) -> None:
    stranger = Stranger()
    asked: dict[str, Any] = {"issuers": (stranger.name,), "types": (VCT,)}
    text = stranger.present(stranger.issue())
    set_status(stranger.statuses, 76, 1)
    now_desk.verify(text, stranger, **asked)
    set_status(stranger.statuses, 77, 1)
    now_desk.installation.lists.put(LIST, None, now_desk.clock.now())
    now_desk.refuse(Reason.WITHDRAWN, text, stranger, **asked)


def test_both_refuse_the_same_forgeries(now_desk: Desk) -> None:
    """What openvc refuses we refuse, for presentations broken in every character place."""
    shown = now_desk.present(now_desk.issue().credential, ["grade"])
    key = find_openvc_key(now_desk)
    asked: dict[str, Any] = {"audience": "verifier", "nonce": "n-1", "require_key_binding": True}
    for place in range(0, len(shown), 97):
        letter = "A" if shown[place] != "A" else "B"
        broken = shown[:place] + letter + shown[place + 1 :]
        with pytest.raises(OpenvcError):
            SUITE.verify(broken, public_key_jwk=key, **asked)
        with pytest.raises(CredentialRefused):
            now_desk.verify(broken)
