"""Starting a log: the first of a database, or the next one where the earlier may not go on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, inspect

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.database.place import find_place
from assay.kit.errors import Conflict
from assay.kit.moments import format_utc
from assay.ledger.compute.headers import CANONICAL_VERSION, canonical_json
from assay.ledger.outside import HeadState, OutsideView
from assay.ledger.service.appending import Appender, Entry, open_end, refuse_behind
from assay.ledger.service.heads import (
    SeenHead,
    keep_view,
    list_unmet,
    load_head,
    refuse_unmet,
    save_head,
    save_seen,
)
from assay.ledger.service.signing import create_key, name_origin
from assay.ledger.store.checking import list_unlogged
from assay.ledger.store.log import (
    insert_key,
    insert_log,
    list_log_keys,
    load_checkpoint,
    load_end,
    load_log,
    retire_keys,
    save_place,
)
from assay.ledger.types import Log, LogKey

LOG_KIND = "log"
_TOGETHER = 2_000


def open_or_start(
    database: Database, connection: Connection, now: datetime, *, is_replay: bool
) -> Appender:
    """The end of the newest log; the first one begins with all that was said before there was a
    log, in order of its sequence numbers.

    Raises what `open_end` raises, WrongLog, and ClockBehind.
    """
    log = load_log(connection)
    if log is not None:
        end = open_end(database, connection, log)
        end.refuse_other(is_replay=is_replay)
        return end
    refuse_unmet(connection, database.home, None)
    end = _start(database, connection, 1, now, is_replay=is_replay)
    _add_unlogged(connection, end)
    refuse_behind(end.log, end.last_at, now)
    return end


def start_new_log(database: Database, clock: Clock) -> Log:
    """Let another log go on in this database, with an origin and a key of its own. Its first entry
    names the one before it and the heads of it that are known and not in this database.

    Raises Conflict where no log was ever started here.
    """
    home = database.home
    with database.write() as connection:
        # Not before: whoever had the turn may have written until now.
        now = clock.now()
        before = load_log(connection)
        head = load_head(home)
        if before is None and head is None:
            raise Conflict(
                "There is no log yet.", hint="The first publication starts one; publish something."
            )
        unmet = list_unmet(connection, home, before)
        number = 1 if before is None else before.number + 1
        end = _start(database, connection, number, now, is_replay=clock.is_replay)
        statement = _compute_statement(connection, end.log, before, now, unmet)
        end.add([Entry(end.even(now), None, statement)])
        _add_unlogged(connection, end)
        refuse_behind(end.log, end.last_at, now)
        signed = end.sign(end.even(now))
    save_seen(home, ())
    save_head(home, signed.note)
    return end.log


def resume_log(database: Database, view: OutsideView, now: datetime) -> Log:
    """Let the newest log go on in this database, which was moved. `view` is what witnesses and
    anchors know now: one must know the newest checkpoint of this database, none another tree.

    Raises Conflict where nobody does, StateCopied where somebody knows more.
    """
    with database.write() as connection:
        log = load_log(connection)
        newest = None if log is None else load_checkpoint(connection, log.number)
        if log is None or newest is None:
            raise Conflict("There is no log to resume.", hint="The first publication starts one.")
        keep_view(database.home, log, view)
        refuse_unmet(connection, database.home, log)
        if not any(
            head.state is HeadState.AGREES and head.size == newest.size for head in view.heads
        ):
            raise Conflict(
                "No witness and no anchor confirms that nothing newer than"
                f" {newest.size} entries of {log.origin} exists.",
                hint="Configure one that knows this log (docs/runbooks/log.md), or run"
                " `assay log new`.",
            )
        refuse_behind(log, load_end(connection, log.number)[1], now)
        place = find_place(database, connection)
        save_place(connection, log.number, place)
        return replace(log, place=place)


def rotate_key(database: Database, clock: Clock, overlap: timedelta) -> tuple[LogKey, datetime]:
    """Make a new key for the newest log; until the moment that is returned the one before it signs
    too. The newest checkpoint stays as it is: the next entry is signed by both.

    Raises Conflict without a log or while an earlier rotation is under way, and what appending
    raises.
    """
    with database.write() as connection:
        now = clock.now()
        log = load_log(connection)
        if log is None:
            raise Conflict("There is no log yet.", hint="The first publication starts one.")
        end = open_end(database, connection, log)
        end.refuse_other(is_replay=clock.is_replay)
        refuse_behind(log, end.last_at, now)
        known = list_log_keys(connection, log.number)
        waiting = [key for key in known if key.until is not None and key.until > now]
        if waiting:
            raise Conflict(
                f"The rotation before ends at {format_utc(waiting[0].until or now)}.",
                hint="Rotate again after that.",
            )
        until = now + overlap
        retire_keys(connection, log.number, until)
        key = create_key(database.home, log.origin, len(known) + 1, now)
        insert_key(connection, log.number, key)
    return key, until


def forget_place(connection: Connection) -> None:
    """After a restore: no log of this database may go on as if nothing had happened. A database of
    before logs has none.
    """
    log = load_log(connection) if inspect(connection).has_table("logs") else None
    if log is not None:
        save_place(connection, log.number, "")


def _start(
    database: Database, connection: Connection, number: int, now: datetime, *, is_replay: bool
) -> Appender:
    origin = name_origin(database.home, is_replay=is_replay)
    log = Log(number, origin, is_replay, now, find_place(database, connection))
    insert_log(connection, log, [create_key(database.home, origin, 1, now)])
    return Appender(database.home, connection, log)


def _add_unlogged(connection: Connection, end: Appender) -> None:
    """Enter what was said before there was a log. Its times may go back where a clock did: the
    headers keep them, the entries do not.
    """
    after = 0
    while rows := list_unlogged(connection, after, _TOGETHER):
        entries = []
        for row in rows:
            if row.is_replay:
                end.refuse_other(is_replay=True)
            end.last_at = max(row.published_at, end.last_at or row.published_at)
            entries.append(Entry(end.last_at, row.sequence, row.header))
        end.add(entries)
        after = rows[-1].sequence


def _compute_statement(
    connection: Connection,
    log: Log,
    before: Log | None,
    now: datetime,
    unmet: Sequence[SeenHead],
) -> bytes:
    ended = None if before is None else load_checkpoint(connection, before.number)
    previous = None
    if before is not None and ended is not None:
        previous = _describe(before.origin, ended.size, ended.root)
    return canonical_json(
        {
            "version": CANONICAL_VERSION,
            "kind": LOG_KIND,
            "published_at": format_utc(now),
            "origin": log.origin,
            "previous": previous,
            "heads": [_describe(head.origin, head.size, head.root) for head in unmet],
        }
    )


def _describe(origin: str, size: int, root: bytes | None) -> dict[str, object]:
    return {"origin": origin, "size": size, "root": None if root is None else root.hex()}
