"""The first paragraph: the day in a few plain sentences, each only where its kind has spoken."""

from decimal import Decimal

from assay.briefing.page.numbers import (
    count,
    format_grade,
    format_price,
    format_share,
)
from assay.briefing.page.text import Number, Part, Row, Text, join_texts, join_words

NOT_ADVICE = "Research, not investment advice. Past performance promises nothing."
ORIGINS = {
    "live": "Said before the outcome.",
    "replay": "Replayed: made under a replayed clock from what was known that day.",
    "backfilled": "Backfilled: made afterwards from what was known that day.",
}
QUIET = "Nothing was published for this day that a briefing could report."


def say_lead(row: Row) -> list[Text]:
    """The sentences of the first paragraph."""
    said = [
        _say_market(row["market"]),
        _say_sentiment(row["market"]),
        _say_grades(row["grades"]["boards"]),
        _say_signals(row["signals"]),
        _say_silent(row["risks"]["silent"]),
    ]
    return [text for text in said if text] or [[QUIET]]


def _say_market(market: Row) -> Text:
    figures = market["figures"]
    if not figures or not figures["btc"] or figures["btc"]["price_usd"] is None:
        return []
    source, coin = market["sources"]["today"], figures["btc"]
    price = Number(format_price(coin["price_usd"]), source)
    if coin["change"] is None:
        return ["Bitcoin closed at ", price, "."]
    return ["Bitcoin ", *_say_move(coin["change"], source), " to ", price, "."]


def _say_move(change: str, source: int) -> Text:
    if not round(Decimal(change), 3):
        return ["was unchanged"]
    verb = "rose" if Decimal(change) > 0 else "fell"
    return [f"{verb} ", Number(format_share(change.lstrip("-"), 1), source)]


def _say_sentiment(market: Row) -> Text:
    figures = market["figures"]
    if not figures or not figures["breadth"] or figures["breadth"]["above_mean_50"] is None:
        return []
    source, breadth = market["sources"]["today"], figures["breadth"]
    text: list[Part] = [
        Number(format_share(breadth["above_mean_50"]), source),
        " of ",
        Number(f"{breadth['coins']:,}", source),
        " coins stand above their 50-day mean",
    ]
    fear = figures["fear_and_greed"]
    if fear and fear["value"] is not None:
        text += [
            "; fear and greed is at ",
            Number(f"{fear['value']}", source),
            f" ({fear['label']})",
        ]
    return [*text, "."]


def _say_grades(boards: list[Row]) -> Text:
    board = boards[0]
    up = [_say_grade("rose most", board, board["up"][0])] if board["up"] else []
    down = [_say_grade("fell most", board, board["down"][0])] if board["down"] else []
    if not up and not down:
        return []
    return ["Among Trader Grades ", *join_texts([*down, *up], last="; "), "."]


def _say_grade(verb: str, board: Row, move: Row) -> Text:
    sources = board["sources"]
    return [
        f"{move['name']} {verb}, from ",
        Number(format_grade(move["grade_before"]), sources["before"]),
        " to ",
        Number(format_grade(move["grade"]), sources["today"]),
    ]


def _say_signals(signals: Row) -> Text:
    if signals["absent"]:
        return []
    found = {name: group["count"] for name, group in signals["changes"].items()}
    source = signals["sources"]["today"]
    long = found["long_entry"] + found["flip_to_long"]
    short = found["short_entry"] + found["flip_to_short"]
    parts: list[Text] = [
        [Number(f"{number}", source), f" {words}"]
        for number, words in (
            (long, "turned long"),
            (short, "turned short"),
            (found["exit"], "ended"),
        )
        if number
    ]
    return ["Of the daily signals, ", *join_texts(parts), "."] if parts else ["No signal changed."]


def _say_silent(silent: Row) -> Text:
    if not silent["count"]:
        return []
    names = [coin["name"] for coin in silent["coins"][:3]]
    number = Number(count(silent["count"], "coin"), silent["sources"]["today"])
    verb = "is" if silent["count"] == 1 else "are"
    if silent["count"] <= len(names):
        return [f"{join_words(names)} {verb} no longer graded."]
    return [number, f" {verb} no longer graded, {join_words(names)} among them."]
