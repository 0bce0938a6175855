"""The cards of what was decided: signals, indices, risks, picks."""

from collections.abc import Sequence
from decimal import Decimal

from assay.briefing.page.blocks import Card, Line, Table
from assay.briefing.page.cards import GRADE_NAMES
from assay.briefing.page.drawing import draw_share, draw_signed
from assay.briefing.page.numbers import (
    count,
    format_day,
    format_grade,
    format_price,
    format_return,
    format_share,
    format_short_day,
)
from assay.briefing.page.text import OWN, Number, Part, Row, Text, join_texts, join_words, name_coin

SIDES = (("To long", "long_entry", "flip_to_long"), ("To short", "short_entry", "flip_to_short"))
SHOWN_SIGNALS = 4
SHOWN_INDICES = 7


def create_signal_card(signals: Row) -> Card:
    """Changed signals, most traded coins first, with stop and target."""
    source = signals["sources"]["today"]
    tables = [_create_side(signals["changes"], side, source) for side in SIDES]
    words = [_say_counts(signals)] if signals["counts"] else []
    if signals["changes"]["exit"]["count"]:
        words.append(_say_ended(signals["changes"]["exit"], source))
    tables = [table for table in tables if table.lines]
    if not tables and not signals["absent"]:
        words.append(["No coin turned long or short."])
    return Card("signals", "Signals", words, tables, signals["absent"])


def _create_side(changes: Row, side: tuple[str, str, str], source: int) -> Table:
    title, entry, flip = side
    number = changes[entry]["count"] + changes[flip]["count"]
    lines = [_create_signal(coin, source) for coin in changes[entry]["coins"]]
    lines += [_create_signal(coin, source, title) for coin in changes[flip]["coins"]]
    heading: Text = [f"{title}: ", Number(count(number, "coin"), source)]
    return Table(heading, ("", "close, $", "stop", "target"), lines[:SHOWN_SIGNALS])


def _say_ended(ended: Row, source: int) -> Text:
    names = [coin["symbol"] for coin in ended["coins"]]
    more = ended["count"] - len(names)
    listed = f"{', '.join(names)} and {more} more" if more else join_words(names)
    return [Number(count(ended["count"], "position"), source), f" ended: {listed}."]


def _say_counts(signals: Row) -> Text:
    source, counts = signals["sources"]["today"], signals["counts"]
    parts: list[Text] = [
        [Number(f"{counts[name]:,}", source), f" {words}"]
        for name, words in (("long", "long"), ("short", "short"), ("none", "without a position"))
    ]
    return [*join_texts(parts), "."]


def _create_signal(coin: Row, source: int, flipped: str = "") -> Line:
    prices = [
        [Number(format_price(coin[name], "", 4), source)] for name in ("close", "stop", "target")
    ]
    was = "short" if coin["signal"] == 1 else "long"
    return Line([name_coin(coin), *prices], note=[f"was {was}"] if flipped else [])


def create_index_card(indices: Row) -> Card:
    """Where the indices stand; those that traded or changed their regime come first."""
    source = indices["sources"]["today"]
    ordered = sorted(indices["indices"], key=_by_news)
    lines = [
        Line(
            [
                [index["name"]],
                [Number(format_return(index["return_1d"]), source)],
                [Number(format_return(index["return_30d"]), source)],
                [Number(format_share(index["cash_share"]), source)],
            ],
            note=_say_trades(index, source),
        )
        for index in ordered[:SHOWN_INDICES]
    ]
    left_out = len(ordered) - len(lines)
    words: list[Text] = []
    if left_out:
        was = "are not shown" if _has_news(ordered[SHOWN_INDICES]) else "did not trade"
        words.append([f"{count(left_out, 'more index', 'more indices')} {was}."])
    table = Table((), ("", "day", "30 days", "cash"), lines)
    return Card("indices", "Indices", words, [table] if lines else (), indices["absent"])


def _by_news(index: Row) -> tuple[bool, int]:
    return not _has_news(index), int(index["index_id"])


def _has_news(index: Row) -> bool:
    return bool(index["rebalanced"] or _has_switched(index) or index["ordered"])


def _has_switched(index: Row) -> bool:
    return index["regime_before"] is not None and index["regime"] != index["regime_before"]


def _say_trades(index: Row, source: int) -> Text:
    said: list[Text] = []
    if _has_switched(index):
        said.append([f"regime {index['regime_before']} to {index['regime']}"])
    for side in ("bought", "sold"):
        trades = index["trades"][side]
        if trades["count"]:
            names = ", ".join(coin["symbol"] for coin in trades["coins"])
            more = ", …" if trades["count"] > len(trades["coins"]) else ""
            said.append([f"{side} ", Number(f"{trades['count']}", source), f" ({names}{more})"])
    if index["ordered"]:
        said.append([f"orders for the next close: {index['ordered']['why']}"])
    return join_texts(said, last="; ", comma="; ")


