"""What `/tmai` answers, and what it says it does not know."""

import asyncio
from typing import Any

import orjson
import pytest
from tests.tokenmetrics.asking import PREFIX, AskedFace

from assay.kit.errors import BadInput
from assay.tokenmetrics.chatting import MAX_LENGTH, NO_ANSWER, parse_question


def chat(face: AskedFace, question: str) -> str:
    status, body = post(face, {"messages": [{"user": question}]})
    assert status == 200
    answer: str = body["answer"]
    return answer


def post(face: AskedFace, content: object) -> tuple[int, Any]:
    """One POST without a server."""
    sent: list[Any] = []
    body = orjson.dumps(content)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"{PREFIX}/tmai",
        "raw_path": f"{PREFIX}/tmai".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost:8000"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    asyncio.run(face.app(scope, receive, send))
    return sent[0]["status"], orjson.loads(b"".join(m.get("body", b"") for m in sent[1:]))


def test_a_price_is_the_newest_close(face: AskedFace) -> None:
    price = face.rows("price", symbol="BTC")[0]["CURRENT_PRICE"]
    answer = chat(face, "What is the price of Bitcoin?")
    assert f"{price}" in answer
    assert "2023-12-29" in answer


def test_grades_name_their_publication(face: AskedFace) -> None:
    grade = face.rows("trader-grades", symbol="ETH", limit=1)[0]["TM_TRADER_GRADE"]
    answer = chat(face, "How is ETH graded?")
    assert str(grade) in answer
    assert "publication grades.trader-2023-12-29-" in answer


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Should I buy $LTC?", "Signal:"),
        ("ethereum forecast for next week", "90 % ranges"),
        ("Where is support and resistance for BTC", "Support:"),
        ("BTC scenarios?", "Scenarios of the market"),
        ("How risky is Bitcoin", "Sharpe ratio"),
        ("How is the market?", "fear and greed"),
        ("How did your indices do?", "Top 10 by volume"),
        ("Which are the best coins?", "Highest Trader Grades"),
    ],
)
def test_each_topic_is_answered_from_its_publication(
    face: AskedFace, question: str, said: str
) -> None:
    answer = chat(face, question)
    assert said in answer
    assert "publication" in answer


def test_a_signal_is_never_told_without_its_control(face: AskedFace) -> None:
    assert "same mean exposure held constantly" in chat(face, "BTC signal")


def test_several_tokens_are_answered_in_the_order_named(face: AskedFace) -> None:
    answer = chat(face, "Compare ETH with Bitcoin")
    assert answer.index("Ethereum (ETH") < answer.index("Bitcoin (BTC")


@pytest.mark.parametrize(
    "question",
    [
        "Who is the president?",
        "What will the regulator do?",
        "tell me a joke",
        "one for all and all for one",
        "12345",
    ],
)
def test_what_is_not_known_is_said(face: AskedFace, question: str) -> None:
    assert chat(face, question) == NO_ANSWER


def test_a_coin_without_a_view_has_none(face: AskedFace) -> None:
    assert "No signal: there is no view." in chat(face, "signal of COIN0")


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"messages": []},
        {"messages": "What?"},
        {"messages": [{"chatbot": "Hello"}]},
        {"messages": [{"user": "  "}]},
        {"messages": [{"user": 5}]},
        {"messages": [{"user": "x" * (MAX_LENGTH + 1)}]},
        {"messages": [{"user": "x"}] * 101},
    ],
)
def test_a_body_without_a_question_is_refused(face: AskedFace, content: object) -> None:
    with pytest.raises(BadInput, match="messages"):
        parse_question(content)
    status, body = post(face, content)
    assert status == 422
    assert (body["success"], body["data"]) == (False, [])


def test_the_last_question_of_a_conversation_counts(face: AskedFace) -> None:
    messages = [{"user": "BTC price"}, {"chatbot": "..."}, {"user": "and ETH price?"}]
    answer = post(face, {"messages": messages})[1]["answer"]
    assert "Ethereum (ETH" in answer
    assert "Bitcoin (BTC" not in answer
    other = [{"role": "user", "content": "ETH price"}]
    assert "Ethereum (ETH" in post(face, {"messages": other})[1]["answer"]
