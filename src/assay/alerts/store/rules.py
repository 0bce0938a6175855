"""The tables of rules and of how they stand, and the marks up to which readings were judged."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    select,
    update,
)

from assay.alerts.rules import Rule, RuleSpec
from assay.kit.database import metadata, page_newest
from assay.kit.errors import NotFound
from assay.kit.moments import from_microseconds, to_microseconds

rules = Table(
    "alerts_rules",
    metadata,
    Column("rule_id", String(20), primary_key=True),
    Column("account_id", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("updated_at_us", BigInteger, nullable=False),
    Column("spec", String, nullable=False),
    Index("alerts_rules_by_account", "account_id", "created_at_us"),
)
states = Table(
    "alerts_states",
    metadata,
    Column(
        "rule_id",
        String(20),
        ForeignKey("alerts_rules.rule_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("fired", Integer, nullable=False),
    Column("last_fired_at_us", BigInteger),
    Column("is_over", Boolean, nullable=False),
    Column("state", String, nullable=False),
)
marks = Table(
    "alerts_marks",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("content", LargeBinary),
)

RULES_MARK, READ_MARK, WINDOWS_MARK = "rules", "read", "windows"
"""Grows with every change of a rule; the publications that were judged; the remembered past."""

_MOST_PARAMETERS = 500


def insert_rule(connection: Connection, rule: Rule, spec: str) -> None:
    """Add a rule that has not fired."""
    connection.execute(
        rules.insert().values(
            rule_id=rule.rule_id,
            account_id=rule.account_id,
            revision=rule.revision,
            is_paused=rule.is_paused,
            created_at_us=to_microseconds(rule.created_at),
            updated_at_us=to_microseconds(rule.updated_at),
            spec=spec,
        )
    )
    connection.execute(
        states.insert().values(rule_id=rule.rule_id, fired=0, is_over=False, state="")
    )
    touch(connection)


def update_rule(
    connection: Connection, rule: Rule, spec: str, at: datetime, *, is_paused: bool
) -> None:
    """Another revision of a rule: it stands as if nothing had been read, and counts its firings
    on.
    """
    changed = update(rules).where(rules.c.rule_id == rule.rule_id)
    connection.execute(
        changed.values(
            spec=spec,
            revision=rule.revision + 1,
            is_paused=is_paused,
            updated_at_us=to_microseconds(at),
        )
    )
    anew = update(states).where(states.c.rule_id == rule.rule_id)
    connection.execute(anew.values(state="", is_over=False))
    touch(connection)


def delete_rule(connection: Connection, account_id: str, rule_id: str) -> bool:
    """Remove a rule with what it fired; whether there was one."""
    own = (rules.c.account_id == account_id) & (rules.c.rule_id == rule_id)
    done = connection.execute(delete(rules).where(own))
    touch(connection)
    return done.rowcount > 0


def erase_rules(connection: Connection, account_id: str) -> None:
    """Remove all rules of an account with what they fired."""
    connection.execute(delete(rules).where(rules.c.account_id == account_id))
    touch(connection)


def get_rule(connection: Connection, account_id: str, rule_id: str) -> Rule:
    """A rule of an account. Raises NotFound; another account's is not found either."""
    own = (rules.c.account_id == account_id) & (rules.c.rule_id == rule_id)
    row = connection.execute(_select().where(own)).one_or_none()
    if row is None:
        raise NotFound(f"You have no rule {rule_id[:40]!r}.", hint="List your rules to see ids.")
    return _read(row)


