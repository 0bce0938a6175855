"""Alerts: one's own rules, what they fired, the channels it goes to, and every delivery."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from assay import alerts
from assay.accounts.types import Principal, Verb
from assay.api.answers import alert_shapes as shapes
from assay.api.answers import alerts as shown
from assay.api.routes.common import State, require
from assay.api.routes.people import refusals

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])
arriving = APIRouter(prefix="/v1/alerts", tags=["deliveries"])

User = Annotated[Principal, Depends(require(Verb.USE))]
RuleId = Annotated[str, Path(max_length=40, examples=["rul_0123456789abcdef"])]
ChannelId = Annotated[str, Path(max_length=40, examples=["chn_0123456789abcdef"])]
DeliveryId = Annotated[str, Path(max_length=40, examples=["dlv_0123456789abcdef01234567"])]
REFUSED: dict[int | str, dict[str, Any]] = refusals(403, 429)


@router.post("/rules", status_code=201, response_model=shapes.RuleAnswer, responses=REFUSED)
async def create_alert_rule(state: State, asking: User, body: alerts.RuleSpec) -> Response:
    """Make a rule. It is watched within a second."""
    return await state.read(shown.create_rule, state, asking, shown.write_rule(body))


@router.get("/rules", response_model=shapes.RulePage, responses=REFUSED)
async def list_alert_rules(
    state: State, asking: User, query: Annotated[shapes.PageQuery, Query()]
) -> Response:
    """List your rules, newest first."""
    return await state.read(shown.answer_rules, state, asking, query)


@router.get("/rules/{rule_id}", response_model=shapes.RuleAnswer, responses=REFUSED)
async def get_alert_rule(state: State, asking: User, rule_id: RuleId) -> Response:
    """Get one of your rules."""
    return await state.read(shown.answer_rule, state, asking, rule_id)


@router.patch("/rules/{rule_id}", response_model=shapes.RuleAnswer, responses=REFUSED)
async def update_alert_rule(
    state: State, asking: User, rule_id: RuleId, body: shapes.RuleChange
) -> Response:
    """Change a rule, pause it, or let it go on. Changed, it stands as if it had read nothing."""
    return await state.read(shown.update_rule, state, asking, rule_id, body)


@router.delete("/rules/{rule_id}", status_code=204, responses=REFUSED)
async def delete_alert_rule(state: State, asking: User, rule_id: RuleId) -> Response:
    """Remove a rule and the record of what it fired."""
    return await state.read(shown.delete_rule, state, asking, rule_id)


@router.get("/rules/{rule_id}/score", response_model=shapes.ScoreAnswer, responses=REFUSED)
async def get_alert_score(state: State, asking: User, rule_id: RuleId) -> Response:
    """Get what came of a rule's alerts: right, wrong or noise, how fast, how often too often."""
    return await state.read(shown.answer_score, state, asking, rule_id)


@router.get("/templates", response_model=shapes.TemplateList)
async def list_alert_templates(_: State) -> Response:
    """List rules for common wishes, with places to fill in."""
    return shown.answer_templates()


@router.get("/metrics", response_model=shapes.MetricList)
async def list_alert_metrics(_: State) -> Response:
    """List what rules can test."""
    return shown.answer_metrics()


@router.post("/words", response_model=shapes.WordsAnswer, responses=REFUSED)
async def read_alert_words(state: State, asking: User, body: shapes.Words) -> Response:
    """Read a rule that is said in words; nothing is kept."""
    return await state.read(shown.answer_words, state, body.text)


@router.post("/test", response_model=shapes.DryRunAnswer, responses=REFUSED)
async def create_alert_dry_run(state: State, asking: User, body: shapes.DryRun) -> Response:
    """Try a rule on the recorded past: when it would have fired, and with which message."""
    key = ("alerts", asking.account_id, body.model_dump_json())
    return await state.compute.run(key, lambda: shown.answer_dry_run(state, body))


