"""How rules, what they fired, channels and deliveries are shown to the account that has them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from starlette.responses import Response

from assay import alerts
from assay.accounts.types import Principal
from assay.alerts.types import Channel, Delivery, DeliveryState
from assay.api.answers.alert_shapes import (
    ChannelChange,
    DeliveriesQuery,
    DryRun,
    EventsQuery,
    NewChannel,
    PageQuery,
    RuleChange,
)
from assay.api.answers.people import answer, answer_nothing
from assay.api.cursors import Cursor, fingerprint, format_cursor, parse_cursor
from assay.api.state import ApiState
from assay.kit.moments import format_utc, to_microseconds

Json = dict[str, Any]
Place = tuple[int, str]
Item = TypeVar("Item")


def show_rule(view: alerts.RuleView) -> Json:
    """A rule as it is shown."""
    rule = view.rule
    last = rule.last_fired_at
    return {
        "rule_id": rule.rule_id,
        "revision": rule.revision,
        "status": view.status,
        "description": view.description,
        "rule": view.document,
        "fired": rule.fired,
        "last_fired_at": None if last is None else format_utc(last),
        "created_at": format_utc(rule.created_at),
        "updated_at": format_utc(rule.updated_at),
    }


def create_rule(state: ApiState, asking: Principal, document: Json) -> Response:
    """Keep a rule."""
    return answer(
        show_rule(alerts.create_rule(state.database, state.clock, asking.account_id, document)), 201
    )


def answer_rules(state: ApiState, asking: Principal, query: PageQuery) -> Response:
    """A page of rules."""

    def read(before: Place | None, limit: int) -> Sequence[alerts.RuleView]:
        return alerts.list_rules(
            state.database, state.clock, asking.account_id, before=before, limit=limit
        )

    def place(view: alerts.RuleView) -> Place:
        return to_microseconds(view.rule.created_at), view.rule.rule_id

    scope = fingerprint("/v1/alerts/rules", asking.account_id)
    return _answer_page(query, scope, read, place, show_rule)


def answer_rule(state: ApiState, asking: Principal, rule_id: str) -> Response:
    """One rule."""
    return answer(
        show_rule(alerts.get_rule(state.database, state.clock, asking.account_id, rule_id))
    )


def update_rule(state: ApiState, asking: Principal, rule_id: str, change: RuleChange) -> Response:
    """Change a rule."""
    document = None if change.rule is None else write_rule(change.rule)
    view = alerts.update_rule(
        state.database,
        state.clock,
        asking.account_id,
        rule_id,
        document,
        is_paused=change.is_paused,
    )
    return answer(show_rule(view))


def delete_rule(state: ApiState, asking: Principal, rule_id: str) -> Response:
    """Remove a rule."""
    alerts.delete_rule(state.database, asking.account_id, rule_id)
    return answer_nothing()


def answer_score(state: ApiState, asking: Principal, rule_id: str) -> Response:
    """What came of a rule's alerts."""
    return answer(
        asdict(alerts.load_score(state.database, state.clock, asking.account_id, rule_id))
    )


def answer_record(state: ApiState) -> Response:
    """What came of everybody's alerts."""
    return answer([asdict(group) for group in alerts.load_record(state.database)], next_cursor=None)


def answer_words(state: ApiState, text: str) -> Response:
    """A rule that was said in words."""
    document, description = alerts.read_words(state.database, state.clock, text)
    return answer({"description": description, "rule": document})


def answer_templates() -> Response:
    """Rules for common wishes."""
    shown = [
        {
            "name": template.name,
            "title": template.title,
            "rule": template.document,
            "defaults": template.defaults,
        }
        for template in alerts.list_templates()
    ]
    return answer(shown, next_cursor=None)


def answer_metrics() -> Response:
    """All that rules can test."""
    shown = [
        {
            "name": metric.name,
            "title": metric.title,
            "subject": metric.subject.value,
            "shape": metric.shape.value,
            "unit": metric.unit,
            "words": list(metric.words),
            "ops": list(alerts.OPS_OF[metric.shape]),
            "is_live": metric.is_live,
        }
        for metric in alerts.METRICS.values()
    ]
    return answer(shown, next_cursor=None)


def answer_dry_run(state: ApiState, body: DryRun) -> Response:
    """What a rule would have fired."""
    found = alerts.rehearse_rule(state.database, state.clock, write_rule(body.rule), days=body.days)
    firings = [
        {
            "at": format_utc(firing.at),
            "readings": [alerts.show_evidence(item) for item in firing.evidence],
        }
        for firing in found.firings
    ]
    return answer(
        {
            "description": found.description,
            "since": format_utc(found.since),
            "until": format_utc(found.until),
            "firings": firings,
            "notes": list(found.notes),
            "title": found.title,
            "body": found.body,
        }
    )


