"""The cards of a page, in reading order, from a sealed row."""

from collections.abc import Callable
from decimal import Decimal

from assay.briefing.page.blocks import Card, Line, Table
from assay.briefing.page.drawing import draw_fan, draw_line, draw_range
from assay.briefing.page.numbers import (
    count,
    format_change,
    format_coefficient,
    format_grade,
    format_price,
    format_return,
    format_share,
    format_usd,
)
from assay.briefing.page.text import Number, Part, Row, Text, join_texts, name_coin

GRADE_NAMES = {"grades.trader": "Trader Grade", "grades.investor": "Investor Grade"}
INDICATORS = {1: "bull", -1: "bear", 0: "neither bull nor bear"}


def create_market_card(market: Row) -> Card:
    """Price, volume, breadth, volatility and mood, each beside its change on the day."""
    figures = market["figures"]
    if figures is None:
        return Card("market", "The market", absent=market["absent"])
    source = market["sources"]["today"]
    lines = [line for draw in _MARKET_LINES for line in draw(figures, source)]
    trail = market["trail"]
    label = f"Bitcoin over the last {count(len(trail), 'published day')}"
    return Card(
        "market",
        "The market",
        words=[_say_regime(market)],
        tables=[Table((), ("", "close of the day", "change"), lines)],
        absent=market["absent"],
        drawing=draw_line([point["btc_price_usd"] for point in trail], label),
    )


def _price_lines(figures: Row, source: int) -> list[Line]:
    lines = []
    for group, name in (("btc", "Bitcoin"), ("eth", "Ethereum")):
        coin = figures[group]
        if coin and coin["price_usd"] is not None:
            price = Number(format_price(coin["price_usd"]), source)
            change = Number(format_return(coin["change"]), source)
            lines.append(Line([[name], [price], [change]]))
    return lines


def _volume_lines(figures: Row, source: int) -> list[Line]:
    volume = figures["volume"]
    if not volume or volume["total_usd"] is None:
        return []
    total = Number(format_usd(volume["total_usd"]), source)
    change = Number(format_return(volume["change"], 0), source)
    return [Line([["Dollar volume"], [total], [change]])]


def _breadth_lines(figures: Row, source: int) -> list[Line]:
    breadth = figures["breadth"]
    if not breadth or breadth["above_mean_50"] is None:
        return []
    share = Number(format_share(breadth["above_mean_50"]), source)
    moved = breadth["above_mean_50_change"]
    points: Text = [Number(format_change(_in_percent(moved), 0), source), " points"]
    highs = [f"{breadth['highs_90']}", f"{breadth['lows_90']}"]
    extremes: Text = [Number(highs[0], source), " / ", Number(highs[1], source)]
    return [
        Line([["Above 50-day mean"], [share], points]),
        Line([["90-day highs / lows"], extremes, []]),
    ]


def _mood_lines(figures: Row, source: int) -> list[Line]:
    lines = []
    fear, tied = figures["fear_and_greed"], figures["correlation"]
    if fear and fear["value"] is not None:
        change = Number(format_change(fear["change"], 0), source)
        value = Number(f"{fear['value']}", source)
        lines.append(Line([["Fear and greed, 0 to 100"], [value], [change]]))
    if tied and tied["mean"] is not None:
        mean = Number(format_coefficient(tied["mean"]), source)
        change = Number(format_change(tied["change"], 2), source)
        lines.append(Line([["Mean correlation of coins"], [mean], [change]]))
    return lines


_MARKET_LINES: tuple[Callable[[Row, int], list[Line]], ...] = (
    _price_lines,
    _volume_lines,
    _breadth_lines,
    _mood_lines,
)


def _in_percent(value: str | None) -> str | None:
    return None if value is None else str(Decimal(value) * 100)


