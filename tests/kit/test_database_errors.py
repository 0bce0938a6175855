"""Every way in which a database fails has one name in our family, and none shows a password."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text

from assay.kit.database import Database
from assay.kit.database.postgres import explain as explain_postgres
from assay.kit.database.sqlite import explain as explain_sqlite
from assay.kit.errors import AssayError, BadInput, Busy, Corrupt, StorageFull, Unreachable
from assay.kit.home import Home

PASSWORD = "correct-horse"  # noqa: S105


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def open_at(folder: Path, url: str) -> None:
    Database(Home(folder, SecretStr(url))).close()


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.database.write_bytes(b"this is not a database" * 100)
    with pytest.raises(Corrupt, match="damaged"):
        Database(home)


def test_a_full_disk_leaves_what_was_stored_and_work_goes_on_with_room(tmp_path: Path) -> None:
    database = Database(Home(tmp_path))
    with database.write() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
        connection.execute(text("INSERT INTO note VALUES ('kept')"))
    fill = text("INSERT INTO note VALUES (:words)")
    with pytest.raises(StorageFull, match="full"), database.write() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")
        connection.execute(fill, [{"words": "x" * 4000}] * 50)
    with database.read() as connection:
        assert connection.execute(text("SELECT words FROM note")).scalars().all() == ["kept"]
    with database.write() as connection:
        connection.execute(fill, {"words": "after"})
    database.close()


def test_a_database_that_does_not_run_is_unreachable_and_worth_another_try(tmp_path: Path) -> None:
    url = f"postgresql://assay:{PASSWORD}@127.0.0.1:{free_port()}/assay"
    with pytest.raises(Unreachable, match="does not answer") as failed:
        open_at(tmp_path, url)
    assert failed.value.retryable
    assert PASSWORD not in str(failed.value)


def test_an_unknown_user_and_an_unknown_database_are_named(
    tmp_path: Path, postgres_url: str
) -> None:
    stranger = make_url(postgres_url).set(username="nobody_here", password=PASSWORD)
    with pytest.raises(BadInput, match="user or password") as failed:
        open_at(tmp_path, stranger.render_as_string(hide_password=False))
    assert PASSWORD not in str(failed.value)
    nowhere = make_url(postgres_url).set(database="nowhere_here")
    with pytest.raises(BadInput, match="does not exist"):
        open_at(tmp_path, nowhere.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://assay:{PASSWORD}@host/name",
        f"assay:{PASSWORD}@host/name",
        f"postgresql://assay:{PASSWORD}@host:port/name",
    ],
)
def test_a_wrong_url_is_refused_without_being_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput, match="ASSAY_DATABASE_URL") as failed:
        open_at(tmp_path, url)
    chain: BaseException | None = failed.value
    while chain is not None:
        assert PASSWORD not in f"{chain} {chain!r}"
        chain = chain.__cause__
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


def test_a_home_never_shows_its_password(tmp_path: Path) -> None:
    home = Home(tmp_path, SecretStr(f"postgres://assay:{PASSWORD}@127.0.0.1/assay"))
    assert PASSWORD not in f"{home} {home!r}"


@pytest.mark.parametrize(
    ("state", "words", "kind"),
    [
        ("53100", "could not extend file", StorageFull),
        ("55P03", "canceling statement due to lock timeout", Busy),
        ("40P01", "deadlock detected", Busy),
        ("40001", "could not serialize access", Busy),
        ("53300", "sorry, too many clients already", Busy),
        ("57014", "canceling statement due to statement timeout", Busy),
        ("57P01", "terminating connection due to administrator command", Unreachable),
        ("08006", "connection failure", Unreachable),
        (None, 'FATAL:  password authentication failed for user "a"', BadInput),
        (None, "fe_sendauth: no password supplied", BadInput),
        (None, "PostgreSQL text fields cannot contain NUL (0x00) bytes", BadInput),
        ("22001", "value too long for type character varying(20)", BadInput),
        (None, "FATAL:  sorry, too many clients already", Busy),
        (None, "FATAL:  the database system is starting up", Unreachable),
        (None, "server closed the connection unexpectedly", Unreachable),
        ("23505", "duplicate key", None),
        ("42P01", "relation does not exist", None),
    ],
)
def test_each_refusal_of_postgres_has_its_name(
    state: str | None, words: str, kind: type[AssayError] | None
) -> None:
    found = explain_postgres(state, words)
    assert type(found) is (kind or type(None))
    assert found is None or found.hint


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("database or disk is full", StorageFull),
        ("disk I/O error", StorageFull),
        ("database is locked", Busy),
        ("database disk image is malformed", Corrupt),
        ("unable to open database file", BadInput),
        ("no such table: x", None),
    ],
)
def test_each_refusal_of_sqlite_has_its_name(words: str, kind: type[AssayError] | None) -> None:
    assert type(explain_sqlite(words)) is (kind or type(None))


def test_a_connection_that_was_cut_is_replaced(tmp_path: Path, postgres_url: str) -> None:
    database = Database(Home(tmp_path, SecretStr(postgres_url)))
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other = Database(Home(tmp_path, SecretStr(postgres_url)))
    with pytest.raises(Unreachable), database.read() as connection:
        connection.execute(text("SELECT 1"))
        with other.write() as killing:
            killing.execute(cut)
        connection.execute(text("SELECT 1"))
    with database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    database.close()
    other.close()


def test_a_reader_that_takes_too_long_is_stopped(tmp_path: Path, postgres_url: str) -> None:
    database = Database(Home(tmp_path, SecretStr(postgres_url)))
    with pytest.raises(Busy, match="too long"), database.read() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(20)"))
    with database.read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "30s"
    database.close()


def test_a_text_with_a_nul_is_the_callers_mistake(tmp_path: Path, postgres_url: str) -> None:
    database = Database(Home(tmp_path, SecretStr(postgres_url)))
    with pytest.raises(BadInput, match="cannot be stored"), database.read() as connection:
        connection.execute(text("SELECT :words"), {"words": "a\0b"})
    database.close()


def test_a_schema_of_ones_own_is_a_database_of_ones_own(tmp_path: Path, postgres_url: str) -> None:
    with_schema = f"{postgres_url.replace('postgresql', 'postgres')}?options=-csearch_path%3D"
    with pytest.raises(BadInput, match="schema that does not exist"):
        open_at(tmp_path, f"{with_schema}mine")
    default = Database(Home(tmp_path, SecretStr(postgres_url)))
    with default.write() as connection:
        connection.execute(text("CREATE SCHEMA mine"))
    own = Database(Home(tmp_path, SecretStr(f"{with_schema}mine")))
    with default.write() as one, own.write(wait_s=1.0) as two:
        counted = text("SELECT count(*) FROM information_schema.tables WHERE table_name = 'jobs'")
        assert one.execute(counted).scalar() == two.execute(counted).scalar() == 2
        assert two.execute(text("SELECT current_schema()")).scalar() == "mine"
        assert two.execute(text("SHOW statement_timeout")).scalar() == "0"
    default.close()
    own.close()