def answer_events(state: ApiState, asking: Principal, query: EventsQuery) -> Response:
    """A page of what was fired, with the deliveries of each."""
    scope = fingerprint("/v1/alerts/events", asking.account_id, query.rule_id)
    before = None if query.cursor is None else parse_cursor(query.cursor, scope).position
    found = alerts.list_events(
        state.database,
        asking.account_id,
        rule_id=query.rule_id,
        before=before,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    sent: dict[str, list[Json]] = {}
    ids = [event.message_id for event in page if event.message_id is not None]
    for delivery in alerts.list_deliveries_of(state.database, asking.account_id, ids):
        shown = alerts.describe_delivery(delivery)
        sent.setdefault(delivery.message.message_id, []).append(shown)
    following = None
    if len(found) > query.limit:
        following = format_cursor(Cursor("", page[-1].sequence), scope)
    rows = [
        {**alerts.show_event(event), "deliveries": sent.get(event.message_id or "", [])}
        for event in page
    ]
    return answer(rows, next_cursor=following)


def create_channel(state: ApiState, asking: Principal, body: NewChannel) -> Response:
    """Add a channel; the answer has its secret."""
    made = alerts.create_channel(
        state.database,
        state.clock,
        state.settings,
        asking.account_id,
        body.name,
        body.url.get_secret_value(),
    )
    return answer({**alerts.describe_channel(made.channel), "secret": made.secret}, 201)


def answer_channels(state: ApiState, asking: Principal, query: PageQuery) -> Response:
    """A page of channels."""

    def read(before: Place | None, limit: int) -> Sequence[Channel]:
        return alerts.list_channels(state.database, asking.account_id, before=before, limit=limit)

    def place(channel: Channel) -> Place:
        return to_microseconds(channel.created_at), channel.channel_id

    scope = fingerprint("/v1/alerts/channels", asking.account_id)
    return _answer_page(query, scope, read, place, alerts.describe_channel)


def answer_channel(state: ApiState, asking: Principal, channel_id: str) -> Response:
    """One channel."""
    found = alerts.get_channel(state.database, asking.account_id, channel_id)
    return answer(alerts.describe_channel(found))


def update_channel(
    state: ApiState, asking: Principal, channel_id: str, change: ChannelChange
) -> Response:
    """Change a channel."""
    found = alerts.update_channel(
        state.database,
        state.clock,
        asking.account_id,
        channel_id,
        name=change.name,
        is_enabled=change.is_enabled,
    )
    return answer(alerts.describe_channel(found))


def delete_channel(state: ApiState, asking: Principal, channel_id: str) -> Response:
    """Remove a channel."""
    alerts.delete_channel(state.database, state.clock, asking.account_id, channel_id)
    return answer_nothing()


def send_test(state: ApiState, asking: Principal, channel_id: str) -> Response:
    """Send a test message; the answer says what became of it."""
    reach = alerts.open_reach(state.settings)
    sent = alerts.send_test(state.database, state.clock, reach, asking.account_id, channel_id)
    return answer(alerts.describe_delivery(sent))


def answer_deliveries(state: ApiState, asking: Principal, query: DeliveriesQuery) -> Response:
    """A page of deliveries."""
    wanted = None if query.state is None else DeliveryState(query.state)

    def read(before: Place | None, limit: int) -> Sequence[Delivery]:
        return alerts.list_deliveries(
            state.database,
            asking.account_id,
            state=wanted,
            channel_id=query.channel_id,
            before=before,
            limit=limit,
        )

    def place(delivery: Delivery) -> Place:
        return to_microseconds(delivery.due_at), delivery.delivery_id

    scope = fingerprint("/v1/alerts/deliveries", asking.account_id, wanted, query.channel_id)
    return _answer_page(query, scope, read, place, alerts.describe_delivery)


def answer_delivery(state: ApiState, asking: Principal, delivery_id: str) -> Response:
    """One delivery."""
    found = alerts.get_delivery(state.database, asking.account_id, delivery_id)
    return answer(alerts.describe_delivery(found))


def requeue_delivery(state: ApiState, asking: Principal, delivery_id: str) -> Response:
    """Put a dead letter back."""
    found = alerts.requeue_delivery(state.database, state.clock, asking.account_id, delivery_id)
    return answer(alerts.describe_delivery(found))


def write_rule(spec: alerts.RuleSpec) -> Json:
    """A rule as JSON types, as it was sent."""
    return spec.model_dump(mode="json", exclude_unset=True)


def _answer_page(
    query: PageQuery,
    scope: str,
    read: Callable[[Place | None, int], Sequence[Item]],
    place: Callable[[Item], Place],
    show: Callable[[Item], Json],
) -> Response:
    """A page of what is listed newest first; `place` is where an item stands in that order."""
    before = None
    if query.cursor is not None:
        cursor = parse_cursor(query.cursor, scope)
        before = (cursor.position, cursor.anchor)
    found = read(before, query.limit + 1)
    page = found[: query.limit]
    following = None
    if len(found) > query.limit:
        at_us, name = place(page[-1])
        following = format_cursor(Cursor(name, at_us), scope)
    return answer([show(item) for item in page], next_cursor=following)