def _say_regime(market: Row) -> Text:
    figures, old, source = market["figures"], market["figures_before"], market["sources"]["today"]
    said: list[Text] = []
    volatility, indicator = figures["volatility"], figures["indicator"]
    if volatility and volatility["regime"] is not None:
        was = old and old["volatility"] and old["volatility"]["regime"]
        changed = f", {was} the day before" if was and was != volatility["regime"] else ""
        number = Number(format_share(volatility["days_30"]), source)
        words = f"Volatility over 30 days is {{}} a year: regime {volatility['regime']}{changed}"
        start, end = words.split("{}")
        said.append([start, number, end])
    if indicator and indicator["signal"] is not None:
        was = old and old["indicator"] and old["indicator"]["signal"]
        turned = "turned" if was is not None and was != indicator["signal"] else "says"
        said.append([f"the market's indicator {turned} {INDICATORS[indicator['signal']]}"])
    return [*join_texts(said, last="; "), "."] if said else []


def create_forecast_card(forecasts: Row) -> Card:
    """Nine in ten outcomes, by the published quantiles, for each horizon."""
    source = forecasts["sources"]["today"]
    tables = [_create_forecast_table(coin, source) for coin in forecasts["coins"]]
    words: list[Text] = [["Nine in ten outcomes should lie between low and high."]]
    return Card(
        "forecasts",
        "How far it may go",
        words=words if tables else (),
        tables=tables,
        absent=forecasts["absent"],
    )


def _create_forecast_table(coin: Row, source: int) -> Table:
    title: Text = [f"{coin['name']}, at ", Number(format_price(coin["price"]), source)]
    lines = []
    for horizon in coin["horizons"]:
        cells: list[Text] = [[count(horizon["days"], "day")]]
        ends = horizon["prices"][0], horizon["prices"][-1]
        cells += [[Number(format_price(price, digits=4), source)] for price in ends]
        low, high = (_compare(price, coin["price"]) for price in ends)
        span: Text = [
            Number(format_return(low, 0), source),
            " to ",
            Number(format_return(high, 0), source),
        ]
        lines.append(Line([*cells, span]))
    fan = [(horizon["days"], horizon["prices"]) for horizon in coin["horizons"]]
    label = f"{coin['name']}: quantiles of the price over the next days"
    drawing = draw_fan(coin["price"], fan, label) if fan else ""
    return Table(title, ("within", "low", "high", "return"), lines, drawing)


def _compare(price: str, now: str) -> str:
    """The simple return to a price; the published returns are logarithms."""
    return str(Decimal(price) / Decimal(now) - 1)


def create_grade_card(board: Row) -> Card:
    """The largest moves of one grade, with the sub-grades that moved the same way."""
    name = GRADE_NAMES[board["kind"]]
    title = f"{name}, {count(board['horizon_days'], 'day')} ahead"
    tables = [
        Table([heading], ("", "before", "now", "change"), lines)
        for heading, lines in (
            ("Rose", [_create_move(move, board) for move in board["up"]]),
            ("Fell", [_create_move(move, board) for move in board["down"]]),
        )
        if lines
    ]
    words = [_say_labels(board)] if board["labels"] else []
    if not tables and not board["absent"]:
        words.append(["No grade of a liquid coin moved by 5 points or more."])
    return Card(board["kind"], title, words, tables, board["absent"])


def _say_labels(board: Row) -> Text:
    today, before = board["sources"]["today"], board["sources"]["before"]
    high = board["labels"]["Buy"] + board["labels"]["Strong Buy"]
    text: list[Part] = [
        Number(count(board["graded"], "coin"), today),
        " graded, ",
        Number(f"{high}", today),
        " at Buy or better",
    ]
    if board["labels_before"]:
        old = board["labels_before"]["Buy"] + board["labels_before"]["Strong Buy"]
        text += [" (", Number(f"{old}", before), " the day before)"]
    return [*text, "."]


def _create_move(move: Row, board: Row) -> Line:
    today, before = board["sources"]["today"], board["sources"]["before"]
    parts: list[Text] = [
        [
            f"{part['family']} ",
            Number(format_grade(part["grade_before"], 0), before),
            " → ",
            Number(format_grade(part["grade"], 0), today),
        ]
        for part in move["parts"]
    ]
    note = join_texts(parts, last=", ") if parts else ["no sub-grade moved with it by 5 points"]
    return Line(
        [
            name_coin(move),
            [Number(format_grade(move["grade_before"]), before)],
            [Number(format_grade(move["grade"]), today)],
            [Number(format_change(move["change"]), today)],
        ],
        note=note,
        drawing=draw_range(move["grade_before"], move["grade"]),
    )
