"""Every number of a briefing is in the publication that it names, or follows from it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.briefing.world import Archive, flat_facts, said_on_the_day, write_briefing

from assay.briefing import Source

Row = dict[str, Any]


class Reader:
    """Looks numbers up in the publications that a row names."""

    def __init__(self, archive: Archive, row: Row) -> None:
        self.archive, self.row, self.looked = archive, row, 0

    def rows(self, place: int) -> list[Row]:
        source = self.row["sources"][place]
        return self.archive.find(
            Source(source["kind"], date.fromisoformat(source["as_of"]), source["rows_digest"])
        )

    def token(self, place: int, token_id: int) -> Row:
        return next(row for row in self.rows(place) if row["token_id"] == token_id)

    def check(self, said: object, read: object) -> None:
        assert said == read
        self.looked += 1


@pytest.fixture
def reader() -> Reader:
    archive = said_on_the_day()
    return Reader(archive, write_briefing(archive, flat_facts()))


def test_grades_and_sub_grades(reader: Reader) -> None:
    for board in reader.row["grades"]["boards"]:
        for move in (*board["up"], *board["down"]):
            now = reader.token(board["sources"]["today"], move["token_id"])
            old = reader.token(board["sources"]["before"], move["token_id"])
            reader.check(move["grade"], now["grade"])
            reader.check(move["grade_before"], old["grade"])
            assert Decimal(move["change"]) == Decimal(now["grade"]) - Decimal(old["grade"])
            for part in move["parts"]:
                reader.check(part["grade"], now["sub_grades"][part["family"]])
                reader.check(part["grade_before"], old["sub_grades"][part["family"]])
        rows = reader.rows(board["sources"]["today"])
        reader.check(board["graded"], sum(row["grade"] is not None for row in rows))
    assert reader.looked == 10


def test_signals(reader: Reader) -> None:
    section = reader.row["signals"]
    for group in section["changes"].values():
        for coin in group["coins"]:
            now = reader.token(section["sources"]["today"], coin["token_id"])
            old = reader.token(section["sources"]["before"], coin["token_id"])
            for name in ("signal", "close", "stop", "target", "confidence", "reason"):
                reader.check(coin[name], now[name])
            reader.check(coin["signal_before"], old["signal"])
    assert reader.looked == 21


def test_indices(reader: Reader) -> None:
    section = reader.row["indices"]
    for index in section["indices"]:
        now = next(
            row
            for row in reader.rows(section["sources"]["today"])
            if row["index_id"] == index["index_id"]
        )
        for name in ("level", "return_1d", "return_30d", "drawdown", "cash_share"):
            reader.check(index[name], now[name])
        for side, action in (("bought", "buy"), ("sold", "sell")):
            trades = [item for item in now["transactions"] if item["action"] == action]
            reader.check(index["trades"][side]["count"], len(trades))
    assert reader.looked == 14


def test_market_risks_picks_and_forecasts(reader: Reader) -> None:
    row = reader.row
    market = reader.rows(row["market"]["sources"]["today"])[0]
    for group, figures in row["market"]["figures"].items():
        for name, value in figures.items():
            reader.check(value, market[group][name])
    for point in row["market"]["trail"]:
        reader.check(point["btc_price_usd"], reader.rows(point["source"])[0]["btc"]["price_usd"])
    falls = row["risks"]["falls"]
    for coin in falls["coins"]:
        fall = reader.token(falls["sources"]["today"], coin["token_id"])["fall_80"]
        reader.check(coin["probability"], fall["probability"])
        reader.check(coin["base_rate"], fall["base_rate"])
    for board in row["picks"]["boards"]:
        for coin in board["coins"]:
            now = reader.token(board["sources"]["today"], coin["token_id"])
            reader.check(coin["grade"], now["grade"])
            reader.check(coin["probability"], now["probability"])
    for coin in row["forecasts"]["coins"]:
        now = reader.token(row["forecasts"]["sources"]["today"], coin["token_id"])
        for said, read in zip(coin["horizons"], now["horizons"], strict=True):
            for place, level in enumerate(row["forecasts"]["levels"]):
                at = now["quantiles"].index(level)
                reader.check(said["prices"][place], read["prices"][at])
                reader.check(said["returns"][place], read["returns"][at])
    assert reader.looked > 40


def test_every_place_names_a_publication_and_none_is_idle(reader: Reader) -> None:
    used = set(list_places(reader.row))
    assert used == set(range(len(reader.row["sources"])))
    for place in used:
        assert reader.rows(place)


def list_places(part: object) -> Iterator[int]:
    """Every place in the list of sources that a row mentions."""
    if isinstance(part, dict):
        for name, item in part.items():
            if name == "source":
                yield item
            elif name == "sources" and item and not isinstance(item, list):
                yield from (place for place in item.values() if place is not None)
            elif name == "sources" and item and isinstance(item[0], int):
                yield from item
            else:
                yield from list_places(item)
    elif isinstance(part, list):
        for item in part:
            yield from list_places(item)
