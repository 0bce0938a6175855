"""A small made-up market whose outcomes can be worked out by hand, and what was said of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay import ledger
from assay.kit.database import Database
from assay.kit.moments import close_of
from assay.ledger import Draft, Kind, Publication
from assay.markets.types import Panel
from assay.publishing import daily_kind
from assay.publishing.types import Hours
from assay.track_record.building import score_owed
from assay.track_record.compute.world import IndexPaths, World
from assay.track_record.types import SaidRows

Row = dict[str, Any]
Matrix = NDArray[np.float64]

FIRST = date(2021, 4, 1)
DAYS = 220
COINS = 32
IDS = list(range(101, 101 + COINS))
SAID = 60
"""Column of the judged day: prices stand still until the next close and move on the one after."""
DAY = FIRST + timedelta(days=SAID)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def make_closes(days: int = DAYS) -> Matrix:
    """Ten dollars, until coin i moves by 0.01 (i - 15.5) in log two days after the judged one: the
    median coin stands still.
    """
    close = np.full((COINS, days), 10.0)
    moves = 0.01 * (np.arange(COINS) - 15.5)
    close[:, SAID + 2 :] *= np.exp(moves)[:, None]
    return close


def make_panel(
    close: Matrix | None = None, high: Matrix | None = None, low: Matrix | None = None
) -> Panel:
    values = make_closes() if close is None else close
    days = values.shape[1]
    return Panel(
        token_ids=np.array(IDS[: values.shape[0]]),
        first_day=FIRST,
        open=values,
        high=values if high is None else high,
        low=values if low is None else low,
        close=values,
        volume=np.full(values.shape, 1e6),
        unit=np.ones_like(values),
        complete_through=FIRST + timedelta(days=days - 1),
    )


def no_hours() -> Hours:
    return Hours(
        np.array(IDS[:2]),
        datetime(2021, 4, 1, tzinfo=UTC),
        *(np.full((2, 0), np.nan) for _ in range(5)),
    )


def make_world(
    panel: Panel | None = None,
    hours: Callable[[], Hours] = no_hours,
    levels: Callable[[date], Mapping[int, float]] = lambda _: {},
) -> World:
    facts = make_panel() if panel is None else panel
    flat = np.ones(facts.n_days)
    digests = [
        np.ascontiguousarray(np.stack([facts.close, facts.high, facts.low])[:, :, day]).tobytes()
        for day in range(facts.n_days)
    ]
    return World(
        panel=facts,
        is_coin=np.ones(facts.n_tokens, np.bool_),
        day_digests=digests,
        registry=b"",
        fetch_hours=hours,
        fetch_indices=lambda: IndexPaths(levels, FIRST, flat, None),
    )


def grade(token: int, value: float | None, probability: str = "0.5000", **more: Any) -> Row:
    silent = value is None
    return {
        "token_id": token,
        "symbol": f"C{token}",
        "name": f"Coin {token}",
        "grade": None if silent else f"{value:.2f}",
        "probability": None if silent else probability,
        "interval": None if silent else {"low": "-0.1000", "high": "0.1000"},
        "no_view": {"code": "stale", "reason": "No candle."} if silent else None,
        **more,
    }


def make_grades(wrong: Sequence[int] = ()) -> list[Row]:
    """Grades in the order of what follows, 0.9 for the upper half and 0.1 for the lower; those of
    the coins numbered in `wrong` say the contrary. The last coin has no view.
    """
    rows = []
    for number, token in enumerate(IDS[:-1]):
        rises = (number > 15) is not (number in wrong)
        rows.append(grade(token, number * 3.0, "0.9000" if rises else "0.1000"))
    return [*rows, grade(IDS[-1], None)]


def say(
    rows: Sequence[Row], day: date = DAY, hour: int | None = None, digest: str = "5" * 64
) -> SaidRows:
    return SaidRows(1, digest, day, hour, list(rows))


def publish(
    database: Database,
    rows: Sequence[Row],
    *,
    kind: str = "grades.trader",
    day: date = DAY,
    at: datetime = LATER,
    is_replay: bool = False,
    corrects: str | None = None,
    withdraws: str | None = None,
) -> Publication:
    """Seal one publication; said within the hour after its day's close it is live."""
    spoken: Kind = daily_kind(kind)
    draft = Draft(
        kind=spoken,
        as_of=day,
        rows=ledger.canonical_json(list(rows)),
        inputs_digest="0" * 64,
        facts_recorded_by=at,
        model="made up",
        code="0" * 64,
        corrects=corrects,
        withdraws=withdraws,
    )
    with ledger.write_ledger(database) as writer:
        return writer.save(draft, at, is_replay=is_replay)


def in_time(day: date = DAY) -> datetime:
    return close_of(day) + timedelta(minutes=5)


def build(database: Database, world: World | None = None, word: str = "1") -> int:
    """Score what is owed; how many publications that were."""
    return score_owed(database, make_world() if world is None else world, word).scored
