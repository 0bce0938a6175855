"""The tables of those who look from outside: cosignatures, anchors, and whose turn it is."""

from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    RowMapping,
    String,
    Table,
    Update,
    func,
    select,
)

from assay.kit.database import metadata
from assay.kit.moments import from_microseconds, to_microseconds
from assay.ledger.outside import (
    AnchorReceipt,
    AnchorState,
    Cosignature,
    SentAnchor,
    WitnessState,
)
from assay.ledger.store.log import log_entries, logs
from assay.verifier import COSIGNATURE, VerifierKey

LONGEST_BACKOFF = timedelta(hours=1)
"""The longest pause after failures."""

log_cosignatures = Table(
    "log_cosignatures",
    metadata,
    Column("log", Integer, ForeignKey("logs.number"), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, primary_key=True),
    Column("name", String, nullable=False),
    Column("cosigned_at_us", BigInteger, nullable=False),
    Column("line", LargeBinary, nullable=False),
)
log_anchors = Table(
    "log_anchors",
    metadata,
    Column("tx", String, primary_key=True),
    Column("log", Integer, ForeignKey("logs.number"), nullable=False, index=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("contract", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    # In wei a unit of gas.
    Column("max_fee", BigInteger, nullable=False),
    Column("priority_fee", BigInteger, nullable=False),
    Column("sent_at_us", BigInteger, nullable=False),
    Column("block", BigInteger),
    Column("block_hash", String),
    Column("block_time_us", BigInteger),
)
log_turns = Table(
    "log_turns",
    metadata,
    Column("name", String, primary_key=True),
    Column("next_at_us", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
)


def save_cosignature(connection: Connection, log: int, found: Cosignature) -> None:
    """Keep a verified cosignature. Of two by one witness for one size the earlier stays: it says
    that the tree stood earlier.
    """
    table = log_cosignatures.c
    place = (
        (table.log == log) & (table.size == found.size) & (table.public_key == found.key.public_key)
    )
    if connection.execute(select(table.size).where(place)).one_or_none() is None:
        connection.execute(
            log_cosignatures.insert().values(
                log=log,
                size=found.size,
                public_key=found.key.public_key,
                name=found.key.name,
                cosigned_at_us=to_microseconds(found.cosigned_at),
                line=found.line,
            )
        )


def list_cosignature_lines(connection: Connection, log: int, size: int) -> list[bytes]:
    """The lines, newlines included, that the note of the checkpoint of a size ends with, in order
    of the witnesses' names.
    """
    table = log_cosignatures.c
    statement = select(table.line).where(table.log == log, table.size == size)
    found = connection.execute(statement.order_by(table.name, table.public_key)).scalars()
    return [bytes(line) for line in found]


def list_witnesses(connection: Connection, log: int) -> list[WitnessState]:
    """Each witness that ever cosigned the log with its largest size, in order of names."""
    table = log_cosignatures.c
    newest = (
        select(table.public_key, func.max(table.size).label("size"))
        .where(table.log == log)
        .group_by(table.public_key)
        .subquery()
    )
    statement = (
        select(table.name, table.public_key, table.size, table.cosigned_at_us)
        .join_from(
            log_cosignatures,
            newest,
            (table.public_key == newest.c.public_key) & (table.size == newest.c.size),
        )
        .where(table.log == log)
        .order_by(table.name, table.public_key)
    )
    return [
        WitnessState(
            row.name,
            str(VerifierKey(row.name, COSIGNATURE, bytes(row.public_key))),
            row.size,
            from_microseconds(row.cosigned_at_us),
        )
        for row in connection.execute(statement)
    ]


def insert_anchor(connection: Connection, sent: SentAnchor) -> None:
    """Remember a transaction before it leaves."""
    connection.execute(
        log_anchors.insert().values(
            tx=sent.tx,
            log=sent.log,
            chain_id=sent.chain_id,
            contract=sent.contract,
            size=sent.size,
            root=sent.root,
            state=AnchorState.SENT.value,
            nonce=sent.nonce,
            max_fee=sent.max_fee,
            priority_fee=sent.priority_fee,
            sent_at_us=to_microseconds(sent.sent_at),
        )
    )


def finish_anchor(connection: Connection, receipt: AnchorReceipt) -> None:
    """Mark an anchor as final."""
    connection.execute(
        _of(receipt.tx).values(
            state=AnchorState.FINAL.value,
            block=receipt.block,
            block_hash=receipt.block_hash,
            block_time_us=to_microseconds(receipt.time),
        )
    )


def drop_anchor(connection: Connection, tx: str, state: AnchorState) -> None:
    """Mark a transaction that will anchor nothing any more."""
    connection.execute(_of(tx).values(state=state.value))


def load_time_after(connection: Connection, log: int, size: int) -> datetime | None:
    """When the first entry that a tree of `size` does not hold was published; None: none is."""
    table = log_entries.c
    found = connection.execute(
        select(table.published_at_us).where(table.log == log, table.position == size)
    ).scalar_one_or_none()
    return None if found is None else from_microseconds(found)


def list_sent_anchors(connection: Connection, log: int) -> list[SentAnchor]:
    """The transactions that are under way, oldest first."""
    table = log_anchors.c
    statement = select(log_anchors).where(table.log == log, table.state == AnchorState.SENT.value)
    rows = connection.execute(statement.order_by(table.sent_at_us, table.nonce)).mappings()
    return [
        SentAnchor(
            log=row["log"],
            chain_id=row["chain_id"],
            contract=row["contract"],
            tx=row["tx"],
            size=row["size"],
            root=bytes(row["root"]),
            nonce=row["nonce"],
            max_fee=row["max_fee"],
            priority_fee=row["priority_fee"],
            sent_at=from_microseconds(row["sent_at_us"]),
        )
        for row in rows
    ]


def list_anchors(
    connection: Connection, log: int, *, after: int | None = None, limit: int = 1_000
) -> list[AnchorReceipt]:
    """The final anchors of a log, the largest size first; `after`: only smaller sizes."""
    table = log_anchors.c
    statement = (
        select(log_anchors, logs.c.origin)
        .join_from(log_anchors, logs, table.log == logs.c.number)
        .where(table.log == log, table.state == AnchorState.FINAL.value)
    )
    if after is not None:
        statement = statement.where(table.size < after)
    statement = statement.order_by(table.size.desc(), table.block, table.tx).limit(limit)
    return [_receipt(row) for row in connection.execute(statement).mappings()]


def is_due(connection: Connection, name: str, now: datetime, every: timedelta) -> bool:
    """Whether the turn `name` may be taken; only a look, another process may be faster.

    A clock that was set back does not stop it: a turn further off than could be is due.
    """
    found = _load_turn(connection, name)
    if found is None:
        return True
    furthest = now + max(every, LONGEST_BACKOFF)
    return not now < found[0] <= furthest


def take_turn(connection: Connection, name: str, now: datetime, every: timedelta) -> int | None:
    """How often `name` failed in a row, where it is due; the next time is then `every` later, for
    all processes. None where it is not due: another process has had this turn.
    """
    if not is_due(connection, name, now, every):
        return None
    found = _load_turn(connection, name)
    later = to_microseconds(now + every)
    if found is None:
        connection.execute(log_turns.insert().values(name=name, next_at_us=later, failures=0))
        return 0
    connection.execute(log_turns.update().where(log_turns.c.name == name).values(next_at_us=later))
    return found[1]


def list_failures(connection: Connection) -> dict[str, int]:
    """How often each task failed in a row; 0 where its last turn went well."""
    rows = connection.execute(select(log_turns.c.name, log_turns.c.failures))
    return {row.name: row.failures for row in rows}


def end_turn(
    connection: Connection, name: str, failures: int, next_at: datetime | None = None
) -> None:
    """Say how a turn ended; `next_at` puts the next one off."""
    values: dict[str, int] = {"failures": failures}
    if next_at is not None:
        values["next_at_us"] = to_microseconds(next_at)
    connection.execute(log_turns.update().where(log_turns.c.name == name).values(**values))


def _load_turn(connection: Connection, name: str) -> tuple[datetime, int] | None:
    table = log_turns.c
    found = connection.execute(
        select(table.next_at_us, table.failures).where(table.name == name)
    ).one_or_none()
    return None if found is None else (from_microseconds(found.next_at_us), found.failures)


def _of(tx: str) -> Update:
    return log_anchors.update().where(log_anchors.c.tx == tx)


def _receipt(row: RowMapping) -> AnchorReceipt:
    return AnchorReceipt(
        chain_id=row["chain_id"],
        contract=row["contract"],
        tx=row["tx"],
        block=row["block"],
        block_hash=row["block_hash"],
        time=from_microseconds(row["block_time_us"]),
        origin=row["origin"],
        size=row["size"],
        root=bytes(row["root"]),
    )