@router.get("/record", response_model=shapes.RecordAnswer)
async def list_alert_record(state: State) -> Response:
    """List what came of everybody's alerts by metric, in groups too large to name anybody."""
    return await state.read(shown.answer_record, state)


@router.get("/events", response_model=shapes.EventPage, responses=REFUSED)
async def list_alert_events(
    state: State, asking: User, query: Annotated[shapes.EventsQuery, Query()]
) -> Response:
    """List what your rules fired, newest first: the readings, the deliveries, what came of it."""
    return await state.read(shown.answer_events, state, asking, query)


@arriving.post(
    "/channels", status_code=201, response_model=shapes.NewChannelAnswer, responses=REFUSED
)
async def create_alert_channel(state: State, asking: User, body: shapes.NewChannel) -> Response:
    """Add a channel. Its address is encrypted and never shown again; the secret that signs its
    webhooks is in this answer and nowhere else, ever.
    """
    # Of a service its library is loaded, which takes a second once.
    return await asyncio.to_thread(shown.create_channel, state, asking, body)


@arriving.get("/channels", response_model=shapes.ChannelPage, responses=REFUSED)
async def list_alert_channels(
    state: State, asking: User, query: Annotated[shapes.PageQuery, Query()]
) -> Response:
    """List your channels, newest first."""
    return await state.read(shown.answer_channels, state, asking, query)


@arriving.get("/channels/{channel_id}", response_model=shapes.ChannelAnswer, responses=REFUSED)
async def get_alert_channel(state: State, asking: User, channel_id: ChannelId) -> Response:
    """Get one of your channels."""
    return await state.read(shown.answer_channel, state, asking, channel_id)


@arriving.patch("/channels/{channel_id}", response_model=shapes.ChannelAnswer, responses=REFUSED)
async def update_alert_channel(
    state: State, asking: User, channel_id: ChannelId, body: shapes.ChannelChange
) -> Response:
    """Rename a channel, or switch it off and on. What waits for one that is switched off becomes
    dead letters, which can be put back.
    """
    return await state.read(shown.update_channel, state, asking, channel_id, body)


@arriving.delete("/channels/{channel_id}", status_code=204, responses=REFUSED)
async def delete_alert_channel(state: State, asking: User, channel_id: ChannelId) -> Response:
    """Remove a channel and its address. What waits for it becomes dead letters."""
    return await state.read(shown.delete_channel, state, asking, channel_id)


@arriving.post(
    "/channels/{channel_id}/test", response_model=shapes.DeliveryAnswer, responses=REFUSED
)
async def send_alert_test(state: State, asking: User, channel_id: ChannelId) -> Response:
    """Send a test message now, once: `delivered`, or `dead` with the reason. 20 an hour."""
    # A receiver may take seconds to answer: no read thread waits for it.
    return await asyncio.to_thread(shown.send_test, state, asking, channel_id)


@arriving.get("/deliveries", response_model=shapes.DeliveryPage, responses=REFUSED)
async def list_alert_deliveries(
    state: State, asking: User, query: Annotated[shapes.DeliveriesQuery, Query()]
) -> Response:
    """List your deliveries of 90 days, newest first, with every attempt."""
    return await state.read(shown.answer_deliveries, state, asking, query)


@arriving.get("/deliveries/{delivery_id}", response_model=shapes.DeliveryAnswer, responses=REFUSED)
async def get_alert_delivery(state: State, asking: User, delivery_id: DeliveryId) -> Response:
    """Get one delivery."""
    return await state.read(shown.answer_delivery, state, asking, delivery_id)


@arriving.post(
    "/deliveries/{delivery_id}/requeue", response_model=shapes.DeliveryAnswer, responses=REFUSED
)
async def requeue_alert_delivery(state: State, asking: User, delivery_id: DeliveryId) -> Response:
    """Put a dead letter back: it is due now, and keeps its message id."""
    return await state.read(shown.requeue_delivery, state, asking, delivery_id)
