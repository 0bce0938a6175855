"""Rules of accounts: made, changed, paused, removed, erased, exported."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from sqlalchemy import Connection

from assay import ledger
from assay.alerts.compute.hearing import parse_words
from assay.alerts.compute.parsing import Known, format_rule, parse_rule
from assay.alerts.compute.templates import TEMPLATES, RuleTemplate
from assay.alerts.compute.wording import describe_rule
from assay.alerts.rules import Event, Evidence, Rule, RuleSpec
from assay.alerts.store import channels as channel_store
from assay.alerts.store import events as event_store
from assay.alerts.store import rules as store
from assay.alerts.store.hours import erase_hours
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict
from assay.kit.moments import format_utc
from assay.markets import load_registry

KEEP_EVENTS = timedelta(days=400)
LIMIT_RULES = 500
"""Rules of one account, unless its plan says less."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as its owner sees it."""

    rule: Rule
    status: str
    description: str

    @property
    def document(self) -> Json:
        """The rule as JSON types, as `create_rule` takes it; subjects are ids."""
        document: Json = orjson.loads(format_rule(self.rule.spec))
        return document


def create_rule(
    database: Database,
    clock: Clock,
    account_id: str,
    document: object,
    *,
    limit: int | None = LIMIT_RULES,
) -> RuleView:
    """Keep a rule; it is watched within a second.

    Raises BadInput that names the place at fault, NotFound for a token nobody knows, Conflict where
    the account has `limit` rules.
    """
    spec = parse_rule(document, load_known(database, clock))
    now = clock.now()
    _refuse_expired(spec, clock)
    rule = Rule(f"rul_{secrets.token_hex(8)}", account_id, 1, spec, False, now, now)
    with database.write() as connection:
        most = LIMIT_RULES if limit is None else min(limit, LIMIT_RULES)
        if store.count_rules(connection, account_id) >= most:
            raise Conflict(f"You have {most} rules already.", hint="Delete one you do not need.")
        _check_channels(connection, account_id, spec)
        store.insert_rule(connection, rule, format_rule(spec))
    return _view(rule, clock)


def update_rule(
    database: Database,
    clock: Clock,
    account_id: str,
    rule_id: str,
    document: object = None,
    *,
    is_paused: bool | None = None,
) -> RuleView:
    """Another wording of a rule, or pause it, or go on; what is None stays. It then stands as if
    it had read nothing; the count of its firings goes on.

    Raises NotFound, BadInput.
    """
    spec = None if document is None else parse_rule(document, load_known(database, clock))
    if spec is not None:
        _refuse_expired(spec, clock)
    with database.write() as connection:
        rule = store.get_rule(connection, account_id, rule_id)
        wanted = rule.spec if spec is None else spec
        # A rule whose channel was removed since can still be paused.
        if spec is not None:
            _check_channels(connection, account_id, spec)
        paused = rule.is_paused if is_paused is None else is_paused
        store.update_rule(connection, rule, format_rule(wanted), clock.now(), is_paused=paused)
        return _view(store.get_rule(connection, account_id, rule_id), clock)


def get_rule(database: Database, clock: Clock, account_id: str, rule_id: str) -> RuleView:
    """One of the account's rules. Raises NotFound."""
    with database.read() as connection:
        return _view(store.get_rule(connection, account_id, rule_id), clock)