def create_risk_card(risks: Row) -> Card:
    """Chances of a collapse beside the base rate; coins that are no longer graded."""
    falls, silent = risks["falls"], risks["silent"]
    tables = []
    if falls["coins"]:
        title: Text = ["80 % fall in 90 days"]
        reach = max(Decimal(coin["probability"]) for coin in falls["coins"])
        lines = [_create_fall(coin, falls["sources"]["today"], reach) for coin in falls["coins"]]
        tables.append(Table(title, ("", "chance", "base rate"), lines))
    if silent["coins"]:
        number = Number(count(silent["count"], "coin"), silent["sources"]["today"])
        lines = [_create_silent(coin, silent["sources"]["before"]) for coin in silent["coins"]]
        tables.append(Table(["No longer graded: ", number], ("", "last grade"), lines))
    words: list[Text] = []
    if silent["count"] == 0:
        words.append(["No coin lost its grade."])
    absent = " ".join(part["absent"] for part in (falls, silent) if part["absent"])
    return Card("risks", "Risks", words, tables, absent or None)


def _create_fall(coin: Row, source: int, reach: Decimal) -> Line:
    return Line(
        [
            name_coin(coin),
            [Number(format_share(coin["probability"], 1), source)],
            [Number(format_share(coin["base_rate"], 1), source)],
        ],
        drawing=draw_share(coin["probability"], coin["base_rate"], reach),
    )


def _create_silent(coin: Row, source: int) -> Line:
    grade = Number(format_grade(coin["grade_before"]), source)
    return Line([name_coin(coin), [grade]], note=[coin["no_view"]["reason"]])


def create_pick_card(board: Row) -> Card:
    """The picks of one grade, those that left the list, and the record of all earlier ones."""
    tables = []
    if board["coins"]:
        source = board["sources"]["today"]
        head = ("", "grade", "chance", "listed", "return since", "median coin")
        tables.append(Table((), head, [_create_pick(coin, source) for coin in board["coins"]]))
    if not board["record"]["absent"]:
        tables.append(_create_record_table(board["record"]))
    words = say_record(board["record"], board["horizon_days"])
    if board["coins"]:
        words.append(["Chance is that of doing better than the median coin."])
    if board["left"]:
        words.append(_say_left(board["left"]))
    return Card(
        f"picks {board['kind']}",
        f"Top picks by {GRADE_NAMES[board['kind']]}",
        words=words,
        tables=tables,
        absent=board["absent"],
    )


def _create_pick(coin: Row, source: int) -> Line:
    return Line(
        [
            name_coin(coin),
            [Number(format_grade(coin["grade"]), source)],
            [Number(format_share(coin["probability"]), source)],
            [format_short_day(coin["listed_since"])],
            [Number(format_return(coin["return_since"]), OWN)],
            [Number(format_return(coin["median_since"]), OWN)],
        ]
    )


def _say_left(left: Sequence[Row]) -> Text:
    return ["Left the list: ", *join_texts([_say_one_left(coin) for coin in left], last=", "), "."]


def _say_one_left(coin: Row) -> Text:
    if coin["return_since"] is None:
        return [f"{coin['symbol']} (listed {format_short_day(coin['listed_since'])})"]
    return [
        f"{coin['symbol']} ",
        Number(format_return(coin["return_since"]), OWN),
        f" since {format_short_day(coin['listed_since'])} (median coin ",
        Number(format_return(coin["median_since"]), OWN),
        ")",
    ]


def say_record(record: Row, horizon_days: int) -> list[Text]:
    """A record in plain sentences: every pick counts, a stopped one at its last price."""
    if record["absent"]:
        return [[record["absent"]]]
    ending: list[Part] = ["."]
    if record["stopped"]:
        ending = [", ", Number(f"{record['stopped']}", OWN), " stopped trading."]
    return [
        [
            "Record: ",
            Number(count(record["picks"], "pick"), OWN),
            " of ",
            Number(count(record["lists"], "weekly list"), OWN),
            f" (one each Monday), held {count(horizon_days, 'day')} from the next close: ",
            Number(_say_part(record["positive"], record["picks"]), OWN),
            " rose, ",
            Number(_say_part(record["beat_median"], record["picks"]), OWN),
            " did better than the median coin",
            *ending,
        ],
        [
            f"Best: {record['best']['symbol']} ",
            Number(format_return(record["best"]["return"]), OWN),
            f" (list of {format_day(record['best']['list_day'])}). Worst: "
            f"{record['worst']['symbol']} ",
            Number(format_return(record["worst"]["return"]), OWN),
            f" ({format_day(record['worst']['list_day'])}).",
        ],
    ]


def _say_part(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)"


def _create_record_table(record: Row) -> Table:
    names = {
        "mean_return": "Picks, mean",
        "median_return": "Picks, median",
        "median_coin_return": "Median coin, mean",
        "bitcoin_return": "Bitcoin, mean",
    }
    known = [record[field] for field in names if record[field] is not None]
    reach = max(known, key=lambda value: abs(Decimal(value)))
    lines = [
        Line(
            [[name], [Number(format_return(record[field]), OWN)]],
            drawing=draw_signed(record[field], reach),
        )
        for field, name in names.items()
    ]
    return Table(["What came of earlier picks"], ("", "return"), lines)