def list_rules(
    connection: Connection,
    account_id: str,
    *,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[Rule]:
    """The rules of an account, newest first; those after (microseconds, id) in this order."""
    table = rules.c
    wanted = _select().where(table.account_id == account_id)
    page = page_newest(wanted, table.created_at_us, table.rule_id, before, limit)
    return [_read(row) for row in connection.execute(page)]


def count_rules(connection: Connection, account_id: str) -> int:
    """How many rules an account has."""
    counted = select(func.count()).where(rules.c.account_id == account_id)
    return int(connection.execute(counted).scalar_one())


def list_revisions(connection: Connection) -> dict[str, int]:
    """The revision of every rule that is to be watched."""
    wanted = select(rules.c.rule_id, rules.c.revision)
    wanted = wanted.join_from(rules, states, states.c.rule_id == rules.c.rule_id)
    watched = wanted.where(~rules.c.is_paused, ~states.c.is_over)
    return {row.rule_id: row.revision for row in connection.execute(watched)}


def load_rules(connection: Connection, rule_ids: Collection[str]) -> dict[str, Rule]:
    """These rules as they stand, by id; one that is gone is left out."""
    found: dict[str, Rule] = {}
    wanted = sorted(rule_ids)
    for start in range(0, len(wanted), _MOST_PARAMETERS):
        chosen = rules.c.rule_id.in_(wanted[start : start + _MOST_PARAMETERS])
        rows = connection.execute(_select().where(chosen))
        found.update((row.rule_id, _read(row)) for row in rows)
    return found


def load_counts(connection: Connection, rule_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """Revision and count of firings of these rules, those that are not paused."""
    found: dict[str, tuple[int, int]] = {}
    wanted = sorted(rule_ids)
    joined = select(rules.c.rule_id, rules.c.revision, states.c.fired).join_from(
        rules, states, states.c.rule_id == rules.c.rule_id
    )
    for start in range(0, len(wanted), _MOST_PARAMETERS):
        chosen = rules.c.rule_id.in_(wanted[start : start + _MOST_PARAMETERS])
        rows = connection.execute(joined.where(chosen, ~rules.c.is_paused))
        found.update((row.rule_id, (row.revision, row.fired)) for row in rows)
    return found


def save_states(connection: Connection, standings: Iterable[dict[str, object]]) -> None:
    """Write how rules stand: `of` (the rule), `fired`, `last_fired_at_us`, `is_over`, `state`."""
    rows = list(standings)
    if rows:
        table = states.c
        statement = update(states).where(table.rule_id == bindparam("of"))
        changed = statement.values(
            fired=bindparam("fired"),
            last_fired_at_us=bindparam("last_fired_at_us"),
            is_over=bindparam("is_over"),
            state=bindparam("state"),
        )
        connection.execute(changed, rows)


def touch(connection: Connection) -> None:
    """Say that a rule changed."""
    save_mark(connection, RULES_MARK, load_mark(connection, RULES_MARK) + 1)


def find_mark(connection: Connection, name: str) -> int | None:
    """The number under a name; None where there is none."""
    found = connection.execute(select(marks.c.number).where(marks.c.name == name)).scalar()
    return None if found is None else int(found)


def load_mark(connection: Connection, name: str) -> int:
    """The number under a name; 0 where there is none."""
    return find_mark(connection, name) or 0


def load_content(connection: Connection, name: str) -> bytes | None:
    """What was kept under a name."""
    found = connection.execute(select(marks.c.content).where(marks.c.name == name)).scalar()
    return None if found is None else bytes(found)


def save_mark(connection: Connection, name: str, number: int, content: bytes | None = None) -> None:
    """Keep a number under a name, and what belongs to it."""
    values = {"number": number, "content": content}
    changed = connection.execute(update(marks).where(marks.c.name == name).values(**values))
    if not changed.rowcount:
        connection.execute(marks.insert().values(name=name, **values))


def _select() -> Select[Any]:
    own = states.c
    return select(rules, own.fired, own.last_fired_at_us, own.is_over, own.state).join_from(
        rules, states, own.rule_id == rules.c.rule_id
    )


def _read(row: Row[Any]) -> Rule:
    last = row.last_fired_at_us
    return Rule(
        rule_id=row.rule_id,
        account_id=row.account_id,
        revision=row.revision,
        spec=RuleSpec.model_validate_json(row.spec),
        is_paused=row.is_paused,
        created_at=from_microseconds(row.created_at_us),
        updated_at=from_microseconds(row.updated_at_us),
        fired=row.fired,
        last_fired_at=None if last is None else from_microseconds(last),
        is_over=row.is_over,
        state=row.state,
    )
