"""Sign in, link and confirm by a wallet; nonces are used once, for one purpose and account."""

import threading
from datetime import timedelta

import pytest
from eth_account import Account as Wallet
from eth_account.messages import encode_defunct
from tests.accounts.people import ELSEWHERE, HOME, NOON, PASSWORD, QUICK, Desk

from assay import accounts
from assay.accounts import Proof, Setting, Signed, Site
from assay.accounts.types import Role, SignedIn, SignInMethod, WalletPurpose
from assay.kit.errors import (
    AssayError,
    BadInput,
    Conflict,
    Forbidden,
    RateLimited,
    SignInFailed,
    Unauthorized,
)

SITE = Site("assay.example", "https")
KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
HOLDER = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
WRONG = "wrong wrong wrong"
OTHER_KEY = "0x" + "11" * 32


def ask(
    desk: Desk,
    purpose: WalletPurpose = WalletPurpose.SIGN_IN,
    account_id: str | None = None,
    *,
    key: str = KEY,
    site: Site = SITE,
) -> Signed:
    challenge = accounts.create_challenge(
        desk.database,
        desk.clock,
        site,
        HOME,
        address=Wallet.from_key(key).address,
        purpose=purpose,
        account_id=account_id,
    )
    return sign(challenge.message, key)


def sign(message: str, key: str = KEY) -> Signed:
    signed = Wallet.sign_message(encode_defunct(text=message), key)
    return Signed(message, signed.signature.to_0x_hex())


def sign_in(desk: Desk, signed: Signed, *, site: Site = SITE, may_sign_up: bool = True) -> SignedIn:
    return accounts.sign_in_with_wallet(
        desk.database, desk.clock, site, signed, HOME, may_sign_up=may_sign_up
    )


def test_the_first_sign_in_creates_the_account_and_the_next_finds_it(desk: Desk) -> None:
    first = sign_in(desk, ask(desk))
    assert first.account.wallet == HOLDER
    assert (first.account.email, first.account.role) == (None, Role.USER)
    second = sign_in(desk, ask(desk))
    assert second.account == first.account
    listed = accounts.list_sessions(desk.database, desk.clock, first.account.account_id)
    assert [session.method for session in listed] == [SignInMethod.WALLET] * 2


def test_a_closed_sign_up_lets_only_known_wallets_in(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        sign_in(desk, ask(desk), may_sign_up=False)
    assert accounts.list_accounts(desk.database) == []
    sign_in(desk, ask(desk))
    assert sign_in(desk, ask(desk), may_sign_up=False)


def test_a_nonce_is_good_once(desk: Desk) -> None:
    signed = ask(desk)
    sign_in(desk, signed)
    with pytest.raises(Unauthorized, match="nonce"):
        sign_in(desk, signed)


def test_a_nonce_is_used_up_by_a_try_that_fails(desk: Desk) -> None:
    signed = ask(desk)
    with pytest.raises(Unauthorized):
        sign_in(desk, Signed(signed.message, "0x" + "00" * 65))
    with pytest.raises(Unauthorized, match="nonce"):
        sign_in(desk, signed)


def test_a_nonce_that_two_use_at_once_goes_to_one(desk: Desk) -> None:
    signed = ask(desk)
    got: list[object] = []
    start = threading.Barrier(4)

    def use() -> None:
        start.wait()
        try:
            got.append(sign_in(desk, signed))
        except Unauthorized as error:
            got.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, SignedIn) for one in got) == 1


def test_a_nonce_expires_after_five_minutes(desk: Desk) -> None:
    signed = ask(desk)
    desk.clock.wait(minutes=5)
    with pytest.raises(Unauthorized, match="nonce"):
        sign_in(desk, signed)


def test_a_nonce_of_ones_own_making_is_refused(desk: Desk) -> None:
    signed = ask(desk)
    nonce = signed.message.split("Nonce: ")[1].split("\n")[0]
    with pytest.raises(Unauthorized, match="nonce"):
        sign_in(desk, sign(signed.message.replace(nonce, "A" * 20)))


def test_a_message_for_another_site_is_refused(desk: Desk) -> None:
    """What a wallet signed for a look-alike, passed on to us."""
    elsewhere = Site("assay.example.evil", "https")
    with pytest.raises(Unauthorized, match="domain"):
        sign_in(desk, ask(desk, site=elsewhere))
    with pytest.raises(Unauthorized, match="address"):
        sign_in(desk, ask(desk), site=Site("assay.example", "http"))


def test_a_signature_of_another_wallet_is_refused(desk: Desk) -> None:
    message = ask(desk).message
    with pytest.raises(Unauthorized, match="not that of the address"):
        sign_in(desk, sign(message, OTHER_KEY))
    changed = ask(desk)
    with pytest.raises((Unauthorized, BadInput)):
        sign_in(desk, Signed(changed.message.replace(HOLDER, HOLDER.lower()), changed.signature))


