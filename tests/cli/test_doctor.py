"""assay doctor: each fault is found by its own check and has a remedy, and nothing is changed."""

import socket
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from tests.migrations.worlds import unpack_old_home

from assay.cli.doctor import machine, stores
from assay.cli.doctor.command import CHECKS, examine, write_json
from assay.cli.doctor.types import Check, Finding, Patient, Verdict
from assay.kit.clock import FixedClock, SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.settings import Settings

PASSWORD = "correct-horse"  # noqa: S105


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    home = unpack_old_home(tmp_path / "home")
    home.path.chmod(0o700)
    Database(home).close()
    return Patient(home, Settings(home=home.path, port=free_port()), SystemClock())


def break_database(patient: Patient) -> None:
    patient.home.database.write_bytes(b"not a database" * 100)


def alter_statement(patient: Patient) -> None:
    with sqlite3.connect(patient.home.database) as connection:
        connection.execute("DROP TRIGGER publications_no_update")
        connection.execute("UPDATE publications SET header = X'7B7D' WHERE sequence = 7")


def orphan_rows(patient: Patient) -> None:
    with sqlite3.connect(patient.home.database) as connection:
        connection.execute("DELETE FROM markets_imports")


def newer_schema(patient: Patient) -> None:
    with sqlite3.connect(patient.home.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def lose_lake_file(patient: Patient) -> None:
    next(patient.home.lake.rglob("*.parquet")).unlink()


def cut_lake_file(patient: Patient) -> None:
    path = next(patient.home.lake.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:100])


def break_panel(patient: Patient) -> None:
    next(patient.home.panel.rglob("close.npy")).unlink()


def cut_import(patient: Patient) -> None:
    with sqlite3.connect(patient.home.database) as connection:
        connection.execute("UPDATE markets_imports SET state = 'started'")


def open_owner_key(patient: Patient) -> None:
    key = patient.home.path / "owner.key"
    key.write_text("ak_x")
    key.chmod(0o644)


def open_database(patient: Patient) -> None:
    patient.home.path.chmod(0o755)
    patient.home.database.chmod(0o644)


def leave_leftover(patient: Patient) -> None:
    (patient.home.panel / ".gen-000009.staged").mkdir()


@pytest.mark.parametrize(
    ("harm", "name", "verdict", "words"),
    [
        (break_database, "database", Verdict.FAIL, "damaged"),
        (orphan_rows, "database", Verdict.FAIL, "refer to nothing"),
        (newer_schema, "database", Verdict.FAIL, "newer Assay"),
        (alter_statement, "statements", Verdict.FAIL, "does not match its digest"),
        (lose_lake_file, "lake", Verdict.FAIL, "cannot be read"),
        (cut_lake_file, "lake", Verdict.FAIL, "cannot be read"),
        (break_panel, "panel", Verdict.FAIL, "incomplete"),
        (cut_import, "panel", Verdict.FAIL, "import was cut off"),
        (open_owner_key, "rights", Verdict.FAIL, "644"),
        (open_database, "rights", Verdict.WARN, "assay.db may be read by others (644)"),
        (leave_leftover, "leftovers", Verdict.WARN, ".gen-000009.staged"),
    ],
)
def test_each_fault_is_found_and_has_a_remedy(
    patient: Patient, harm: Callable[[Patient], None], name: str, verdict: Verdict, words: str
) -> None:
    checks = dict(CHECKS)
    assert examine(checks[name], patient).verdict is Verdict.OK
    harm(patient)
    found = examine(checks[name], patient)
    assert found.verdict is verdict, found
    assert words in found.words
    assert found.remedy


def test_a_sound_home_passes_and_what_it_says_is_a_document(patient: Patient) -> None:
    findings = {name: examine(check, patient) for name, check in CHECKS}
    assert [(n, f) for n, f in findings.items() if f.verdict is not Verdict.OK] == []
    document = orjson.loads(write_json(findings))
    assert document["ok"] is True
    assert [check["name"] for check in document["checks"]] == [name for name, _ in CHECKS]
    assert "24 of 24" in findings["statements"].words


def test_an_older_home_is_looked_at_without_being_upgraded(tmp_path: Path) -> None:
    home = unpack_old_home(tmp_path / "home")
    patient = Patient(home, Settings(home=home.path, port=0), SystemClock())
    found = {name: examine(check, patient) for name, check in CHECKS}
    assert found["database"].verdict is Verdict.WARN
    assert "24 of 24" in found["statements"].words
    assert list(home.path.glob("*-to-*")) == []
    with sqlite3.connect(home.database) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'alembic%'")
        assert names.fetchall() == []


def test_an_empty_home_is_no_fault(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    patient = Patient(home, Settings(home=home.path, port=0), SystemClock())
    found = [examine(check, patient) for _, check in CHECKS]
    assert {finding.verdict for finding in found} == {Verdict.OK}


@pytest.mark.parametrize(
    ("check", "change"),
    [
        (machine.check_clock, "clock"),
        (machine.check_port, "port"),
        (machine.check_disk, "disk"),
        (stores.check_redis, "redis"),
        (stores.check_database, "database"),
    ],
)
def test_what_the_machine_lacks_is_named_without_a_password(
    patient: Patient, check: Check, change: str
) -> None:
    closed = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        changed = {
            "clock": replace(patient, clock=FixedClock(SystemClock().now() + timedelta(minutes=3))),
            "port": _with(patient, port=other.getsockname()[1]),
            "disk": _with(patient, min_free_mb=10**9),
            "redis": _with(
                patient, redis_url=SecretStr(f"redis://:{PASSWORD}@127.0.0.1:{closed}/0")
            ),
            "database": replace(
                patient,
                home=Home(
                    patient.home.path,
                    SecretStr(f"postgresql://assay:{PASSWORD}@127.0.0.1:{closed}/assay"),
                ),
            ),
        }
        found = examine(check, changed[change])
    assert found.verdict is (Verdict.WARN if change == "port" else Verdict.FAIL)
    assert found.remedy
    assert PASSWORD not in f"{found.words} {found.remedy}"


def test_a_healthy_postgres_is_named_without_its_user(patient: Patient, postgres_url: str) -> None:
    home = Home(patient.home.path, SecretStr(postgres_url))
    Database(home).close()
    found = examine(stores.check_database, replace(patient, home=home))
    assert found.verdict is Verdict.OK
    assert found.words.startswith("PostgreSQL at 127.0.0.1:")
    assert "postgres@" not in found.words


def test_a_check_that_fails_in_its_own_way_is_a_finding(patient: Patient) -> None:
    def check(_: Patient) -> Finding:
        raise RuntimeError(f"postgresql://assay:{PASSWORD}@host/name")

    found = examine(check, patient)
    assert found.verdict is Verdict.FAIL
    assert PASSWORD not in found.words


def _with(patient: Patient, **changes: object) -> Patient:
    return replace(patient, settings=patient.settings.model_copy(update=changes))
