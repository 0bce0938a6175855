"""Building the record: score what is owed, in batches that are kept whole or not at all.

A score is owed for every sealed publication of a scored kind and each of its measures. It is made
at once, with everything open, and made again when its outcome is known, when the facts it was made
from change, or when the method does. What is kept never depends on when it was made: a run that
was killed and run again leaves the same table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import islice

import numpy as np
import orjson
from sqlalchemy import Connection

from assay import indices, ledger, markets, publishing
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.memory import rarer_collections
from assay.kit.progress import Progress, SilentProgress
from assay.ledger import Heading
from assay.markets.types import TokenKind
from assay.publishing import FIRST_DAY, KnownFacts
from assay.track_record import store
from assay.track_record.compute.world import IndexPaths, World
from assay.track_record.measures import METHOD, SCORERS, Scorer
from assay.track_record.types import (
    Measure,
    Result,
    SaidRows,
    Score,
    Scored,
    Status,
)

AT_ONCE = 48
LOCK = "track_record"
INDEX_KIND = "indices"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Built:
    """What a run did: scores made anew, and publications that are in no log yet."""

    scored: int
    unsealed: int


@dataclass(frozen=True, slots=True)
class _Owed:
    heading: Heading
    is_first: bool
    measures: tuple[Measure, ...]


def check_owed(home: Home, database: Database) -> bool:
    """True if a publication or a fact is not in the record yet; a few look-ups. False before the
    first import of candles.
    """
    if markets.load_facts_version(home) is None:
        return False
    with database.read() as connection:
        coverage = store.load_coverage(connection)
        if not coverage.is_complete or coverage.sequence != ledger.load_version(connection):
            return True
        return store.load_facts_word(connection) != name_facts_version(home)


def name_facts_version(home: Home) -> str:
    """The version of the facts and of the method."""
    return f"{METHOD}:{markets.load_facts_version(home)}"


def update_record(
    home: Home, database: Database, clock: Clock, progress: Progress | None = None
) -> Built:
    """Score all that is owed. Of several runs at a time one works and the others wait for it.

    Raises NotFound before the first import of candles.
    """
    with home.lock(LOCK), rarer_collections():
        word = name_facts_version(home)
        return score_owed(database, open_world(home, database, clock), word, progress)


def score_owed(
    database: Database, world: World, word: str, progress: Progress | None = None
) -> Built:
    """The same from facts at hand, whose version is `word`; one at a time."""
    news = progress or SilentProgress()
    with database.read() as connection:
        sequence = ledger.load_version(connection)
    scored, unsealed = 0, 0
    for scorer in SCORERS:
        made, missing = _update_kind(database, world, scorer, sequence, news)
        scored += made
        unsealed += missing
        # Other kinds ask for other horizons.
        world.forget()
    with database.write() as connection:
        store.save_state(
            connection,
            through=world.newest_day,
            sequence=sequence,
            facts=word,
            unsealed=unsealed,
            is_complete=True,
        )
    return Built(scored, unsealed)


def rebuild_record(
    home: Home, database: Database, clock: Clock, progress: Progress | None = None
) -> Built:
    """Forget everything and score it again."""
    with home.lock(LOCK), database.write() as connection:
        store.delete_all(connection)
    return update_record(home, database, clock, progress)


def open_world(home: Home, database: Database, clock: Clock) -> World:
    """The facts known now, up to the newest complete day: with corrections of daily candles that
    became known after it (of hourly ones from the next day on).
    """
    whole = markets.load_panel(home)
    newest = whole.complete_through
    panel = whole.until(newest)
    facts = publishing.load_facts(home, newest, clock.now())
    known = replace(facts, panel=panel, day_digests=markets.digest_days(panel), _tokens={})
    return create_world(known, newest, database)


def create_world(facts: KnownFacts, newest: date, database: Database) -> World:
    """The same of facts that are loaded already."""
    panel = facts.panel
    tokens = facts.tokens(newest)
    coins = [int(token.token_id) for token in tokens if token.kind is TokenKind.COIN]
    registry = hashlib.sha256(repr(sorted(coins)).encode()).digest()
    return World(
        panel=panel,
        is_coin=np.isin(panel.token_ids, coins),
        day_digests=facts.day_digests,
        registry=registry,
        fetch_hours=lambda: facts.hours(newest),
        fetch_indices=lambda: load_index_paths(facts, newest, database),
    )


def load_index_paths(facts: KnownFacts, newest: date, database: Database) -> IndexPaths:
    """Published levels of every index, and their benchmarks."""

    @cache
    def read_levels(day: date) -> dict[int, float]:
        said = publishing.load_said(database, INDEX_KIND, day)
        rows = orjson.loads(said.rows) if said is not None else []
        return {int(row["index_id"]): float(row["level"]) for row in rows}

    first = max(FIRST_DAY, facts.panel.first_day)
    features = indices.create_watcher(facts).features
    benchmarks = indices.compute_benchmarks(features, first, newest)
    return IndexPaths(
        read_levels, first, benchmarks[indices.EQUAL_WEIGHT], benchmarks.get(indices.BTC)
    )


def _update_kind(
    database: Database, world: World, scorer: Scorer, sequence: int, news: Progress
) -> tuple[int, int]:
    with database.read() as connection:
        headings = list(_walk_headings(connection, scorer.kind, sequence))
        kept = store.load_kept(connection, scorer.kind)
        standing = {
            item.as_of: item.publication_id
            for item in ledger.list_standing(connection, scorer.kind)
        }
    statuses = _judge_statuses(headings)
    owed = _list_owed(world, scorer, headings, kept, standing)
    changed = {
        heading.sequence: statuses[heading.sequence]
        for heading in headings
        if any(
            (old := kept.get((heading.sequence, measure.name))) is not None
            and (old.status, old.overruled_by) != statuses[heading.sequence]
            for measure in scorer.measures
        )
    }
    if changed:
        with database.write() as connection:
            store.save_status(connection, scorer.kind, changed)
            store.mark_changed(connection)
    made, unsealed = 0, 0
    waiting = iter(owed)
    while batch := list(islice(waiting, AT_ONCE)):
        lines, missing = _score_batch(database, world, scorer, batch, statuses, standing)
        unsealed += missing
        with database.write() as connection:
            store.save_lines(connection, lines)
            store.mark_changed(connection)
        made += len(batch)
        news.step(f"Scoring {scorer.kind}", made, len(owed))
    return made, unsealed


def _walk_headings(connection: Connection, kind: str, sequence: int) -> Iterator[Heading]:
    asked = ledger.Selection(kind=kind, is_newest_first=False)
    after: int | None = None
    while found := ledger.list_headers(connection, asked, after, 1_000):
        for heading in found:
            # What is said while this runs is the next run's.
            if heading.sequence <= sequence:
                yield heading
        after = found[-1].sequence


def _judge_statuses(headings: Sequence[Heading]) -> dict[int, tuple[Status, str | None]]:
    """What was said of each publication later; a withdrawal outweighs a correction."""
    corrected = {item.corrects: item.publication_id for item in headings if item.corrects}
    withdrawn = {item.withdraws: item.publication_id for item in headings if item.withdraws}
    found: dict[int, tuple[Status, str | None]] = {}
    for item in headings:
        if item.publication_id in withdrawn:
            found[item.sequence] = (Status.WITHDRAWN, withdrawn[item.publication_id])
        elif item.publication_id in corrected:
            found[item.sequence] = (Status.CORRECTED, corrected[item.publication_id])
        else:
            found[item.sequence] = (Status.STANDS, None)
    return found


def _list_owed(
    world: World,
    scorer: Scorer,
    headings: Sequence[Heading],
    kept: Mapping[tuple[int, str], store.Kept],
    standing: Mapping[date, str],
) -> list[_Owed]:
    owed = []
    seen: set[tuple[object, ...]] = set()
    for heading in headings:
        place = (heading.origin, heading.as_of, heading.hour)
        # The first word counts: nothing that was said later can improve the record.
        is_first = heading.withdraws is None and place not in seen
        if heading.withdraws is None:
            seen.add(place)
        due = tuple(
            measure
            for measure in scorer.measures
            if _is_owed(
                world, measure, heading, kept.get((heading.sequence, measure.name)), standing
            )
        )
        if due:
            owed.append(_Owed(heading, is_first, due))
    return owed


def _is_owed(
    world: World,
    measure: Measure,
    heading: Heading,
    old: store.Kept | None,
    standing: Mapping[date, str],
) -> bool:
    if old is None or old.method != METHOD:
        return True
    is_known = world.is_known(measure, heading.as_of, heading.hour)
    if old.is_closed != is_known:
        return True
    return is_known and old.facts != _name_facts(world, measure, heading, standing)


def _name_facts(
    world: World, measure: Measure, heading: Heading, standing: Mapping[date, str]
) -> str:
    """Names the bars that a score may have read, and of an index the later levels that it read."""
    name = world.name_facts(measure, heading.as_of, heading.hour)
    if measure.kind != INDEX_KIND:
        return name
    bought = heading.as_of + measure.lag * ONE_DAY
    until = world.close_day(measure, heading.as_of, None)
    read = f"{name} {standing.get(bought)} {standing.get(until)}"
    return hashlib.sha256(read.encode()).hexdigest()


def _score_batch(
    database: Database,
    world: World,
    scorer: Scorer,
    batch: Sequence[_Owed],
    statuses: Mapping[int, tuple[Status, str | None]],
    standing: Mapping[date, str],
) -> tuple[list[store.Line], int]:
    lines: list[store.Line] = []
    missing = 0
    with database.read() as connection:
        rows = ledger.load_rows(connection, [item.heading.publication_id for item in batch])
        places = {
            item.heading.sequence: ledger.load_position(connection, item.heading.sequence)
            for item in batch
        }
    for item in batch:
        place = places[item.heading.sequence]
        if place is None:
            missing += 1
            continue
        heading = item.heading
        said = SaidRows(
            heading.sequence,
            heading.digest,
            heading.as_of,
            heading.hour,
            orjson.loads(rows[heading.publication_id]),
        )
        found = scorer.score(world, said, {measure.name: measure for measure in item.measures})
        lines += [
            store.Line(
                _create_score(
                    world, item, measure, found[measure.name], place, statuses[heading.sequence]
                ),
                _name_facts(world, measure, heading, standing)
                if world.is_known(measure, heading.as_of, heading.hour)
                else "",
                METHOD,
                found[measure.name],
            )
            for measure in item.measures
        ]
    return lines, missing


def _create_score(
    world: World,
    item: _Owed,
    measure: Measure,
    scored: Scored,
    place: tuple[int, int],
    status: tuple[Status, str | None],
) -> Score:
    heading = item.heading
    is_closed = world.is_known(measure, heading.as_of, heading.hour)
    used = scored.decided & np.isfinite(scored.stated)
    return Score(
        sequence=heading.sequence,
        measure=measure.name,
        kind=heading.kind,
        as_of=heading.as_of,
        hour=heading.hour,
        origin=heading.origin,
        publication_id=heading.publication_id,
        log=place[0],
        position=place[1],
        is_first=item.is_first,
        is_closed=is_closed,
        closes_on=world.close_day(measure, heading.as_of, heading.hour),
        status=status[0],
        overruled_by=status[1],
        statements=int(scored.results.size),
        no_view=scored.count(Result.NO_VIEW),
        no_call=scored.count(Result.NO_CALL),
        open=scored.count(Result.OPEN),
        hits=scored.count(Result.HIT),
        misses=scored.count(Result.MISS),
        undecided=scored.count(Result.UNDECIDED),
        stated=float(scored.stated[used].sum()),
        stated_count=int(used.sum()),
        outcome=float(np.nan_to_num(scored.outcomes[scored.decided]).sum()),
        control_hits=scored.control_hits,
        control_trials=scored.control_trials,
        loss=scored.loss,
        loss_count=scored.loss_count,
        loss_control=_or_none(scored.loss_control),
        order_figure=_or_none(scored.order),
        order_control=_or_none(scored.order_control),
    )


def _or_none(value: float) -> float | None:
    return None if value != value else value
