"""`assay alert test`: what a rule would have fired in the last days, on what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from assay import ledger
from assay.alerts.compute.parsing import parse_rule
from assay.alerts.compute.readings import METRICS_OF, Rows, read_publication
from assay.alerts.compute.rehearsing import MOST_FIRINGS, Bar, list_price_readings, rehearse
from assay.alerts.compute.wording import create_body, create_title, describe_rule
from assay.alerts.rules import Firing, Move, Test, list_leaves
from assay.alerts.service.rules import load_known
from assay.alerts.types import Reading
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.moments import close_of, close_of_hour
from assay.markets import load_candles
from assay.markets.types import Interval

LIMIT_DAYS = 366
DAY = timedelta(days=1)

ASSUMED = (
    "Prices of {token} are those of its {candles}: what came first within one, its high or its low,"
    " is assumed."
)
NO_CANDLES = "There are no candles of {token} in these days."
TOO_SHORT = "A move within {seconds} s cannot be seen in candles of {interval}."
NOT_RECORDED = "{metric} is not recorded: what depends on it stays unknown."
SAID_SINCE = "{metric} is published since {day}: nothing is known of the days before."
MOST = "It stops at {count} firings: there may be more."
NOT_SAID = "Nothing of {metric} was published for these days."


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have fired from `since` to `until`; `notes` say what could not be seen. `title`
    and `body` are the message of the last firing, if there was one.
    """

    description: str
    since: datetime
    until: datetime
    firings: Sequence[Firing]
    notes: Sequence[str]
    title: str | None
    body: str | None


def rehearse_rule(
    database: Database, clock: Clock, document: object, *, days: int = 30
) -> Rehearsal:
    """Rehearse a rule (as `create_rule` takes it) on the last `days` days of what is recorded; on
    recorded data they end with the data.

    Raises BadInput, NotFound.
    """
    if not 1 <= days <= LIMIT_DAYS:
        raise BadInput(f"days: from 1 to {LIMIT_DAYS}.", hint="30 days are usual.")
    spec = parse_rule(document, load_known(database, clock))
    tests = list_leaves(spec.when)
    until = _find_end(database, clock, tests)
    since = until - days * DAY
    readings, notes = _load_readings(database, tests, since, until)
    firings = rehearse(spec, readings)
    if len(firings) == MOST_FIRINGS:
        notes.append(MOST.format(count=MOST_FIRINGS))
    firings = [firing for firing in firings if firing.at >= since]
    last = firings[-1] if firings else None
    return Rehearsal(
        description=describe_rule(spec),
        since=since,
        until=until,
        firings=firings,
        notes=notes,
        title=None if last is None else create_title(spec, last),
        body=None if last is None else create_body(spec, last),
    )


def _find_end(database: Database, clock: Clock, tests: Sequence[Test]) -> datetime:
    """Now, or where the recorded data ends before it."""
    ends: list[datetime] = []
    for token in _list_tokens(tests):
        opened = load_candles(database.home, int(token), Interval.DAY)["time"].to_list()
        ends += [at + DAY for at in opened[-1:]]
    with database.read() as connection:
        newest = ledger.load_newest(connection)
    kinds = _list_kinds(tests)
    ends += [close_of(day) for kind, (day, _) in newest.items() if kind in kinds]
    return min(clock.now(), max(ends, default=clock.now()))


def _load_readings(
    database: Database, tests: Sequence[Test], since: datetime, until: datetime
) -> tuple[list[Reading], list[str]]:
    readings: list[Reading] = []
    notes: list[str] = []
    for token in _list_tokens(tests):
        found, told = _load_prices(database.home, token, tests, since, until)
        readings += found
        notes += told
    for kind in _list_kinds(tests):
        found = _load_said(database, kind, since, until)
        metrics = sorted({test.metric for test in tests} & set(METRICS_OF[kind]))
        readings += [item for item in found if item.metric in metrics]
        first = min((item.at for item in found), default=None)
        if first is None:
            notes.append(NOT_SAID.format(metric=", ".join(metrics)))
        elif first >= since + 2 * DAY:
            day = (first - DAY).date()
            notes.append(SAID_SINCE.format(metric=", ".join(metrics), day=day))
    known = {"price", *(metric for told in METRICS_OF.values() for metric in told)}
    for metric in sorted({test.metric for test in tests} - known):
        notes.append(NOT_RECORDED.format(metric=metric))
    return readings, notes


def _load_prices(
    home: Home, token: str, tests: Sequence[Test], since: datetime, until: datetime
) -> tuple[list[Reading], list[str]]:
    """Hourly candles where there are some, daily ones before them."""
    moves = [t.within_s for t in tests if isinstance(t, Move) and t.subject == token]
    symbol = next(t.symbol for t in tests if t.subject == token)
    # What a window reaches back to is needed at its first day.
    begins = since - timedelta(seconds=max(moves, default=0)) - DAY
    hourly = _load_bars(home, token, Interval.HOUR, begins, until)
    first = hourly[0].opened if hourly else until
    daily = _load_bars(home, token, Interval.DAY, begins, until)
    daily = [bar for bar in daily if bar.opened + DAY <= first]
    parts = [(Interval.DAY, daily), (Interval.HOUR, hourly)]
    readings: list[Reading] = []
    spans, notes = [], []
    for interval, bars in parts:
        if not bars:
            continue
        readings += list_price_readings(token, bars, interval.length)
        spans.append(f"{interval.value} candles from {bars[0].opened.date()} on")
        if moves and min(moves) < interval.length.total_seconds():
            notes.append(TOO_SHORT.format(seconds=min(moves), interval=interval.value))
    if not readings:
        return [], [NO_CANDLES.format(token=symbol)]
    return readings, [ASSUMED.format(token=symbol, candles=", ".join(spans)), *notes]


def _load_bars(
    home: Home, token: str, interval: Interval, start: datetime, end: datetime
) -> list[Bar]:
    found = load_candles(home, int(token), interval, start, end)
    return [Bar(*row) for row in found.select("time", "open", "high", "low", "close").rows()]


def _load_said(database: Database, kind: str, since: datetime, until: datetime) -> list[Reading]:
    """The readings of what stands for each of the days, and of one day before them."""
    readings: list[Reading] = []
    before: Rows = ()
    with database.read() as connection:
        standing = ledger.list_standing(
            connection, kind, (since - 2 * DAY).date(), (until - DAY).date()
        )
        for said in standing:
            stored = ledger.load_rows(connection, [said.publication_id])
            rows: Rows = orjson.loads(stored[said.publication_id])
            hour = said.hour
            at = close_of(said.as_of) if hour is None else close_of_hour(said.as_of, hour)
            source = said.publication_id
            readings += read_publication(kind, rows, before, at, source, is_replay=False)
            before = rows
    return readings


def _list_tokens(tests: Sequence[Test]) -> list[str]:
    return sorted({test.subject for test in tests if test.metric == "price"})


def _list_kinds(tests: Sequence[Test]) -> list[str]:
    metrics = {test.metric for test in tests}
    return [kind for kind, told in METRICS_OF.items() if metrics & set(told)]
