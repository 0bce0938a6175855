"""Whatever is shown, the answer is a verdict: never another error, never more than was signed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.identity.desk import Desk, forge, open_desk

from assay.identity import CredentialRefused, Reason
from assay.identity.compute.encoding import encode_base64url
from assay.identity.compute.statuses import check_list, check_status
from assay.identity.compute.tokens import STATUS_LIST, parse_token

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["did:key:z", "did:web:", "https://", "~", "1" * 400, "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["_sd", "...", "_sd_alg", "jwk", "kty", "status_list", "idx", "uri", "row"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CLAIMS = st.sampled_from(
    [
        *("iss", "iat", "nbf", "exp", "vct", "status", "cnf", "publication", "kind", "origin"),
        *("log_key", "said", "evidence", "_sd", "_sd_alg"),
    ]
)
pytestmark = pytest.mark.slow
MANY = settings(max_examples=100, suppress_health_check=list(HealthCheck))


@dataclass
class Holding(Desk):
    """A desk that has issued one credential."""

    credential: str = ""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holding]:
    """One for all examples: making one takes longer than a hundred of them."""
    with open_desk(tmp_path_factory.mktemp("robust") / "home") as desk:
        text = desk.issue().credential
        yield Holding(desk.installation, desk.clock, desk.said, desk.holder, text)


def judge(desk: Desk, text: str, **asked: Any) -> Reason | None:
    try:
        desk.verify(text, **asked)
    except CredentialRefused as refused:
        return refused.reason
    return None


@MANY
@given(st.dictionaries(CLAIMS, VALUES, min_size=1, max_size=3), st.booleans())
def test_claims_of_any_shape(shared: Holding, claims: dict[str, Any], is_bound: bool) -> None:
    """Even where the issuer's own key signed them."""
    text = shared.resign(shared.credential, None, **claims)
    reason = judge(shared, text, is_bound=is_bound)
    sealed = {"publication", "kind", "origin", "evidence"} & claims.keys()
    assert reason is not None or not sealed, "the evidence says otherwise"


@MANY
@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "x"]), VALUES, min_size=1))
def test_headers_of_any_shape(shared: Holding, header: dict[str, Any]) -> None:
    text = shared.resign(shared.credential, header)
    reason = judge(shared, text, is_bound=False)
    assert reason is not None or set(header) == {"x"}


@MANY
@given(VALUES)
def test_disclosures_of_any_shape(shared: Holding, value: object) -> None:
    extra = encode_base64url(json.dumps(value).encode())
    reason = judge(shared, f"{shared.credential}{extra}~", is_bound=False)
    assert reason in (Reason.WRONG_DISCLOSURE, Reason.UNREFERENCED_DISCLOSURE)


@MANY
@given(st.text(max_size=60) | st.text("ey.~_-A", max_size=60))
def test_texts_of_any_shape(shared: Holding, text: str) -> None:
    assert judge(shared, text) is not None
    assert judge(shared, shared.credential + text) is not None


@MANY
@given(st.data())
def test_a_presentation_with_one_character_changed(shared: Holding, data: st.DataObject) -> None:
    shown = shared.present(shared.credential, ["grade"])
    place = data.draw(st.integers(0, len(shown) - 1))
    letter = data.draw(st.sampled_from("ABCabc019-_.~"))
    broken = shown[:place] + letter + shown[place + 1 :]
    assert broken == shown or judge(shared, broken) is not None


@MANY
@given(
    st.dictionaries(st.sampled_from(["sub", "iat", "exp", "ttl", "status_list"]), VALUES),
)
def test_status_lists_of_any_shape(shared: Holding, claims: dict[str, Any]) -> None:
    signer = shared.signer
    header = {"typ": STATUS_LIST.kind, "kid": signer.kid}
    try:
        token = parse_token(forge(header, json.dumps(claims), signer.key), STATUS_LIST)
        check_list(token, signer.key.public_key(), "x", signer.issuer, shared.clock.now())
        check_status(token, 0)
    except CredentialRefused:
        return
    assert claims["sub"] == "x"
