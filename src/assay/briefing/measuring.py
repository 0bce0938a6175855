"""Are the picks worth anything? What was published, followed to its end."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

import orjson

from assay import ledger, publishing
from assay.briefing.compute.grades import BOARDS
from assay.briefing.compute.prices import Prices
from assay.briefing.compute.record import OWN_KIND
from assay.briefing.judging import BRIEFING
from assay.briefing.scoring import (
    HEADLINE_LAG,
    LAGS,
    Lists,
    PickScore,
    chain_lists,
    collect_lists,
    count_apart,
    score_lists,
    split_years,
)
from assay.briefing.types import Json
from assay.evaluation import (
    NOT_ADVICE,
    Card,
    Section,
    create_blank_page,
    create_json,
    create_table,
    draw_lines,
    format_number,
)
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.publishing import Evaluation

NAMES = {
    "grades.trader": "Top picks by Trader Grade",
    "grades.investor": "Top picks by Investor Grade",
}
MIN_T = 2.0
Published = Mapping[str, Mapping[date, list[Json]]]


@dataclass(frozen=True, slots=True)
class BoardReport:
    """The picks of one grade: the headline, other lags, years, and a chain without overlap."""

    kind: str
    horizon_days: int
    lists: Lists
    score: PickScore
    lags: Mapping[int, PickScore | None]
    years: Mapping[int, PickScore | None]


def evaluate_briefing(
    home: Home,
    database: Database,
    clock: Clock,
    progress: Progress,
    *,
    start: date | None = None,
    end: date | None = None,
) -> Evaluation:
    """Measure the published picks of a window; missing briefings are published first.

    Default window: from the first day anything is said of to the newest complete one. Raises
    BadInput for a window that ends before it begins, InFuture for one not complete, NotEnoughData
    where the outcome of no pick is known.
    """
    first, last = publishing.check_window(home, BRIEFING, start, end)
    publishing.publish_missing(home, database, BRIEFING, clock, progress, start=first, end=last)
    newest = publishing.check_day(home, BRIEFING, None)
    prices = Prices(publishing.load_facts(home, newest, clock.now()))
    said = _load_picks(database, first, last)
    boards = []
    for done, (kind, days) in enumerate(BOARDS, start=1):
        report = _measure(kind, days, said[kind], prices, newest)
        boards += [report] if report else []
        progress.step("Following picks", done, len(BOARDS))
    if not boards:
        raise NotEnoughData(
            f"No pick from {first} to {last} has an outcome yet.",
            hint="Choose an earlier window, or publish the grades of these days first.",
        )
    return _report(boards, first, last, _list_origins(database, first, last))


def _load_picks(database: Database, first: date, last: date) -> Published:
    said: dict[str, dict[date, list[Json]]] = defaultdict(dict)
    for day, payload in publishing.load_days(database, OWN_KIND, first, last):
        for board in orjson.loads(payload)[0]["picks"]["boards"]:
            said[board["kind"]][day] = board["coins"]
    return said


def _list_origins(database: Database, first: date, last: date) -> str:
    with database.read() as connection:
        standing = ledger.list_standing(connection, OWN_KIND, first, last)
    return ", ".join(sorted({item.origin.value for item in standing}))


def _measure(
    kind: str, days: int, said: Mapping[date, list[Json]], prices: Prices, newest: date
) -> BoardReport | None:
    followed = {lag: collect_lists(said, days, prices, newest, lag) for lag in LAGS}
    lists = followed[HEADLINE_LAG]
    score = score_lists(lists, days)
    if score is None:
        return None
    years = {year: score_lists(part, days) for year, part in split_years(lists).items()}
    lags = {lag: score_lists(part, days) for lag, part in followed.items()}
    return BoardReport(kind, days, lists, score, lags, years)


def _report(boards: list[BoardReport], first: date, last: date, origin: str) -> Evaluation:
    document = {
        "kind": "briefing",
        "advice": NOT_ADVICE,
        "origin": origin,
        "window": {"from": first, "to": last},
        "universe": {
            "coins": len({item.pick["token_id"] for b in boards for item in b.lists.outcomes}),
            "died_inside": sum(board.score.stopped for board in boards),
        },
        "verdict": _say_verdict(boards),
        "picks": {
            board.kind: {
                "horizon_days": board.horizon_days,
                **asdict(board.score),
                "by_lag": {str(lag): _plain(score) for lag, score in board.lags.items()},
                "by_year": {str(year): _plain(score) for year, score in board.years.items()},
            }
            for board in boards
        },
    }
    plain = create_json(document)
    if not isinstance(plain, dict):
        raise TypeError("an evaluation is an object")
    return Evaluation(
        "briefing", plain, _draw_page(boards, first, last, origin), _list_lines(boards)
    )


def _plain(score: PickScore | None) -> Json | None:
    return None if score is None else asdict(score)


def _say_verdict(boards: list[BoardReport]) -> str:
    return " ".join(_say_board(board) for board in boards)


def _say_board(board: BoardReport) -> str:
    score = board.score
    doubt = "" if abs(score.excess_mean_t) >= MIN_T else ", which luck may explain"
    return (
        f"{NAMES[board.kind]} gained {_say(score.mean_return)} in {board.horizon_days} days, the "
        f"mean coin {_say(score.mean_coin)} (difference t = {score.excess_mean_t:.1f}{doubt}), the "
        f"median coin {_say(score.median_coin)}, Bitcoin {_say(score.bitcoin)}; "
        f"{score.share_beat_median:.0%} did better than the median coin and "
        f"{score.share_beat_bitcoin:.0%} better than Bitcoin."
    )


def _say(value: float) -> str:
    return format_number(value, "+.2%")


def _list_lines(boards: list[BoardReport]) -> list[tuple[str, str]]:
    lines = []
    for board in boards:
        score = board.score
        lines += [
            (NAMES[board.kind], f"{score.picks:,} picks of {score.lists:,} lists"),
            ("  mean return", f"{score.mean_return:+.2%} ({score.mean_coin:+.2%} any coin)"),
            (
                "  over the median coin",
                f"{score.excess_median:+.2%}, t {score.excess_median_t:.1f}",
            ),
            ("  over the mean coin", f"{score.excess_mean:+.2%}, t {score.excess_mean_t:.1f}"),
            ("  beat the median coin", f"{score.share_beat_median:.1%} (50 % by luck)"),
            ("  beat Bitcoin", f"{score.share_beat_bitcoin:.1%}"),
            ("  rose", f"{score.share_positive:.1%} ({score.share_positive_market:.1%} of coins)"),
        ]
    return lines


def _draw_page(boards: list[BoardReport], first: date, last: date, origin: str) -> str:
    tiles = [
        (
            f"{NAMES[board.kind]}, over the mean coin",
            format_number(board.score.excess_mean, "+.2%"),
            f"per {board.horizon_days} days, t {board.score.excess_mean_t:.1f}",
        )
        for board in boards
    ]
    return create_blank_page(
        "Top picks: what came of them",
        _say_verdict(boards),
        origin=origin,
        chips=[("Window", f"{first} to {last}"), ("Bought", "at the close of the next day")],
        tiles=tiles,
        sections=[_draw_board(board) for board in boards],
        footer="Before costs. Every pick of every list counts; a coin that stops keeps its last "
        "price. Formulas: docs/method/briefing.md.",
    )


def _draw_board(board: BoardReport) -> Section:
    days, grown = chain_lists(board.lists, board.horizon_days)
    return Section(
        NAMES[board.kind],
        f"{board.score.picks:,} picks of {board.score.lists:,} daily lists, each held "
        f"{board.horizon_days} days; {count_apart(board.lists, board.horizon_days)} of them do not "
        "overlap. t-statistics allow for the overlap (Newey and West).",
        [
            Card(
                "One list after another",
                "Value of 1 without overlap, before costs, logarithmic.",
                draw_lines(days, grown, ".2f", log=True, label="Value of 1", wide=True),
                wide=True,
            ),
            Card(
                "By year",
                "Means over the lists of a year.",
                _create_table({str(year): score for year, score in board.years.items()}),
                wide=True,
            ),
            Card(
                "By delay",
                "Days between the list and the purchase. A cliff after 0 would be a leak.",
                _create_table({f"{lag} days later": score for lag, score in board.lags.items()}),
                wide=True,
            ),
        ],
    )


def _create_table(scores: Mapping[str, PickScore | None]) -> str:
    head = (
        "",
        "picks",
        "mean coin",
        "over it",
        "t",
        "beat median",
        "beat Bitcoin",
        "rose",
        "all rose",
    )
    return create_table(
        head,
        [
            (
                name,
                format_number(score.mean_return, "+.2%"),
                format_number(score.mean_coin, "+.2%"),
                format_number(score.excess_mean, "+.2%"),
                format_number(score.excess_mean_t, ".1f"),
                format_number(score.share_beat_median, ".0%"),
                format_number(score.share_beat_bitcoin, ".0%"),
                format_number(score.share_positive, ".0%"),
                format_number(score.share_positive_market, ".0%"),
            )
            for name, score in scores.items()
            if score is not None
        ],
    )
