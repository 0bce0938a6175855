"""Channels of an account: added, tried out, changed, removed."""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from assay.alerts.compute.patience import is_prompt_after
from assay.alerts.service.vault import Vault
from assay.alerts.sources.addresses import parse_networks
from assay.alerts.sources.dialling import Reach
from assay.alerts.sources.sending import Courier
from assay.alerts.sources.signatures import SECRET_BYTES, format_secret
from assay.alerts.sources.targets import WEBHOOK, parse_target
from assay.alerts.store import channels as store
from assay.alerts.store import deliveries as ledger
from assay.alerts.store import lanes, outbox
from assay.alerts.types import Channel, Delivery, Message
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, Busy, Conflict, RateLimited
from assay.kit.settings import Settings

MOST_CHANNELS = 50
MOST_TESTS = 20
TESTS_WITHIN = timedelta(hours=1)
_TESTS_AT_A_TIME = 2
_testing = threading.BoundedSemaphore(_TESTS_AT_A_TIME)


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel that was just made. `secret` signs its webhooks and is never shown again."""

    channel: Channel
    secret: str | None = field(repr=False)


def open_reach(settings: Settings) -> Reach:
    """How far messages may go here. Raises BadInput for networks that are none."""
    return Reach(parse_networks(settings.alert_networks))


def create_channel(
    database: Database, clock: Clock, settings: Settings, account_id: str, name: str, url: str
) -> NewChannel:
    """Add a channel. Raises BadInput for an address that is none or not allowed here, Conflict
    where the account has its 50.
    """
    schemes = [scheme.strip() for scheme in settings.alert_schemes.split(",") if scheme.strip()]
    networks = parse_networks(settings.alert_networks)
    try:
        target = parse_target(url, schemes, networks)
    except BadInput as error:
        error.parameter = "url"
        raise
    key = secrets.token_bytes(SECRET_BYTES)
    channel = Channel(
        channel_id=f"chn_{secrets.token_hex(8)}",
        account_id=account_id,
        name=_check_name(name),
        service=target.service,
        shown=target.shown[: store.LONGEST_SHOWN],
        is_enabled=True,
        is_prompt=False,
        created_at=clock.now(),
    )
    sealed = Vault(database).seal(account_id, channel.channel_id, target, key)
    with database.write() as connection:
        if store.count_channels(connection, account_id) >= MOST_CHANNELS:
            raise Conflict(
                f"An account has {MOST_CHANNELS} channels at most.", hint="Delete one first."
            )
        store.insert_channel(connection, channel, sealed)
    return NewChannel(channel, format_secret(key) if target.service == WEBHOOK else None)


def get_channel(database: Database, account_id: str, channel_id: str) -> Channel:
    """A channel of an account. Raises NotFound."""
    with database.read() as connection:
        return store.get_channel(connection, account_id, channel_id)


def list_channels(
    database: Database,
    account_id: str,
    *,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[Channel]:
    """The channels of an account, newest first."""
    with database.read() as connection:
        return store.list_channels(connection, account_id, before=before, limit=limit)


def update_channel(
    database: Database,
    clock: Clock,
    account_id: str,
    channel_id: str,
    *,
    name: str | None = None,
    is_enabled: bool | None = None,
) -> Channel:
    """Another name, or off and on; what waits for a channel that is switched off becomes dead
    letters. Raises NotFound, BadInput.
    """
    columns: dict[str, object] = {}
    if name is not None:
        columns["name"] = _check_name(name)
    if is_enabled is not None:
        columns["is_enabled"] = is_enabled
    if is_enabled:
        columns |= {"failures": 0, "held_until_us": 0, "problem": ""}
    with database.write() as connection:
        store.update_channel(connection, account_id, channel_id, **columns)
        if is_enabled is False:
            ledger.end_waiting(connection, channel_id, outbox.SWITCHED_OFF, clock.now())
        return store.get_channel(connection, account_id, channel_id)


def delete_channel(database: Database, clock: Clock, account_id: str, channel_id: str) -> None:
    """Forget a channel and its address; what waits for it becomes dead letters. Raises NotFound."""
    with database.write() as connection:
        store.delete_channel(connection, account_id, channel_id)
        ledger.end_waiting(connection, channel_id, outbox.NO_CHANNEL, clock.now())


def send_test(
    database: Database, clock: Clock, reach: Reach, account_id: str, channel_id: str
) -> Delivery:
    """Send a test message now, once, and say what became of it; it is in the ledger too.

    Raises NotFound, RateLimited beyond 20 an hour, Busy while others are tried out.
    """
    now = clock.now()
    with database.read() as connection:
        channel, sealed = store.load_sealed(connection, account_id, channel_id)
        if ledger.count_tests(connection, account_id, now - TESTS_WITHIN) >= MOST_TESTS:
            raise RateLimited(
                f"An account sends {MOST_TESTS} test messages an hour at most.",
                hint="Wait a while.",
                retry_after_s=TESTS_WITHIN.total_seconds(),
            )
    target, key = Vault(database).open(account_id, channel_id, sealed)
    message = Message(
        message_id=f"msg_{secrets.token_hex(13)}",
        rule_id="",
        account_id=account_id,
        title="Assay: test message",
        body=f"This is what alerts to the channel {channel.name!r} look like.",
        at=now,
        is_test=True,
    )
    if not _testing.acquire(blocking=False):
        raise Busy("Other channels are being tried out.", hint="Try again in a few seconds.")
    try:
        began_s = time.monotonic()
        with Courier(clock, reach) as courier:
            verdict = courier.send(target, key, message)
        took_s = time.monotonic() - began_s
    finally:
        _testing.release()
    with database.write() as connection:
        outbox.insert_message(connection, message)
        known = (channel.service, True)
        delivery_id = outbox.insert_delivery(connection, message, channel_id, known, now)
        lanes.begin(connection, delivery_id, 1, now)
        work = lanes.Work(delivery_id, 1, now, message, channel, sealed)
        is_prompt = is_prompt_after(channel, verdict, took_s)
        lanes.settle(connection, lanes.Settled(work, verdict, clock.now(), is_prompt))
        return ledger.get_delivery(connection, account_id, delivery_id)


def _check_name(name: str) -> str:
    text = " ".join(name.split())
    if not text or len(text) > store.LONGEST_NAME or not text.isprintable():
        raise BadInput(
            f"A name has 1 to {store.LONGEST_NAME} printable characters.",
            hint="Name the channel as you want to see it in lists.",
            parameter="name",
        )
    return text
