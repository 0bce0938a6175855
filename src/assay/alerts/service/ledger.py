"""The ledger of deliveries: read, put back, exported, forgotten."""

from collections.abc import Sequence

from sqlalchemy import Connection

from assay.alerts.service.describing import describe_channel, describe_delivery
from assay.alerts.store import channels
from assay.alerts.store import deliveries as store
from assay.alerts.types import Delivery, DeliveryState
from assay.kit.clock import Clock
from assay.kit.database import Database


def list_deliveries(
    database: Database,
    account_id: str,
    *,
    state: DeliveryState | None = None,
    channel_id: str | None = None,
    before: tuple[int, str] | None = None,
    limit: int | None = None,
) -> list[Delivery]:
    """The deliveries of an account, newest first; those after (microseconds of `due_at`, id)."""
    with database.read() as connection:
        return store.list_deliveries(
            connection,
            account_id,
            state=state,
            channel_id=channel_id,
            before=before,
            limit=limit,
        )


def list_deliveries_of(
    database: Database, account_id: str, message_ids: Sequence[str]
) -> list[Delivery]:
    """What became of messages, oldest first."""
    with database.read() as connection:
        return store.list_of_messages(connection, account_id, message_ids)


def get_delivery(database: Database, account_id: str, delivery_id: str) -> Delivery:
    """A delivery of an account. Raises NotFound."""
    with database.read() as connection:
        return store.get_delivery(connection, account_id, delivery_id)


def requeue_delivery(
    database: Database, clock: Clock, account_id: str, delivery_id: str
) -> Delivery:
    """Make a dead letter due anew. Raises NotFound, and Conflict for one that is not dead."""
    with database.write() as connection:
        return store.requeue(connection, account_id, delivery_id, clock.now())


def count_deliveries(database: Database, clock: Clock) -> tuple[dict[str, int], float]:
    """(everybody's deliveries by state, seconds for which the oldest that waits is due)."""
    with database.read() as connection:
        oldest = store.find_oldest_due(connection)
        age_s = 0.0 if oldest is None else (clock.now() - oldest).total_seconds()
        return store.count_states(connection), max(age_s, 0.0)


def delete_old_deliveries(database: Database, clock: Clock) -> int:
    """Forget messages whose deliveries ended 90 days ago or earlier; how many."""
    with database.write() as connection:
        return store.delete_old(connection, clock.now())


def erase_deliveries(connection: Connection, account_id: str) -> None:
    """Forget an account's channels with their addresses, its messages and their deliveries."""
    channels.delete_channels(connection, account_id)
    store.erase(connection, account_id)


def list_deliveries_for_export(connection: Connection, account_id: str) -> dict[str, object]:
    """An account's channels, masked, and its deliveries, as JSON types."""
    listed = channels.list_channels(connection, account_id)
    sent = store.list_deliveries(connection, account_id)
    return {
        "channels": [describe_channel(channel) for channel in listed],
        "deliveries": [describe_delivery(delivery) for delivery in sent],
    }
