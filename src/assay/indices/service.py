"""Verbs for users' own indices: create, show, list, delete. They are private: never published.

They are computed by the same path as the public ones, but with everything known today: a correction
of candles changes an own index from its start when it is made anew.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import orjson

from assay import evaluation, markets, publishing
from assay.indices import store
from assay.indices.books import load_rule_books, load_sectors
from assay.indices.judging import ReadRows, advance, create_watcher
from assay.indices.parse import parse_rule_book
from assay.indices.types import Json, OwnFigures, OwnIndex, RuleBook
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict, InFuture, NotEnoughData, NotFound
from assay.kit.home import Home
from assay.kit.progress import Progress
from assay.markets.types import Registry
from assay.publishing import FIRST_DAY

_DAY = timedelta(days=1)
_STEPS = 50


def create_own(
    home: Home, database: Database, text: str, clock: Clock, progress: Progress
) -> OwnIndex:
    """Check a rule book (TOML), follow it from its start to the newest day, and keep it.

    Nothing is kept unless all of it worked. Raises what `follow_own` raises, and Conflict for a
    name in use.
    """
    _check_name(database, parse_rule_book(text, load_sectors(), FIRST_DAY).slug)
    own = follow_own(home, database, text, clock, progress)
    with home.lock("indices-own"), database.write() as connection:
        if store.load_own(connection, own.slug) is not None:
            raise _name_taken(own.slug)
        store.save_own(connection, own)
    return own


def check_rules(text: str, registry: Registry, newest: date) -> RuleBook:
    """The rule book (TOML), if an index can be followed by it until the day `newest`. Raises
    BadInput for one that cannot be read or an unknown ticker and InFuture for a start after that
    day; both name the rule at fault.
    """
    book = parse_rule_book(text, load_sectors(), FIRST_DAY)
    if book.start > newest:
        raise InFuture(
            f"The index starts on {book.start}, the newest complete day is {newest}.",
            hint="Choose an earlier start, or import newer candles first.",
            parameter="start",
        )
    _check_members(book, registry, newest)
    return book


def follow_own(
    home: Home, database: Database, text: str, clock: Clock, progress: Progress
) -> OwnIndex:
    """What an index by this rule book (TOML) would have been, from its start to the newest day;
    nothing is kept. Raises what `check_rules` raises, NotEnoughData for an index that never held a
    coin.
    """
    newest = markets.load_panel(home).complete_through
    book = check_rules(text, markets.load_registry(home), newest)
    days = [book.start + n * _DAY for n in range((newest - book.start).days + 1)]
    levels: list[str] = []
    row: Json | None = None
    has_held = False
    for row in _follow(home, database, book, days, levels, None, clock, progress):
        levels.append(row["level"])
        has_held = has_held or row["coins"] > 0
    if row is None or not has_held:
        raise NotEnoughData(
            f"{book.slug} would not have held a coin on any day from {book.start} to {newest}.",
            hint=row["note"]
            if row and row["note"]
            else "Lower minimum_volume_usd or outside_top,"
            " name more coins, or start earlier: a basket fills at the second close.",
        )
    return OwnIndex(book.slug, clock.now(), text, tuple(levels), row)


def load_own(
    home: Home, database: Database, slug: str, clock: Clock, progress: Progress
) -> OwnIndex:
    """An own index up to the newest complete day; days that came since are computed and kept.

    Raises NotFound for an unknown name.
    """
    with database.read() as connection:
        own = store.load_own(connection, slug)
    if own is None:
        raise _unknown(slug)
    newest = markets.load_panel(home).complete_through
    if newest <= own.last_day:
        return own
    book = parse_rule_book(own.rules, load_sectors(), FIRST_DAY)
    days = [own.last_day + n * _DAY for n in range(1, (newest - own.last_day).days + 1)]
    levels, row = list(own.levels), own.newest
    for row in _follow(home, database, book, days, levels, own.newest, clock, progress):
        levels.append(row["level"])
    grown = OwnIndex(own.slug, own.created_at, own.rules, tuple(levels), row)
    with home.lock("indices-own"), database.write() as connection:
        if store.load_own(connection, slug) is None:
            raise _unknown(slug)
        store.save_own(connection, grown)
    return grown


def list_own(database: Database) -> Sequence[OwnIndex]:
    """All own indices as they were last computed, by name."""
    with database.read() as connection:
        return store.list_own(connection)


def delete_own(home: Home, database: Database, slug: str) -> None:
    """Remove an own index. Raises NotFound for an unknown name."""
    with home.lock("indices-own"), database.write() as connection:
        if not store.delete_own(connection, slug):
            raise _unknown(slug)


def measure_own(own: OwnIndex) -> OwnFigures:
    """What the levels of an own index were worth."""
    levels = np.array([float(level) for level in own.levels])
    found = evaluation.score_performance(own.start, levels, {"itself": levels}, "itself")
    months = evaluation.compute_monthly_returns(own.start, levels)
    return OwnFigures(found.total_return, found.annual_return, found.max_drawdown, tuple(months))


def _follow(
    home: Home,
    database: Database,
    book: RuleBook,
    days: Sequence[date],
    levels: Sequence[str],
    newest: Json | None,
    clock: Clock,
    progress: Progress,
) -> Iterator[Json]:
    watcher = create_watcher(publishing.load_facts(home, days[-1], clock.now()))
    read = _reader(database)
    row = newest
    for done, day in enumerate(days, start=1):
        row = advance(book, watcher.see(day, read), _look_back(row, levels))
        yield row
        if done % _STEPS == 0 or done == len(days):
            progress.step(f"Following {book.slug}", done, len(days))


def _look_back(newest: Json | None, levels: Sequence[str]) -> Callable[[int], Json | None]:
    def past(days: int) -> Json | None:
        if days == 1:
            return newest
        return {"level": levels[-days]} if days <= len(levels) else None

    return past


def _reader(database: Database) -> ReadRows:
    def read(kind: str, day: date) -> Sequence[Json] | None:
        said = publishing.load_said(database, kind, day)
        rows: list[Json] | None = None if said is None else orjson.loads(said.rows)
        return rows

    return read


def _check_name(database: Database, slug: str) -> None:
    if slug in {book.slug for book in load_rule_books()}:
        raise Conflict(f"{slug} is a public index.", hint="Give yours another slug in the file.")
    with database.read() as connection:
        if store.load_own(connection, slug) is not None:
            raise _name_taken(slug)


def _check_members(book: RuleBook, registry: Registry, newest: date) -> None:
    known = {
        ticker.symbol
        for record in registry.records
        for ticker in record.tickers
        if ticker.first_day <= newest
    }
    baskets = {"basket": book.basket}
    if book.sleeve is not None:
        baskets["sleeve.basket"] = book.sleeve.basket
    for place, basket in baskets.items():
        strange = sorted(set(basket.members) - known)
        if strange and basket.sector is None:
            raise BadInput(
                f"Nothing was ever called {', '.join(strange[:5])}.",
                hint="Write members as tickers, such as BTC; `assay tokens` lists them.",
                parameter=f"{place}.members",
            )


def _name_taken(slug: str) -> Conflict:
    return Conflict(
        f"You already have an index {slug}.",
        hint=f"Delete it first (`assay index delete {slug}`), or give this one another slug.",
    )


def _unknown(slug: str) -> NotFound:
    return NotFound(
        f"You have no index {slug[:40]!r}.", hint="`assay index list` shows those you have."
    )
