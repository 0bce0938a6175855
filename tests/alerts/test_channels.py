"""Channels: their addresses are unreadable at rest, and theirs alone who made them."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.alerts.office import ME, Office, open_office
from tests.alerts.receivers import open_sink

from assay import alerts
from assay.alerts.service.channels import MOST_CHANNELS
from assay.alerts.service.vault import KEY_NAME
from assay.alerts.store import channels as store
from assay.alerts.types import DeliveryState
from assay.kit.database import Database
from assay.kit.errors import BadInput, Conflict, KeyUnusable, NotFound
from assay.kit.home import Home
from assay.kit.keyring import Keyring
from assay.kit.settings import Settings

pytestmark = pytest.mark.slow

URL = "https://hooks.example.com/hidden-path"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = open_office(Home(tmp_path))
    yield office
    office.database.close()


def create(office: Office, url: str = URL, account_id: str = ME) -> alerts.NewChannel:
    return alerts.create_channel(
        office.database, office.clock, office.settings, account_id, "my channel", url
    )


def send_test(office: Office, channel_id: str) -> DeliveryState:
    reach = alerts.open_reach(office.settings)
    return alerts.send_test(office.database, office.clock, reach, ME, channel_id).state


def test_nothing_of_an_address_is_in_the_database(office: Office) -> None:
    made = create(office)
    assert made.secret is not None
    assert made.secret not in repr(made)
    office.database.close()
    everything = b"".join(path.read_bytes() for path in office.database.home.path.glob("assay.db*"))
    assert made.channel.channel_id.encode() in everything
    for hidden in (b"hidden-path", made.secret.encode(), made.secret[6:30].encode()):
        assert hidden not in everything


def test_an_address_opens_only_where_it_belongs(office: Office) -> None:
    with open_sink() as sink:
        mine, other = create(office, sink.url), create(office, sink.url)
        assert send_test(office, mine.channel.channel_id) is DeliveryState.DELIVERED
        with office.database.write() as connection:
            _, sealed = store.load_sealed(connection, ME, mine.channel.channel_id)
            values = {"sealed": sealed}
            is_other = store.channels.c.channel_id == other.channel.channel_id
            connection.execute(update(store.channels).where(is_other).values(**values))
        with pytest.raises(KeyUnusable):
            send_test(office, other.channel.channel_id)


def test_a_lost_key_is_missed_and_no_new_one_takes_its_place(office: Office) -> None:
    with open_sink() as sink:
        hook = office.add(sink.url)
        path = Keyring(office.database.home).find_path(KEY_NAME)
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(KeyUnusable, match=r"alert-channels\.pem, is missing"):
            create(office)
        with office.delivering() as deliverer:
            office.post(1, hook)
            deliverer.wake()
            office.wait_for(DeliveryState.RETRY, 1)
            assert office.only().reason == "This installation cannot read the channel's address."
        assert not path.exists()
        path.write_bytes(kept)
        assert send_test(office, hook) is DeliveryState.DELIVERED


def test_another_installations_key_opens_nothing(office: Office, tmp_path: Path) -> None:
    hook = office.add(URL)
    other = open_office(Home(tmp_path / "other"))
    create(other)
    path, foreign = (Keyring(one.database.home).find_path(KEY_NAME) for one in (office, other))
    path.write_bytes(foreign.read_bytes())
    with pytest.raises(KeyUnusable, match="another key"):
        send_test(office, hook)
    other.database.close()


def test_the_key_is_encrypted_under_the_passphrase(tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    home = Home(tmp_path / "home", keys_passphrase_file=passphrase).create()
    database = Database(home)
    office = Office(database, Settings(home=home.path))
    create(office)
    assert b"ENCRYPTED PRIVATE KEY" in Keyring(home).find_path(KEY_NAME).read_bytes()
    database.close()


def test_channels_are_their_accounts_own(office: Office) -> None:
    made = create(office).channel
    assert alerts.list_channels(office.database, "acc_other") == []
    for work in (
        lambda: alerts.get_channel(office.database, "acc_other", made.channel_id),
        lambda: alerts.update_channel(
            office.database, office.clock, "acc_other", made.channel_id, name="mine now"
        ),
        lambda: alerts.delete_channel(office.database, office.clock, "acc_other", made.channel_id),
    ):
        with pytest.raises(NotFound):
            work()
    assert alerts.list_channels(office.database, ME) == [made]


@pytest.mark.parametrize("name", ["", " ", "a" * 81, "bell\x07", "line\u2028break" * 9])
def test_a_name_can_be_printed(office: Office, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        alerts.create_channel(office.database, office.clock, office.settings, ME, name, URL)


def test_an_account_has_a_bound_of_channels(office: Office) -> None:
    for _ in range(MOST_CHANNELS):
        create(office)
    with pytest.raises(Conflict, match="50 channels"):
        create(office)
    create(office, account_id="acc_other")


def test_a_wrong_setting_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    database = Database(home)
    settings = Settings(home=home.path, alert_networks="10.0.0.0/99")
    with pytest.raises(BadInput, match="ASSAY_ALERT_NETWORKS"):
        alerts.Deliverer(database, settings, open_office(home).clock)
    database.close()
    with sqlite3.connect(home.database) as connection:
        assert connection.execute("SELECT count(*) FROM alerts_deliveries").fetchone() == (0,)
