"""The face in keyed mode: either header, the contract's error shape, quotas, no way past them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.api.asking import Answer
from tests.api.keyed import Header, Keyed, make_keyed
from tests.tokenmetrics.asking import PREFIX

from assay.accounts.types import Verb
from assay.tokenmetrics import create_face

PRICE = f"{PREFIX}/price?symbol=BTC"
TMAI = f"{PREFIX}/tmai"
HEADERS = (b"api_key", b"x-api-key")
REFUSED = b'{"success":false,"message":'


@pytest.fixture
def keyed(tmp_path: Path) -> Keyed:
    made = make_keyed(tmp_path, faces=(create_face(),))
    made.add_account("ada")
    made.add_key("ada", "ada")
    return made


def ask(keyed: Keyed, *requests: Sequence[Header], target: str = PRICE) -> list[Answer]:
    """The answers to requests with these headers, one after the other."""

    async def ask_all() -> list[Answer]:
        return [await keyed.ask(target, headers=headers) for headers in requests]

    return asyncio.run(ask_all())


def show(keyed: Keyed, name: str, header: bytes) -> list[Header]:
    return [(header, keyed.keys[name].encode())]


def test_any_header_carries_the_key(keyed: Keyed) -> None:
    bearer = [(b"authorization", f"Bearer {keyed.keys['ada']}".encode())]
    answers = ask(keyed, *(show(keyed, "ada", header) for header in HEADERS), bearer)
    assert [answer.status for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("header", HEADERS)
def test_no_other_value_is_a_key(keyed: Keyed, header: bytes) -> None:
    wrong = [[(header, value)] for value in (b"", b"local", b"tm-1234", b"ak_1_2")]
    # An answer that the front remembers must not open the door.
    first, *others = ask(keyed, show(keyed, "ada", header), *wrong)
    assert first.status == 200
    assert [answer.status for answer in others] == [401] * len(wrong)
    assert all(answer.body.startswith(REFUSED) for answer in others)


@pytest.mark.parametrize("path", ["/price", "/tokens", "/nowhere"])
def test_without_a_key_nothing_is_answered(keyed: Keyed, path: str) -> None:
    (answer,) = ask(keyed, (), target=PREFIX + path)
    assert answer.status == 401
    assert answer.body.startswith(REFUSED)


@pytest.mark.parametrize("path", ["", "/", "/openapi.json"])
def test_what_the_face_is_anybody_may_read(keyed: Keyed, path: str) -> None:
    assert ask(keyed, (), target=PREFIX + path)[0].status == 200


def test_two_keys_that_disagree_are_refused(keyed: Keyed) -> None:
    both = show(keyed, "ada", b"api_key") + show(keyed, "owner", b"x-api-key")
    assert ask(keyed, both)[0].status == 401


@pytest.mark.parametrize("header", HEADERS)
def test_a_spent_rate_is_told_in_the_contract_s_shape(tmp_path: Path, header: bytes) -> None:
    plans = "[tiny]\nrequests_per_minute = 2\nrequests_per_month = 100\n"
    (tmp_path / "plans.toml").write_text(plans)
    keyed = make_keyed(tmp_path, faces=(create_face(),))
    keyed.add_account("ada", plan="tiny")
    keyed.add_key("ada", "ada")
    *served, refused = ask(keyed, *[show(keyed, "ada", header)] * 3)
    assert [answer.status for answer in served] == [200, 200]
    assert refused.status == 429
    assert int(refused.header("retry-after")) > 0
    assert refused.body.startswith(REFUSED)


def test_a_key_without_the_scope_to_read_reads_nothing(keyed: Keyed) -> None:
    keyed.add_key("narrow", "ada", scopes=[Verb.USE])
    answers = ask(keyed, *(show(keyed, "narrow", header) for header in HEADERS))
    assert [answer.status for answer in answers] == [403, 403]


def test_a_question_is_answered_for_a_key(keyed: Keyed) -> None:
    body = b'{"messages": [{"user": "BTC price"}]}'
    shown = [*show(keyed, "ada", b"api_key"), (b"content-type", b"application/json")]

    async def ask_both() -> list[int]:
        with_key = await keyed.ask(TMAI, headers=shown, method="POST", body=body)
        without = await keyed.ask(TMAI, method="POST", body=body)
        return [with_key.status, without.status]

    assert asyncio.run(ask_both()) == [200, 401]
