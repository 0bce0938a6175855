"""Filters, order and pages over the small market."""

from typing import Any

import pytest
from tests.tokenmetrics.asking import NEW_ERA, OLD_ERA, AskedFace


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["TOKEN_ID"] for row in rows]


def test_tokens_are_found_by_id_symbol_and_name(face: AskedFace) -> None:
    assert ids(face.rows("tokens", **{"token_id": "3306, 3375"})) == [3306, 3375]
    assert ids(face.rows("tokens", symbol="btc,ETH")) == [3306, 3375]
    assert ids(face.rows("tokens", **{"token_name": "bitcoin"})) == [3375]


def test_symbol_and_name_do_not_empty_each_other(face: AskedFace) -> None:
    assert ids(face.rows("tokens", symbol="BTC", **{"token_name": "BTC"})) == [3375]
    assert ids(face.rows("tokens", symbol="BTC", **{"token_name": "Bitcoin"})) == [3375]
    assert ids(face.rows("tokens", symbol="NOPE", **{"token_name": "Bitcoin"})) == [3375]
    assert ids(face.rows("tokens", symbol="ETH", **{"token_name": "Bitcoin"})) == [3306, 3375]


def test_a_symbol_means_its_bearer_of_the_last_day_asked(face: AskedFace) -> None:
    then = face.rows("daily-ohlcv", symbol="LUNA", startDate="2022-05-01", endDate="2022-05-01")
    now = face.rows("daily-ohlcv", symbol="LUNA", limit=1)
    assert (ids(then), ids(now)) == ([5001], [5002])


def test_an_unknown_token_is_no_error(face: AskedFace) -> None:
    body = face.ask("tokens", symbol="NOPE").json
    assert (body["success"], body["data"]) == (True, [])
    assert "symbol" in body["message"]


def test_both_dates_are_included_and_the_newest_comes_first(face: AskedFace) -> None:
    rows = face.rows(
        "daily-ohlcv", symbol="BTC", startDate="2023-04-03", endDate="2023-05-02", limit=1000
    )
    days = [row["DATE"] for row in rows]
    assert len(days) == 30
    assert days == sorted(days, reverse=True)
    assert (days[-1], days[0]) == ("2023-04-03T00:00:00.000Z", "2023-05-02T00:00:00.000Z")
    assert (
        face.rows(
            "daily-ohlcv", symbol="BTC", start_date="2023-04-03", end_date="2023-05-02", limit=1000
        )
        == rows
    )


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("daily-ohlcv", "DATE"),
        ("hourly-ohlcv", "TIMESTAMP"),
        ("trader-grades", "DATE"),
        ("investor-grades", "DATE"),
        ("tm-grade-history", "DATE"),
        ("trading-signals", "DATE"),
        ("hourly-trading-signals", "TIMESTAMP"),
        ("market-metrics", "DATE"),
        ("indices-performance", "DATE"),
    ],
)
def test_lists_by_time_are_newest_first(face: AskedFace, path: str, field: str) -> None:
    times = [row[field] for row in face.rows(path, limit=1000)]
    assert len(set(times)) > 1
    assert times == sorted(times, reverse=True)


def test_returns_of_an_index_from_a_day_on_read_oldest_first(face: AskedFace) -> None:
    newest = face.rows("indices-performance", id=1, limit=50)
    since = newest[-1]["DATE"]
    assert len(newest) > 1
    assert face.rows("indices-performance", id=1, startDate=since) == newest[::-1]
    assert face.rows("indices-performance", id=1, startDate=since, limit=1) == newest[:1]


def test_who_asks_for_days_to_come_learns_where_the_data_end(face: AskedFace) -> None:
    newest = face.rows("daily-ohlcv", limit=1)[0]["DATE"][:10]
    for path in ("daily-ohlcv", "trader-grades", "indices-performance"):
        body = face.ask(path, startDate="2999-01-01", endDate="2999-01-02").json
        assert body["data"] == []
        assert newest in body["message"]
    within = face.ask("daily-ohlcv", symbol="NOBODY", startDate=newest).json
    assert within["data"] == []
    assert newest not in within["message"]


def test_portfolios_come_oldest_first_and_are_the_newest(face: AskedFace) -> None:
    every = face.rows("trader-indices", limit=1000)
    days = [row["PORTFOLIO_DATE"] for row in every]
    assert days == sorted(days)
    assert face.rows("trader-indices", limit=1) == every[-1:]


def test_least_grades_keep_what_reaches_them(face: AskedFace) -> None:
    every = face.rows("trader-grades", limit=1000)
    kept = face.rows("trader-grades", limit=1000, traderGrade="60")
    assert kept == [row for row in every if row["TM_TRADER_GRADE"] >= 60]
    assert 0 < len(kept) < len(every)
    edge = every[0]["TM_TRADER_GRADE"]
    assert face.rows("trader-grades", limit=1, trader_grade=edge)[0]["TM_TRADER_GRADE"] == edge


