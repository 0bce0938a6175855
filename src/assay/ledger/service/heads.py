"""Tree heads kept outside the database: the newest signed one, and what others were seen to know.

They lie in the folder `log` of the home. A database that was restored or copied cannot extend them,
so the log does not append to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from assay.kit.atomic import write_atomic
from assay.kit.errors import Corrupt, StateCopied
from assay.kit.home import Home
from assay.ledger.compute.notes import parse_checkpoint
from assay.ledger.outside import HeadState, OutsideView
from assay.ledger.store.log import find_log, load_checkpoint, load_end
from assay.ledger.types import Log
from assay.verifier import NotVerified, TreeHead

HEAD = "head"
SEEN = "seen.json"
COPIED = (
    "`assay log new` starts a new log here: what was said before keeps its log and its proofs."
    " If this home was only moved and a witness knows its log, `assay log resume` goes on."
)


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head of the log `origin` that somebody outside knows; `root` is None where only the size
    was told, `is_fork` where all we know is that it is of another tree than ours.
    """

    source: str
    origin: str
    size: int
    root: bytes | None
    is_fork: bool = False


def load_head(home: Home) -> TreeHead | None:
    """The newest checkpoint that this home signed; None before the first.

    Raises Corrupt for a file that is no checkpoint.
    """
    path = home.log / HEAD
    try:
        return parse_checkpoint(path.read_bytes())
    except FileNotFoundError:
        return None
    except NotVerified as error:
        raise Corrupt(
            f"{path} is no checkpoint: {error}",
            hint="Bring it from a backup; without it `assay log new` starts a new log.",
        ) from error


def save_head(home: Home, note: bytes) -> None:
    """Keep the checkpoint that was committed just now, on the disk when this returns. Of two
    processes that come at once the larger one stays.
    """
    new = parse_checkpoint(note)
    with home.lock("log-head"):
        try:
            kept = load_head(home)
        except Corrupt:
            kept = None
        if kept is None or kept.origin != new.origin or kept.size < new.size:
            home.log.mkdir(mode=0o700, exist_ok=True)
            write_atomic(home.log / HEAD, note)


def load_seen(home: Home) -> list[SeenHead]:
    """The heads that others knew and this database did not, when they were last asked."""
    path = home.log / SEEN
    try:
        return [
            SeenHead(
                item["source"],
                item["origin"],
                item["size"],
                None if item["root"] is None else bytes.fromhex(item["root"]),
                item["is_fork"],
            )
            for item in orjson.loads(path.read_bytes())
        ]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError) as error:
        raise Corrupt(f"{path} cannot be read.", hint="Delete it; the next start asks.") from error


def save_seen(home: Home, heads: Iterable[SeenHead]) -> None:
    """Remember them, for every process of this home."""
    rows = [
        {
            "source": head.source,
            "origin": head.origin,
            "size": head.size,
            "root": None if head.root is None else head.root.hex(),
            "is_fork": head.is_fork,
        }
        for head in heads
    ]
    path = home.log / SEEN
    if rows:
        home.log.mkdir(mode=0o700, exist_ok=True)
        write_atomic(path, orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    else:
        path.unlink(missing_ok=True)


def keep_view(home: Home, log: Log, view: OutsideView) -> None:
    """Remember which heads of the log those outside know and we do not extend. Of whom could not be
    asked now, what was seen before still counts.
    """
    unasked = {source for source, _ in view.unasked}
    heads = [head for head in load_seen(home) if head.source in unasked]
    heads += [
        SeenHead(head.source, log.origin, head.size, head.root, head.state is HeadState.FORKED)
        for head in view.conflicts
    ]
    save_seen(home, heads)


def list_unmet(connection: Connection, home: Home, log: Log | None) -> list[SeenHead]:
    """The heads, of this home and of others, that the newest log of the database does not extend.

    Heads of an earlier log of the database do not count: its successor names it.
    """
    head = load_head(home)
    unmet = []
    if head is not None and not _is_met(connection, log, head.origin, head.size, head.root):
        unmet.append(SeenHead(str(home.log / HEAD), head.origin, head.size, head.root))
    seen = load_seen(home) if log is not None else []
    for item in seen:
        is_ours = log is not None and item.origin == log.origin
        is_met = not item.is_fork and _is_met(connection, log, item.origin, item.size, item.root)
        if is_ours and not is_met:
            unmet.append(item)
    return unmet


def refuse_unmet(connection: Connection, home: Home, log: Log | None) -> None:
    """Raises StateCopied where the database does not extend what was signed or seen."""
    unmet = list_unmet(connection, home, log)
    if not unmet:
        return
    first = unmet[0]
    size = 0 if log is None else load_end(connection, log.number)[0]
    here = f"{size} entries that do not continue them" if log is not None else "no log"
    raise StateCopied(
        f"The database is restored or copied state: {first.source} knows {first.size} entries of"
        f" {first.origin}; here is {here}.",
        hint=COPIED,
    )


def _is_met(
    connection: Connection, log: Log | None, origin: str, size: int, root: bytes | None
) -> bool:
    if log is None:
        return False
    if log.origin != origin:
        return find_log(connection, origin) is not None
    if root is None:
        return size <= load_end(connection, log.number)[0]
    kept = load_checkpoint(connection, log.number, size)
    return kept is not None and kept.root == root
