"""What only a real socket shows: long addresses, absolute targets, underscores in header names."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from tests.api.serving import running
from tests.api.world import make_world
from tests.tokenmetrics.asking import PREFIX, open_face

from assay.tokenmetrics import create_faces


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path: Path = tmp_path_factory.mktemp("socket")
    with running(open_face(make_world(path), path).app) as url:
        found = urlsplit(url).port
        assert found is not None
        yield found


def send(
    port: int,
    target: str,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: bytes | None = None,
) -> tuple[int, bytes]:
    """One request whose target goes onto the wire as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_an_address_of_11_kilobytes_is_read(port: int) -> None:
    ids = "%2C".join(str(number) for number in [*range(43_000, 44_350), 3375])
    target = f"{PREFIX}/daily-ohlcv?token_id={ids}&limit=1&page=0"
    assert len(target) > 10_700
    status, body = send(port, target, {"api_key": "local"})
    assert status == 200
    assert [row["TOKEN_ID"] for row in orjson.loads(body)["data"]] == [3375]


def test_an_absolute_target_is_answered_as_a_proxy_would(port: int) -> None:
    """axios 1.9 behind HTTPS_PROXY sends it; Host names the server that was meant."""
    target = f"http://127.0.0.1:{port}{PREFIX}/price?symbol=BTC"
    status, body = send(port, target, {"x-api-key": "local"})
    assert status == 200
    assert orjson.loads(body)["length"] == 1


def test_their_own_name_is_answered_only_where_they_are_expected(port: int, tmp_path: Path) -> None:
    """What a client with the address written into it sends to HTTPS_PROXY, or by a hosts entry."""
    target, headers = "https://api.tokenmetrics.com/v2/price?symbol=BTC", {"x-api-key": "local"}
    named = headers | {"host": "api.tokenmetrics.com"}
    assert send(port, f"{PREFIX}/price", named)[0] == 421
    world = make_world(tmp_path, faces=create_faces(PREFIX, "/v2"), tokenmetrics_root=True)
    with running(world.app) as url:
        own = urlsplit(url).port
        assert own is not None
        status, body = send(own, target, named)
        assert (status, orjson.loads(body)["length"]) == (200, 1)
        assert send(own, "/v2/price", headers | {"host": "evil.example"})[0] == 421
        assert send(own, f"{PREFIX}/price?symbol=BTC", headers)[1] == body


@pytest.mark.parametrize("header", ["api_key", "x-api-key"])
def test_both_key_headers_are_read(port: int, header: str) -> None:
    assert send(port, f"{PREFIX}/tokens", {header: "local"})[0] == 200
    status, body = send(port, f"{PREFIX}/tokens", {header: "tm-unknown"})
    assert status == 401
    assert orjson.loads(body)["success"] is False


def test_a_question_is_answered(port: int) -> None:
    body = orjson.dumps({"messages": [{"user": "What is the price of Bitcoin?"}]})
    headers = {"content-type": "application/json", "api_key": "local"}
    status, answer = send(port, f"{PREFIX}/tmai", headers, "POST", body)
    assert status == 200
    assert "Price:" in orjson.loads(answer)["answer"]
    assert send(port, f"{PREFIX}/tmai", headers, "POST", b"not json")[0] == 422
    assert send(port, f"{PREFIX}/tmai", headers)[0] == 405
