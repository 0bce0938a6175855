"""The official Python SDK from PyPI, unmodified but for its address, against a real server.

Every block of Python in its README runs; every endpoint answers with the columns and types that
the contract recorded. Drawing is left out: lines about matplotlib are not ours to prove.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from tests.api.serving import running
from tests.api.world import NEWEST, make_world
from tests.tokenmetrics.asking import PREFIX, load_contract, open_face
from tests.tokenmetrics.enriching import speak_days
from tests.tokenmetrics.test_contract import EXTRA, check_type
from tmai_api import TokenMetricsClient

from assay.kit.moments import parse_day

FIRST, LAST = "2023-10-01", "2023-10-10"
"""The days of the README's examples."""


class LocalClient(TokenMetricsClient):  # type: ignore[misc]
    """The official client at our address."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("official")
    world = make_world(path)
    start = parse_day(FIRST) - timedelta(days=1)
    speak_days(world, [start + timedelta(days=i) for i in range(11)])
    with running(open_face(world, path).app) as address:
        yield address.rstrip("/") + PREFIX


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    LocalClient.BASE_URL = url
    return LocalClient(api_key="local")


def list_blocks() -> list[str]:
    """The blocks of Python in the README that the package carries."""
    text = distribution("tmai-api").read_text("METADATA") or ""
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 6
    return [block for block in blocks if "client" in block]


def is_ours(line: str) -> bool:
    return not re.search(r"matplotlib|\bplt\b|\.plot\(|tokenmetrics\.com", line)


def test_every_example_of_the_readme_runs(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenMetricsClient, "BASE_URL", url)
    space: dict[str, Any] = {}
    for block in list_blocks():
        lines = [line for line in block.splitlines() if is_ours(line)]
        code = "\n".join(lines).replace("your-api-key", "local")
        exec(compile(code, "README", "exec"), space)  # noqa: S102 - the README is the test
    assert list(space["tokens_df"]["TOKEN_SYMBOL"]) == ["ETH", "BTC"]
    assert len(space["bitcoin_data"]) > 1
    assert len(space["trader_grades"]["data"]) == 20
    assert len(space["investor_grades"]["data"]) == 20
    assert "Trader Grade" in space["answer"]
    assert len(space["signals"]) == 10
    assert space["signals"]["TRADING_SIGNALS_RETURNS"].notna().all()
    assert len(space["metrics"]) == 10
    assert space["metrics"]["FEAR_AND_GREED_VALUE"].between(0, 100).all()
    assert space["data"] == {
        "success": True,
        "message": "No token among the data has this symbol.",
        "length": 0,
        "data": [],
    }


NEW = NEWEST.isoformat()
CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "tokens": ("tokens", {"symbol": "BTC,ETH"}),
    "hourly_ohlcv": (
        "hourly-ohlcv",
        {"symbol": "BTC", "startDate": "2023-12-28", "endDate": NEW},
    ),
    "daily_ohlcv": ("daily-ohlcv", {"token_id": "3375", "startDate": FIRST, "endDate": LAST}),
    "investor_grades": ("investor-grades", {"startDate": FIRST, "endDate": LAST}),
    "trader_grades": ("trader-grades", {"startDate": FIRST, "endDate": LAST}),
    "trader_indices": ("trader-indices", {"startDate": FIRST, "endDate": LAST}),
    "market_metrics": ("market-metrics", {"startDate": FIRST, "endDate": LAST}),
    "ai_reports": ("ai-reports", {"symbol": "BTC,ETH"}),
    "trading_signals": ("trading-signals", {"startDate": FIRST, "endDate": LAST}),
}


def test_no_endpoint_of_the_client_is_forgotten(client: Any) -> None:
    endpoints = {name for name, value in vars(client).items() if hasattr(value, "base_url")}
    assert endpoints == set(CALLS) | {"ai_agent"}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_rows_have_the_recorded_columns(client: Any, name: str) -> None:
    path, query = CALLS[name]
    body = getattr(client, name).get(**query)
    assert body["success"] is True
    assert body["data"]
    fields = load_contract()[path]["fields"]
    for row in body["data"]:
        assert set(row) == set(fields) | EXTRA.get(path, set())
        for field, kind in fields.items():
            if row[field] is not None:
                check_type(row[field], kind, field)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_rows_make_a_frame(client: Any, name: str) -> None:
    path, query = CALLS[name]
    frame = getattr(client, name).get_dataframe(**query)
    assert len(frame) > 0
    assert set(load_contract()[path]["fields"]) <= set(frame.columns)


def test_long_ranges_come_in_chunks_whose_edges_repeat(client: Any) -> None:
    body = client.daily_ohlcv.get(symbol="BTC", startDate="2023-04-03", endDate="2023-07-01")
    days = [row["DATE"][:10] for row in body["data"]]
    assert len(set(days)) == 90
    assert len(days) == 93


def test_the_agent_answers_where_the_client_looks(client: Any) -> None:
    body = client.ai_agent.ask("What is your analysis of Bitcoin?")
    assert body["answer"] == client.ai_agent.get_answer_text("What is your analysis of Bitcoin?")
    assert body["thread"] == [
        {"user": "What is your analysis of Bitcoin?"},
        {"chatbot": body["answer"]},
    ]
    assert body["data"]["answer"] == body["answer"]


def test_a_wrong_key_is_an_error_where_the_client_raises(url: str) -> None:
    LocalClient.BASE_URL = url
    stranger = LocalClient(api_key="tm-00000000-0000-0000-0000-000000000000")
    with pytest.raises(Exception, match="401"):
        stranger.tokens.get(symbol="BTC")


def test_its_page_numbers_begin_at_0(client: Any) -> None:
    every = [row["TOKEN_ID"] for row in client.tokens.get()["data"]]
    pages = [client.tokens.get(limit=4, page=page)["data"] for page in range(3)]
    assert [row["TOKEN_ID"] for page in pages for row in page] == every[:12]


def test_the_notebook_asks_for_1194_tokens_in_one_address(client: Any) -> None:
    wanted = ",".join(str(number) for number in [*range(44_000, 45_193), 3375])
    assert len(wanted) > 7_000
    body = client.daily_ohlcv.get(token_id=wanted, startDate=FIRST, endDate=LAST)
    assert {row["TOKEN_ID"] for row in body["data"]} == {3375}
    assert len(body["data"]) == 10


def test_packages_are_the_real_ones() -> None:
    assert distribution("tmai-api").version == "0.4.0"
    assert Path(TokenMetricsClient.__init__.__code__.co_filename).parts[-3] == "site-packages"