@pytest.mark.parametrize("purpose", [p for p in WalletPurpose if p is not WalletPurpose.SIGN_IN])
def test_a_signature_for_one_purpose_is_not_good_for_another(
    desk: Desk, purpose: WalletPurpose
) -> None:
    account = sign_in(desk, ask(desk)).account
    with pytest.raises(Unauthorized, match="nonce"):
        sign_in(desk, ask(desk, purpose, account.account_id))
    with pytest.raises(Unauthorized, match="nonce"):
        confirm(desk, account.account_id, Proof(signed=ask(desk)), purpose)
    other = desk.create()
    with pytest.raises(Unauthorized, match="nonce"):
        proof = Proof(signed=ask(desk, purpose, other.account_id))
        confirm(desk, account.account_id, proof, purpose)


def confirm(
    desk: Desk, account_id: str, proof: Proof, purpose: WalletPurpose = WalletPurpose.CONFIRM
) -> None:
    accounts.confirm_holder(
        desk.database,
        desk.clock,
        account_id,
        proof,
        Setting(SITE, HOME),
        purpose=purpose,
        passwords=QUICK,
    )


def link(desk: Desk, account_id: str, signed: Signed) -> None:
    accounts.link_wallet(desk.database, desk.clock, account_id, SITE, signed, HOME)


def test_a_wallet_is_linked_and_signs_in_to_the_same_account(desk: Desk) -> None:
    account = desk.create()
    link(desk, account.account_id, ask(desk, WalletPurpose.LINK, account.account_id))
    assert sign_in(desk, ask(desk)).account.account_id == account.account_id
    other = desk.create("bob@example.org")
    with pytest.raises(Conflict):
        link(desk, other.account_id, ask(desk, WalletPurpose.LINK, other.account_id))
    accounts.unlink_wallet(desk.database, desk.clock, account.account_id, HOME)
    assert sign_in(desk, ask(desk)).account.account_id != account.account_id


def test_the_only_way_in_is_not_taken_off(desk: Desk) -> None:
    account = sign_in(desk, ask(desk)).account
    with pytest.raises(Conflict):
        accounts.unlink_wallet(desk.database, desk.clock, account.account_id, HOME)


def test_the_holder_confirms_by_password_or_by_the_accounts_own_wallet(desk: Desk) -> None:
    account = desk.create()
    account_id = account.account_id
    confirm(desk, account_id, Proof(password=PASSWORD))
    for proof in (Proof(), Proof(WRONG)):
        with pytest.raises(Forbidden):
            confirm(desk, account_id, proof)
    with pytest.raises(Forbidden, match="not the wallet"):
        confirm(desk, account_id, Proof(signed=ask(desk, WalletPurpose.CONFIRM, account_id)))
    link(desk, account_id, ask(desk, WalletPurpose.LINK, account_id))
    confirm(desk, account_id, Proof(signed=ask(desk, WalletPurpose.CONFIRM, account_id)))


def test_guesses_at_the_present_password_are_throttled(desk: Desk) -> None:
    account = desk.create()
    wrong = Proof(WRONG)
    for _ in range(5):
        with pytest.raises(Forbidden):
            confirm(desk, account.account_id, wrong)
    with pytest.raises(RateLimited):
        confirm(desk, account.account_id, wrong)


def test_an_account_that_has_only_a_key_may_change_but_not_be_deleted(desk: Desk) -> None:
    account = desk.create(email=None, password=None)
    confirm(desk, account.account_id, Proof())
    with pytest.raises(Forbidden):
        confirm(desk, account.account_id, Proof(), WalletPurpose.DELETE)


def test_waiting_nonces_and_wrong_signatures_of_an_address_are_bounded(desk: Desk) -> None:
    for _ in range(30):
        ask(desk)
    with pytest.raises(RateLimited):
        ask(desk)
    desk.clock.wait(minutes=5)
    refusals: list[AssayError] = []
    for _ in range(25):
        try:
            sign_in(desk, Signed(ask(desk).message, "0x" + "00" * 65))
        except AssayError as error:
            refusals.append(error)
    assert [type(error) for error in refusals] == [SignInFailed] * 20 + [RateLimited] * 5


def test_the_message_says_what_it_is_for_and_until_when(desk: Desk) -> None:
    account = desk.create()
    challenge = accounts.create_challenge(
        desk.database,
        desk.clock,
        SITE,
        ELSEWHERE,
        address=HOLDER.lower(),
        chain_id=8453,
        purpose=WalletPurpose.DELETE,
        account_id=account.account_id,
    )
    assert challenge.expires_at == NOON + timedelta(minutes=5)
    assert challenge.message == (
        "assay.example wants you to sign in with your Ethereum account:\n"
        f"{HOLDER}\n\n"
        "Delete your Assay account and everything that is kept about you.\n\n"
        "URI: https://assay.example/v1/session/wallet\nVersion: 1\nChain ID: 8453\n"
        f"Nonce: {challenge.nonce}\nIssued At: 2026-11-20T12:00:00Z\n"
        "Expiration Time: 2026-11-20T12:05:00Z"
    )
