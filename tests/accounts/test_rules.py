"""E-mails, addresses, waits, tokens: the small rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.accounts.compute.emails import fold_email, parse_email
from assay.accounts.compute.origins import name_source, shorten_address, shorten_user_agent
from assay.accounts.compute.throttling import (
    ACCOUNT,
    ASKING,
    DAY_S,
    DEVICE,
    SOURCE,
    Throttle,
    wait_s,
)
from assay.accounts.tokens import derive_csrf, matches_secret, mint_token, split_token
from assay.kit.errors import BadInput


@pytest.mark.parametrize(
    "email",
    ["a@b.co", " Ada.Lovelace+assay@Example.ORG ", "ünï@exämple.org", "o'hara@sub.domain.example"],
)
def test_an_address_keeps_its_letters_and_folds_for_comparison(email: str) -> None:
    shown = parse_email(email)
    assert shown == email.strip()
    assert fold_email(email) == fold_email(shown.upper())


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@@example.org",
        "ada @example.org",
        "ada@exam ple.org",
        "ada\x00@example.org",
        "ada@example.org\r\nbcc: x@y.zz",
        ".ada@example.org",
        "a..da@example.org",
        '"a@b"@example.org',
        "ada@[127.0.0.1]",
        "ada@-example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 250 + ".org",
        "a@" + "İ" * 130 + ".org",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(email: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_email(email)
    assert "ada" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str, network: str) -> None:
    assert shorten_address(address) == network


def test_one_host_is_one_source_however_it_writes_itself() -> None:
    assert name_source("203.0.113.77") == name_source("::ffff:203.0.113.77")
    assert name_source("203.0.113.77") != name_source("203.0.113.78")
    assert name_source("2001:db8:1:2::9") == name_source("2001:db8:1:2:ffff::1")
    assert name_source("2001:db8:1:2::9") != name_source("2001:db8:1:3::9")
    assert "." not in name_source("203.0.113.77")
    assert name_source("") == name_source("testclient")


def test_a_browser_says_at_most_eighty_printable_characters() -> None:
    assert shorten_user_agent("curl/8\r\n\x1b[31m" + "é" * 200) == "curl/8 [31m"
    assert len(shorten_user_agent("x" * 500)) == 80


RULES = st.sampled_from([ACCOUNT, SOURCE, DEVICE, ASKING])


@given(RULES, st.integers(0, 10**9), st.floats(0, 10**9))
def test_a_wait_is_never_longer_than_its_cap_and_ends(
    rule: Throttle, failures: int, since: float
) -> None:
    wait = wait_s(rule, failures, since)
    assert 0.0 <= wait <= rule.cap_s
    assert wait_s(rule, failures, since + wait) == 0.0


@given(RULES, st.integers(0, 100))
def test_each_failure_makes_the_wait_longer_up_to_the_cap(rule: Throttle, failures: int) -> None:
    now, then = wait_s(rule, failures, 0.0), wait_s(rule, failures + 1, 0.0)
    assert now <= then
    if failures < rule.free:
        assert now == 0.0
    elif now < rule.cap_s:
        assert then == min(2 * now, rule.cap_s)


def test_the_waits_of_an_account_written_out() -> None:
    waits = [wait_s(ACCOUNT, failures, 0.0) for failures in range(17)]
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_s(ACCOUNT, 10**6, DAY_S) == 0.0


def test_a_token_is_read_back_whole_and_only_by_its_kind() -> None:
    minted = mint_token("ar")
    assert split_token(minted.text, "ar") == (minted.token_id, minted.secret)
    assert split_token(minted.text, "as") is None
    assert matches_secret(minted.secret, minted.secret_sha256)
    assert not matches_secret(minted.secret[:-1] + "!", minted.secret_sha256)
    assert len({mint_token("ar").text for _ in range(100)}) == 100


@given(st.text(max_size=90))
def test_no_other_text_is_a_token(text: str) -> None:
    assert split_token(text, "ar") is None
    assert split_token(text + "\n", "ar") is None


@given(st.integers(0, 62))
def test_a_tampered_token_never_proves_anything(position: int) -> None:
    minted = mint_token("ar")
    other = "0" if minted.text[position] != "0" else "1"
    tampered = minted.text[:position] + other + minted.text[position + 1 :]
    parts = split_token(tampered, "ar")
    kept = parts is not None and parts[0] == minted.token_id
    assert not (kept and parts is not None and matches_secret(parts[1], minted.secret_sha256))


def test_a_csrf_token_says_nothing_of_its_session() -> None:
    first, second = derive_csrf("one secret"), derive_csrf("another secret")
    assert first != second
    assert len(first) == 64
