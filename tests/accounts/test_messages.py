"""EIP-4361: the grammar read strictly, and what a message must say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.accounts.compute.messages import (
    MAX_LENGTH,
    Expected,
    Message,
    check_message,
    create_message,
    parse_message,
    write_message,
)
from assay.kit.errors import BadInput, Unauthorized
from assay.kit.moments import format_utc

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EXPECTED = Expected("assay.example:8443", "https", 1, "Sign in to Assay.", NOW)
MESSAGE = create_message(
    EXPECTED,
    address="0x52908400098527886E0F7030069857D2E4169EE7",
    nonce="abcdefgh01234567",
    expires_at=NOW + timedelta(minutes=5),
)
# The two examples that the EIP prints.
EIP_WITH_SCHEME = """\
https://example.com wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""
EIP_WITH_PORT = EIP_WITH_SCHEME.replace("https://example.com wants", "example.com:3388 wants")

unreserved = st.text("abcXYZ019-._~", min_size=1, max_size=20)
moments = st.integers(10**9, 4 * 10**9).map(
    lambda second: format_utc(datetime.fromtimestamp(second, UTC))
)
uris = st.builds("{}://{}/{}?{}#{}".format, st.sampled_from(["https", "ipfs"]), *[unreserved] * 4)
messages = st.builds(
    Message,
    domain=st.builds("{}{}".format, unreserved, st.sampled_from(["", ":8000"])),
    address=st.text("0123456789abcdefABCDEF", min_size=40, max_size=40).map("0x{}".format),
    uri=uris,
    chain_id=st.integers(0, 10**18 - 1),
    nonce=st.text("abcXYZ019", min_size=8, max_size=40),
    issued_at=moments,
    statement=st.none() | st.text("abc XYZ.:/?#[]@!$&'()*+,;=", min_size=1, max_size=60),
    scheme=st.none() | st.sampled_from(["https", "http"]),
    expiration_time=st.none() | moments,
    not_before=st.none() | moments,
    request_id=st.none() | st.just("") | unreserved,
    resources=st.none() | st.lists(uris, max_size=3).map(tuple),
)


@pytest.mark.parametrize("text", [EIP_WITH_SCHEME, EIP_WITH_PORT])
def test_the_examples_of_the_eip_are_read(text: str) -> None:
    message = parse_message(text)
    assert message.nonce == "32891756"
    assert message.resources is not None
    assert message.resources[1] == "https://example.com/my-web2-claim.json"
    assert write_message(message) == text


@given(messages)
def test_what_is_written_is_read_back(message: Message) -> None:
    text = write_message(message)
    if len(text) <= MAX_LENGTH:
        assert parse_message(text) == message


@given(messages, st.data())
def test_no_line_may_be_left_out_doubled_or_moved(message: Message, data: st.DataObject) -> None:
    lines = write_message(message).split("\n")
    place = data.draw(st.integers(0, len(lines) - 1))
    removed = "\n".join(lines[:place] + lines[place + 1 :])
    doubled = "\n".join([*lines[: place + 1], *lines[place:]])
    for changed in (removed, doubled):
        try:
            read = parse_message(changed)
        except BadInput:
            continue
        # An optional line may go, a resource may be said twice: then it reads as what it says.
        assert write_message(read) == changed
        assert read != message


@given(st.text(max_size=400))
def test_no_other_text_is_a_message(text: str) -> None:
    with pytest.raises(BadInput):
        parse_message(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("Version: 1", "Version: 2"),
        ("Version: 1", "Version:  1"),
        ("Chain ID: 1", "Chain ID: 01"),
        ("Chain ID: 1", "Chain ID: -1"),
        ("Chain ID: 1", "Chain ID: 0x1"),
        ("Nonce: abcdefgh01234567", "Nonce: short"),
        ("Nonce: abcdefgh01234567", "Nonce: abcdefgh-1234567"),
        ("Nonce: abcdefgh01234567", "Nonce: abcdefgh01234567 "),
        ("T12:00:00Z", " 12:00:00Z"),
        ("T12:00:00Z", "T12:00:00"),
        ("T12:00:00Z", "T١2:00:00Z"),
        ("Sign in to Assay.", "Sign in to Assay.\u202e"),
        ("Sign in to Assay.", "Sign in\tto Assay."),
        ("wants you to sign in", "Wants you to sign in"),
        ("0x5290", "0X5290"),
        ("0x5290", "5290"),
        ("assay.example:8443 wants", "user@assay.example:8443 wants"),
        ("assay.example:8443 wants", "assay.example/path wants"),
        ("Issued At", "Issued-At"),
    ],
)
def test_a_message_that_is_nearly_right_is_refused(old: str, new: str) -> None:
    text = write_message(MESSAGE)
    assert old in text
    with pytest.raises(BadInput):
        parse_message(text.replace(old, new))


def test_a_message_says_what_was_asked_and_passes() -> None:
    check_message(parse_message(write_message(MESSAGE)), EXPECTED)
    check_message(replace(MESSAGE, scheme="https"), EXPECTED)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"domain": "evil.example"}, "another domain"),
        ({"domain": "assay.example"}, "another domain"),
        ({"scheme": "http"}, "another domain"),
        ({"uri": "https://evil.example/v1/session/wallet"}, "another address"),
        ({"uri": "https://assay.example:8443.evil.example/"}, "another address"),
        ({"uri": "https://assay.example:8443@evil.example/"}, "another address"),
        ({"uri": "http://assay.example:8443/"}, "another address"),
        ({"chain_id": 137}, "another chain"),
        ({"statement": "Send everything."}, "says something else"),
        ({"statement": None}, "says something else"),
        ({"issued_at": "2026-11-20T11:50:00Z"}, "five minutes"),
        ({"issued_at": "2026-11-20T12:05:00Z"}, "five minutes"),
        ({"expiration_time": "2026-11-20T12:00:00Z"}, "has expired"),
        ({"not_before": "2026-11-20T12:00:01Z"}, "does not hold yet"),
    ],
)
def test_a_message_meant_otherwise_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(Unauthorized, match=reason):
        check_message(replace(MESSAGE, **change), EXPECTED)  # type: ignore[arg-type]


def test_a_moment_that_does_not_exist_is_bad_input() -> None:
    with pytest.raises(BadInput):
        check_message(replace(MESSAGE, issued_at="2026-02-30T12:00:00Z"), EXPECTED)
