"""The terminal's tables, drawn from an example of each room's rows: all values, any width."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from rich.console import Console, RenderableType
from tests.api.spoken import make_kind_rows
from tests.api.world import make_registry, make_rows

from assay.cli.tables.common import create_table, format_dollars, format_price
from assay.cli.tables.evaluation import draw_evaluation
from assay.cli.tables.forecasts import (
    draw_levels,
    draw_quantiles,
    draw_ranges,
    draw_scenarios,
    to_simple,
)
from assay.cli.tables.grades import draw_grades
from assay.cli.tables.indices import draw_index, draw_indices
from assay.cli.tables.market import draw_market
from assay.cli.tables.moonshots import draw_moonshots, draw_outcomes
from assay.cli.tables.signals import draw_signals, order_signals
from assay.publishing import Evaluation

DAY = date(2023, 12, 29)
Rows = list[dict[str, Any]]
Draw = Callable[[Rows, bool], RenderableType]

TABLES: list[tuple[str, Draw, list[str]]] = [
    ("signals.daily", lambda rows, wide: draw_signals("T", rows), ["Constant"]),
    ("signals.hourly", lambda rows, wide: draw_signals("T", rows), ["Constant"]),
    ("forecasts.quantiles", lambda rows, wide: draw_ranges("T", rows), [".."]),
    ("forecasts.quantiles", lambda rows, wide: draw_quantiles("T", rows[0]), ["50%"]),
    ("forecasts.levels", lambda rows, wide: draw_levels("T", rows), ["support"]),
    ("forecasts.scenarios", lambda rows, wide: draw_scenarios("T", rows), ["90"]),
    ("indices", lambda rows, wide: draw_indices("T", rows), ["top-10"]),
    ("indices", lambda rows, wide: draw_index("T", rows[0], 9), ["next rebalance", "sell"]),
    ("moonshots", lambda rows, wide: draw_moonshots("T", rows), ["no skill shown"]),
    ("moonshots.outcomes", lambda rows, wide: draw_outcomes("T", rows), ["miss"]),
    ("market_state", lambda rows, wide: draw_market("T", rows[0]), ["bull", "Extreme Greed"]),
]


def show(table: RenderableType, width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


@pytest.mark.parametrize("width", [60, 160])
@pytest.mark.parametrize(("kind", "draw", "words"), TABLES)
def test_every_kind_has_a_table_that_shows_markup_as_it_is(
    kind: str, draw: Draw, words: list[str], width: int
) -> None:
    rows = make_kind_rows(kind, DAY)
    for row in rows:
        for member in ("symbol", "name", "reason"):
            if row.get(member):
                row[member] = f"[/b]{row[member]}"
    text = show(draw(rows, width > 100), width)
    assert max(map(len, text.splitlines())) <= width
    if width > 100:
        assert all(word in text for word in words), text
        if "symbol" in rows[0]:
            assert "[/b]" in text


def test_grades_show_markup_as_it_is() -> None:
    rows = make_rows(make_registry(), DAY)
    rows[0]["name"] = "[/b]Coin"
    assert "[/b]Coin" in show(draw_grades("T", rows, is_wide=True), 160)


def test_running_positions_come_first_the_surest_first_the_silent_last() -> None:
    ordered = order_signals(make_kind_rows("signals.daily", DAY))
    assert [row["signal"] for row in ordered] == [1, -1, 0, None]


@pytest.mark.parametrize("width", [80, 100, 120, 160])
@pytest.mark.parametrize(("kind", "draw"), [(kind, draw) for kind, draw, _ in TABLES])
def test_no_number_is_cut_short(kind: str, draw: Draw, width: int) -> None:
    rows = make_kind_rows(kind, DAY)
    table = show(draw(rows, False), width)
    assert "…" not in table, table


def test_a_narrow_table_leaves_out_its_spare_columns_in_order_and_takes_back_what_fits() -> None:
    table = create_table(["A", "B", "C", "D"], spare=("D", "B", "C"))
    table.add_row("a" * 10, "b" * 4, "c" * 10, "d" * 6)
    assert show(table, 36).split() == ["A", "B", "C", "D", "a" * 10, "b" * 4, "c" * 10, "d" * 6]
    assert show(table, 35).split()[:3] == ["A", "B", "C"]
    assert show(table, 27).split()[:3] == ["A", "C", "a" * 10]
    assert show(table, 24).split()[:3] == ["A", "C", "a" * 10]
    assert show(table, 20).split()[:3] == ["A", "B", "a" * 10]
    assert show(table, 36).split()[:4] == ["A", "B", "C", "D"]


def test_scenarios_show_log_returns_as_plain_ones() -> None:
    assert round(float(to_simple("-0.6931")), 3) == -0.5
    assert to_simple("0") == "0"


def test_tokens_without_a_view_stand_below_by_reason() -> None:
    rows = make_kind_rows("signals.daily", DAY)
    silent = [row for row in rows if row["no_view"]]
    text = show(draw_signals("T", rows), 80)
    assert f"no view: {silent[0]['no_view']['code']}  {silent[0]['symbol']}" in text


def test_what_a_room_found_is_shown_line_by_line() -> None:
    found = Evaluation("market_state", {}, "", [("share [/b]", "0.5 [/b]")])
    text = show(draw_evaluation(found), 80)
    assert "Market state" in text
    assert "share [/b]" in text
    assert "Not investment advice" in text


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        ("42066.95", "42,067"),
        ("0.00000048", "0.00000048000"),
        ("1.5", "1.5000"),
        ("0", "0"),
        (None, "-"),
    ],
)
def test_prices_keep_about_five_digits(price: str | None, shown: str) -> None:
    assert format_price(price) == shown


def test_dollars_are_shortened() -> None:
    assert [format_dollars(text) for text in ("999", "1500", "2500000", None)] == [
        "$999", "$1.5K", "$2.5M", "-",
    ]  # fmt: skip
