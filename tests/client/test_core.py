"""The core without a network: what is sent, what is waited for, what is raised."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.client import BadRequest, ClientError, Retries, ServerFailed, TimedOut, Unreadable
from assay.client.calls import facts, grades, keys
from assay.client.core.answers import Reply, read_answer, read_problem
from assay.client.core.cache import Remembered
from assay.client.core.calls import Call, Page
from assay.client.core.exchange import Outcome, Send, Session, Wait, exchange
from assay.client.core.following import find_next
from assay.client.core.identity import choose_url, write_identity
from assay.client.core.retries import parse_retry_after
from assay.client.core.values import format_target, format_value
from assay.client.errors import Unreachable

JSON = {"content-type": "application/json"}
GET: Call[Any] = Call("GET", "/v1/thing", dict[str, int])
POST: Call[Any] = Call("POST", "/v1/thing", dict[str, int], body={"size": 1})
SAFE_POST: Call[Any] = Call("POST", "/v1/thing", dict[str, int], body={}, repeatable=True)
GOOD = Reply(200, JSON, b'{"n": 1}')


def problem(status: int, headers: dict[str, str] | None = None, **members: Any) -> Reply:
    body = {"detail": "No.", "hint": "Ask again.", "code": "busy", "retryable": True} | members
    kind = {"content-type": "application/problem+json"}
    return Reply(status, kind | (headers or {}), json.dumps(body).encode())


@dataclass
class Talk:
    """What an exchange sent and waited, and how it ended."""

    sent: list[Send]
    waits: list[float]
    answer: Any = None
    error: ClientError | None = None


def make_session(cache: int = 0, **changes: Any) -> Session:
    keys = iter(f"key-{n}" for n in range(9))
    return Session(Retries(**changes), Remembered(cache), lambda: 0.5, lambda: next(keys))


def hold(call: Call[Any], *outcomes: Outcome, session: Session | None = None) -> Talk:
    """Drive an exchange with outcomes in their order."""
    steps = exchange(call, session or make_session())
    coming: Iterator[Outcome] = iter(outcomes)
    talk = Talk([], [])
    outcome: Outcome = None
    try:
        while True:
            step = steps.send(outcome)
            outcome = None
            if isinstance(step, Wait):
                talk.waits.append(step.seconds)
            else:
                talk.sent.append(step)
                outcome = next(coming)
    except StopIteration as end:
        talk.answer = end.value
    except ClientError as error:
        talk.error = error
    return talk


def test_an_answer_at_once_is_not_waited_for() -> None:
    talk = hold(GET, GOOD)
    assert (talk.answer, len(talk.sent), talk.waits) == ({"n": 1}, 1, [])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_with_growing_waits(status: int) -> None:
    talk = hold(GET, problem(status), problem(status), GOOD, session=make_session(base_s=0.2))
    assert talk.answer == {"n": 1}
    assert talk.waits == [0.1, 0.2]


@pytest.mark.parametrize("status", [400, 404, 422, 500, 501, 507])
def test_what_does_not_pass_is_not_tried_again(status: int) -> None:
    talk = hold(GET, problem(status), GOOD)
    assert talk.error is not None
    assert talk.error.status == status
    assert len(talk.sent) == 1


def test_a_refusal_that_says_it_is_final_is_not_tried_again() -> None:
    talk = hold(GET, problem(502, code="source-malformed", retryable=False), GOOD)
    assert isinstance(talk.error, ServerFailed)
    assert len(talk.sent) == 1


def test_tries_end() -> None:
    talk = hold(GET, *[problem(503)] * 9, session=make_session(tries=3))
    assert len(talk.sent) == 3
    assert talk.error is not None
    assert talk.error.retryable


def test_a_post_is_tried_again_only_with_an_idempotency_key_and_always_the_same() -> None:
    assert len(hold(POST, problem(503), GOOD).sent) == 1
    assert len(hold(POST, Unreachable("Cut.", code="unreachable", retryable=True)).sent) == 1
    talk = hold(SAFE_POST, problem(503), Unreachable("Cut.", code="unreachable"), GOOD)
    keys = [send.headers["idempotency-key"] for send in talk.sent]
    assert keys == ["key-0"] * 3
    assert talk.answer == {"n": 1}


def test_retry_after_is_waited_for_and_more() -> None:
    talk = hold(GET, problem(429, {"retry-after": "3"}), GOOD)
    assert 3.0 <= talk.waits[0] <= 3.5


def test_a_server_that_asks_for_too_much_patience_is_not_waited_for() -> None:
    talk = hold(GET, problem(429, {"retry-after": "86400"}), GOOD)
    assert talk.waits == []
    assert talk.error is not None
    assert talk.error.retry_after_s == 86400.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 17:00:30 GMT",
                "date": "Fri, 20 Nov 2026 17:00:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Fri, 20 Nov 2026 17:00:00 GMT",
                "date": "Fri, 20 Nov 2026 17:00:09 GMT",
            },
            0.0,
        ),
        ({"retry-after": "Fri, 20 Nov 2026 17:00:30 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_retry_after(headers) == seconds


@given(tried=st.integers(1, 60), chance=st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_the_cap(tried: int, chance: float) -> None:
    error = TimedOut("Slow.", code="timed-out")
    wait = Retries(tries=99, cap_s=5.0).wait_s(GET, error, tried, chance)
    assert 0.0 <= wait <= 5.0


def test_a_problem_becomes_an_error_of_the_family() -> None:
    wrong = {"where": "query", "parameter": "limit", "message": "too large"}
    error = read_problem(problem(422, code="bad-input", errors=[wrong], retryable=False))
    assert isinstance(error, BadRequest)
    assert (error.code, error.detail, error.hint) == ("bad-input", "No.", "Ask again.")
    assert [field.parameter for field in error.errors] == ["limit"]
    assert str(error) == "No. Ask again."


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"{", b"[]", b""])
def test_a_gateway_without_a_problem_document_is_an_error_too(body: bytes) -> None:
    for kind in ("text/html", "application/problem+json"):
        error = read_problem(Reply(502, {"content-type": kind}, body))
        assert isinstance(error, ServerFailed)
        assert (error.code, error.retryable) == ("http-502", True)


@given(body=st.binary(max_size=200))
def test_whatever_is_answered_is_read_or_unreadable(body: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read_answer(Reply(200, JSON, body), Page[dict[str, int]])
    read_problem(Reply(500, {"content-type": "application/problem+json"}, body))


def test_an_unchanged_answer_is_taken_from_memory() -> None:
    session = make_session(cache=1000)
    first = Reply(200, JSON | {"etag": '"a"'}, b'{"n": 1}')
    hold(GET, first, session=session)
    talk = hold(GET, Reply(304, {}, b""), session=session)
    assert talk.sent[0].headers["if-none-match"] == '"a"'
    assert talk.answer == {"n": 1}
    newer = hold(GET, Reply(200, JSON | {"etag": '"b"'}, b'{"n": 2}'), session=session)
    assert newer.answer == {"n": 2}
    assert hold(GET, Reply(304, {}, b""), session=session).answer == {"n": 2}


def test_a_304_that_nobody_asked_for_is_an_error() -> None:
    assert hold(GET, Reply(304, {}, b"")).error is not None


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    remembered = Remembered(100)
    for name in "abcde":
        remembered.save((name, ""), Reply(200, {"etag": '"x"'}, b"x" * 25))
    assert len(remembered) == 4
    assert remembered.find(("a", "")) is None
    remembered.find(("b", ""))
    remembered.save(("f", ""), Reply(200, {"etag": '"x"'}, b"x" * 25))
    assert remembered.find(("b", "")) is not None
    assert remembered.find(("c", "")) is None
    remembered.save(("large", ""), Reply(200, {"etag": '"x"'}, b"x" * 26))
    remembered.save(("bare", ""), Reply(200, {}, b""))
    private = {"etag": '"x"', "cache-control": "no-store"}
    remembered.save(("private", ""), Reply(200, private, b""))
    assert len(remembered) == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2023, 12, 29), "2023-12-29"),
        (datetime(2023, 12, 29, 5, tzinfo=UTC), "2023-12-29T05:00:00Z"),
        (datetime(2023, 12, 29, 5, tzinfo=timezone(timedelta(hours=2))), "2023-12-29T03:00:00Z"),
        (Decimal("0.10"), "0.10"),
        (True, "true"),
        (["BTC", 3306], "BTC,3306"),
        (-1, "-1"),
    ],
)
def test_arguments_are_written_as_the_api_reads_them(value: object, text: str) -> None:
    assert format_value(value) == text


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        format_value(datetime(2023, 12, 29, 5))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("name", ["a/b", "a?b", "a#b", "ä", "a b", "%2e", "a&b=c"])
def test_a_name_cannot_leave_its_place_in_the_path(name: str) -> None:
    target = facts.get_token(name, as_of="a&b").target
    path, _, query = target.removeprefix("/v1/tokens/").partition("?")
    assert query == "as_of=a%26b"
    assert not set("/?# &") & set(path)


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_ask_for_another_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="symbol"):
        format_target("/v1/tokens/{symbol}", {"symbol": name}, {})


def test_a_call_shows_what_it_asks() -> None:
    call = grades.list_grades("trader", symbol=["BTC", 3306], min_grade=Decimal("1.5"))
    assert call.target == "/v1/grades/trader?symbol=BTC%2C3306&min_grade=1.5"


def test_a_change_sends_what_was_given_and_null_clears() -> None:
    assert keys.change_key("k", name="new").content == {"name": "new"}
    assert keys.change_key("k", expires_at=None).content == {"expires_at": None}
    assert keys.create_key(name="new", expires_at=None).content == {"name": "new"}


def test_a_list_that_names_its_own_page_as_the_next_does_not_run_forever() -> None:
    call = grades.list_grades("trader", cursor="again")
    page: Page[Any] = Page(data=(), next_cursor="again", as_of=None, publication=None, origin=None)
    with pytest.raises(Unreadable, match="circle"):
        find_next(call, page)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000", "ftp://x", "http://", "http://me:secret@x", "http://x?key=secret"],
)
def test_an_address_that_is_none_or_carries_secrets_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        choose_url(url, {})
    assert "secret" not in str(refused.value)


def test_the_address_and_the_key_may_come_from_the_environment() -> None:
    environment = {"ASSAY_API_URL": "https://assay.example/", "ASSAY_API_KEY": "ak_x_y\n"}
    assert choose_url(None, environment) == "https://assay.example"
    assert choose_url("http://here", environment) == "http://here"
    assert choose_url(None, {}) == "http://127.0.0.1:8000"
    assert write_identity(None, environment) == {"authorization": "Bearer ak_x_y"}
    assert write_identity("ak_a_b", environment) == {"authorization": "Bearer ak_a_b"}
    assert write_identity("", environment) == {}


@pytest.mark.parametrize("key", ["ak_ä", "ak_a b", "ak_a\r\nx-evil: 1"])
def test_a_key_that_no_header_carries_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        write_identity(key, {})
    assert "ak_" not in str(refused.value)
