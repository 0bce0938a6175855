"""Our own webhooks: a JSON document, signed as Standard Webhooks 1.0 says."""

from datetime import datetime

import orjson

from assay.alerts.sources import http
from assay.alerts.sources.dialling import Reach
from assay.alerts.sources.judging import judge_status
from assay.alerts.sources.signatures import sign
from assay.alerts.types import Message, Verdict
from assay.kit.moments import format_utc

AGENT = "assay-alerts/1"


def write_body(message: Message) -> bytes:
    """The document of a message: the same bytes however often it is sent."""
    return orjson.dumps(
        {
            "type": "alert.test" if message.is_test else "alert.fired",
            "timestamp": format_utc(message.at),
            "data": {
                "message_id": message.message_id,
                "rule_id": message.rule_id,
                "title": message.title,
                "body": message.body,
                "is_test": message.is_test,
            },
        }
    )


async def send(url: str, key: bytes, message: Message, now: datetime, reach: Reach) -> Verdict:
    """Post a message. Raises Unsent where no answer came."""
    body = write_body(message)
    timestamp_s = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": AGENT,
        "webhook-id": message.message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": sign(key, message.message_id, timestamp_s, body),
    }
    answer = await http.send(http.Request("POST", url, headers, body), reach)
    return judge_status(answer.status, answer.headers.get("retry-after"), now)