def test_a_least_change_keeps_only_known_changes(face: AskedFace) -> None:
    change = "TM_TRADER_GRADE_24H_PCT_CHANGE"
    every = face.rows("trader-grades", limit=1000)
    kept = face.rows("trader-grades", limit=1000, traderGradePercentChange="5")
    assert kept == [row for row in every if row[change] is not None and row[change] >= 5]
    assert 0 < len(kept) < len(every)


def test_signals_are_kept_by_side(face: AskedFace) -> None:
    for side in (-1, 0, 1):
        rows = face.rows("trading-signals", limit=1000, signal=side)
        assert {row["TRADING_SIGNAL"] for row in rows} == {side}


def test_facts_that_are_missing_let_nothing_pass_and_are_named(face: AskedFace) -> None:
    for name, words in (("marketcap", "market caps"), ("fdv", "fully diluted")):
        body = face.ask("trader-grades", **{name: "100"}).json
        assert body["data"] == []
        assert words in body["message"]
    assert face.rows("trader-grades", volume="1") != []
    assert face.rows("trader-grades", volume="1e30") == []


def test_exchanges_and_categories(face: AskedFace) -> None:
    assert face.rows("tokens", exchange="gate, Binance") == face.rows("tokens")
    assert face.rows("tokens", exchange="gate") == []
    assert face.rows("tokens", category="no such sector") == []
    assert ids(face.rows("tokens", category="DeFi, yield farming")) == [3306, 3377]
    assert face.rows("tokens", symbol="ETH")[0]["CATEGORY_LIST"] == [
        {"category_id": 11, "category_name": "defi", "category_slug": "defi"}
    ]
    assert face.rows("tokens", symbol="BTC")[0]["CATEGORY_LIST"] == []


def test_pages_of_both_eras_go_on_where_the_one_before_ended(face: AskedFace) -> None:
    def read(page: int, headers: Any) -> list[int]:
        answer = face.ask("tokens", headers=headers, limit=5, page=page)
        return ids(answer.json["data"])

    every = ids(face.rows("tokens", limit=1000))
    assert [read(page, NEW_ERA) for page in (0, 1, 2, 3)] == [
        every[:5],
        every[:5],
        every[5:10],
        every[10:15],
    ]
    assert [read(page, OLD_ERA) for page in (0, 1, 2)] == [every[:5], every[5:10], every[10:15]]
    # The fast front has now seen both: neither may have remembered the other's page.
    assert read(1, NEW_ERA) == every[:5]
    assert read(1, OLD_ERA) == every[5:10]


def test_indices_say_how_many_there_are(face: AskedFace) -> None:
    body = face.ask("indices", limit=2).json
    total = len(face.rows("indices"))
    assert body["pagination"] == {"total": total, "totalPages": -(-total // 2)}
    assert len(body["data"]) == 2


def test_an_index_is_found_by_whatever_it_is_called(face: AskedFace) -> None:
    wanted = face.rows("indices-holdings", id=1)
    for name in ("top-10", "TOP10", "Top 10 by volume"):
        assert face.rows("indices-holdings", id=name) == wanted
    body = face.ask("indices-holdings", id=999).json
    assert body["data"] == []
    assert "top-10" in body["message"]


def test_a_holding_that_has_no_candles_has_no_change(face: AskedFace) -> None:
    rows = face.rows("indices-tree-map", type="steady")
    assert {row["NAME"]: row["PCT_CHANGE"] is None for row in rows} == {"BTC": False, "ODD": True}


def test_a_token_that_nobody_knows_is_left_out(face: AskedFace) -> None:
    assert face.rows("quantmetrics", **{"token_id": "999999"}) == []
    assert 999_999 not in ids(face.rows("quantmetrics", limit=1000))


def test_the_largest_coins_are_as_many_as_asked(face: AskedFace) -> None:
    every = face.rows("top-market-cap-tokens", top_k=1000, limit=1000)
    assert face.rows("top-market-cap-tokens", top_k=3) == every[:3]
    assert face.rows("top-market-cap-tokens", top_k=2, page=2) == every[2:4]
    assert face.rows("top-market-cap-tokens", top_k=3, limit=2, page=2) == every[2:3]
    assert "No market caps" in face.ask("top-market-cap-tokens").json["message"]


def test_moonshots_past_and_active(face: AskedFace) -> None:
    past = face.rows("moonshot-tokens", type="past")
    assert past
    assert all(row["MOONSHOT_END_AT"] for row in past)
    assert all(not row["MOONSHOT_END_AT"] for row in face.rows("moonshot-tokens"))