def list_rules(
    database: Database,
    clock: Clock,
    account_id: str,
    *,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[RuleView]:
    """The account's rules, newest first; those after (microseconds, id) in this order."""
    with database.read() as connection:
        found = store.list_rules(connection, account_id, before=before, limit=limit)
    return [_view(rule, clock) for rule in found]


def delete_rule(database: Database, account_id: str, rule_id: str) -> None:
    """Remove a rule and the record of what it fired. Raises NotFound."""
    with database.write() as connection:
        store.get_rule(connection, account_id, rule_id)
        store.delete_rule(connection, account_id, rule_id)


def list_events(
    database: Database,
    account_id: str,
    *,
    rule_id: str | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[Event]:
    """What the account's rules fired, newest first, before a sequence; with `after` oldest first,
    after a sequence: how a stream goes on where it was cut.
    """
    with database.read() as connection:
        return event_store.list_events(
            connection, account_id, rule_id=rule_id, before=before, after=after, limit=limit
        )


def delete_old_events(database: Database, clock: Clock) -> int:
    """Forget what fired more than `KEEP_EVENTS` ago, with what came of it; how many."""
    with database.write() as connection:
        return event_store.delete_before(connection, clock.now() - KEEP_EVENTS)


def list_templates() -> Sequence[RuleTemplate]:
    """Rules for common wishes, with places to fill in (`fill_template`)."""
    return tuple(TEMPLATES.values())


def check_rule(database: Database, clock: Clock, document: object) -> tuple[Json, str]:
    """A rule as it would be kept, and in words. Raises BadInput, NotFound."""
    spec = parse_rule(document, load_known(database, clock))
    return orjson.loads(format_rule(spec)), describe_rule(spec)


def read_words(database: Database, clock: Clock, text: str) -> tuple[Json, str]:
    """The same of a sentence such as `BTC falls by 5 % within 1 hour`."""
    return check_rule(database, clock, {"when": parse_words(text)})


def erase_rules(connection: Connection, account_id: str) -> None:
    """Erase rules and events of an account; runs in the transaction that deletes it."""
    store.erase_rules(connection, account_id)
    erase_hours(connection, account_id)


def list_rules_for_export(connection: Connection, account_id: str) -> Json:
    """The rules and events of an account as JSON types."""
    events = event_store.list_events(connection, account_id)
    return {
        "rules": [
            {
                "rule_id": rule.rule_id,
                "created_at": format_utc(rule.created_at),
                "is_paused": rule.is_paused,
                "fired": rule.fired,
                "rule": orjson.loads(format_rule(rule.spec)),
            }
            for rule in store.list_rules(connection, account_id)
        ],
        "events": [show_event(event) for event in events],
    }


def show_event(event: Event) -> Json:
    """An event as JSON types."""
    return {
        "event_id": event.event_id,
        "sequence": event.sequence,
        "rule_id": event.rule_id,
        "number": event.number,
        "fired_at": format_utc(event.fired_at),
        "recorded_at": format_utc(event.recorded_at),
        "title": event.title,
        "body": event.body,
        "severity": event.severity.value,
        "told": event.told.value,
        "message_id": event.message_id,
        "is_replay": event.is_replay,
        "readings": [show_evidence(item) for item in event.evidence],
        "verdict": None if event.verdict is None else event.verdict.value,
        "outcome": event.outcome,
        "band": event.band,
        "commitment": event.commitment,
    }


def show_evidence(item: Evidence) -> Json:
    """A reading behind a firing as JSON types."""
    return {
        "metric": item.metric,
        "subject": item.subject,
        "symbol": item.symbol,
        "value": item.value,
        "at": format_utc(item.at),
        "source": item.source,
        "is_replay": item.is_replay,
        "against": item.beside,
    }


def load_known(database: Database, clock: Clock) -> Known:
    """What subjects there are in this home."""
    registry = load_registry(database.home)

    def find_token(name: str) -> tuple[int, str]:
        wanted = name.strip()
        token = registry.by_id(int(wanted)) if wanted.isdecimal() else registry.resolve(wanted)
        return int(token.token_id), token.symbol

    def list_indices() -> frozenset[str]:
        with database.read() as connection:
            said = ledger.load_latest(connection, "indices")
        rows = [] if said is None else orjson.loads(said.rows)
        return frozenset(row["slug"] for row in rows)

    return Known(find_token, lambda name: find_zone(name) is not None, list_indices)


@cache
def find_zone(name: str) -> tzinfo | None:
    """The time zone of a name such as `Europe/Berlin`; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _refuse_expired(spec: RuleSpec, clock: Clock) -> None:
    if spec.expires_at is not None and spec.expires_at <= clock.now():
        raise BadInput(
            "expires_at: that moment has passed.",
            hint="Name a later one.",
            parameter="expires_at",
        )


def _check_channels(connection: Connection, account_id: str, spec: RuleSpec) -> None:
    missing = set(spec.channels) - channel_store.list_ids(connection, account_id, spec.channels)
    if missing:
        raise BadInput(
            f"channels: you have no channel {sorted(missing)[0]!r}.",
            hint="List your channels to see their ids.",
            parameter="channels",
        )


def _view(rule: Rule, clock: Clock) -> RuleView:
    return RuleView(rule, rule.status(clock.now()), describe_rule(rule.spec))
