"""What is stored: database, statements, lake, panel, leftovers; and Redis."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, make_url, text

from assay import ledger, markets
from assay.cli.doctor.types import Finding, Patient, fail, ok, warn
from assay.cli.retention import list_copies, list_leftovers
from assay.kit.database import Database
from assay.kit.database.schema import load_schema_version, refuse_newer
from assay.kit.errors import FRESH_START, AssayError
from assay.kit.redis import RedisLink
from assay.migrations import HEAD

SAMPLE = 200
_SKEW_S = 5.0


def check_database(patient: Patient) -> Finding:
    """It can be reached and read, is whole, and its schema is ours."""
    database = Database(patient.home, is_upgraded=False)
    try:
        version = load_schema_version(database)
        refuse_newer(version)
        with database.read() as connection:
            is_empty = not inspect(connection).get_table_names()
            check = _check_postgres if database.is_shared else _check_sqlite
            found = check(patient, connection)
    finally:
        database.close()
    if found is not None:
        return found
    if is_empty:
        return ok(f"{_name(patient)}, empty")
    where = f"{_name(patient)}, schema {version or 'of before versions'}"
    if version != HEAD:
        return warn(f"{where}, not {HEAD}", "The next command upgrades it: make a backup first.")
    return ok(where)


def _check_sqlite(_: Patient, connection: Connection) -> Finding | None:
    verdict = connection.execute(text("PRAGMA integrity_check(1)")).scalar_one()
    if verdict != "ok":
        return fail(f"assay.db is damaged: {verdict}", FRESH_START)
    orphan = connection.execute(text("PRAGMA foreign_key_check")).first()
    return fail(f"rows of {orphan[0]} refer to nothing", FRESH_START) if orphan else None


def _check_postgres(patient: Patient, connection: Connection) -> Finding | None:
    now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    skew = abs((patient.clock.now() - datetime.fromtimestamp(float(now), UTC)).total_seconds())
    if skew > _SKEW_S:
        return fail(f"its clock is {skew:.0f} s from this machine's", "Let both follow NTP.")
    return None


def _name(patient: Patient) -> str:
    url = patient.home.reveal_database_url()
    if url is None:
        return "SQLite"
    parsed = make_url(url)
    return f"PostgreSQL at {parsed.host or 'a socket'}:{parsed.port or 5432}/{parsed.database}"


def check_statements(patient: Patient) -> Finding:
    """A sample of the publications, spread over all: header and rows have their digests."""
    database = Database(patient.home, is_upgraded=False)
    try:
        with database.read() as connection:
            if not inspect(connection).has_table("publications"):
                return ok("nothing is published yet")
            newest = ledger.load_version(connection)
            wanted = range(newest, 0, -max(1, newest // SAMPLE))
            damaged = _find_damaged(connection, wanted)
    finally:
        database.close()
    if damaged:
        return fail(f"{damaged[0]} does not match its digest", FRESH_START)
    return ok(f"{len(wanted)} of {newest} publications match their digests")


def _find_damaged(connection: Connection, sequences: Sequence[int]) -> list[str]:
    table = text("SELECT publication_id FROM publications WHERE sequence = :sequence")
    found = []
    for sequence in sequences:
        name = connection.execute(table, {"sequence": sequence}).scalar_one_or_none()
        said = None if name is None else ledger.load_publication(connection, str(name))
        if said is not None and ledger.find_altered(said):
            found.append(said.publication_id)
    return found


def check_lake(patient: Patient) -> Finding:
    """Every file that the lake's tables name is there and has its rows."""
    count, faults = markets.check_lake(patient.home)
    if faults:
        return fail(f"{faults[0]} ({len(faults)} in all)", FRESH_START)
    return ok(f"{count} files")


def check_panel(patient: Patient) -> Finding:
    """The aligned arrays are whole and hold every import."""
    if not patient.home.panel.exists():
        return ok("nothing is imported yet")
    if not _is_ours(patient):
        return warn("not looked at", "First the database must be upgraded.")
    tokens, faults = markets.check_panel(patient.home)
    if faults:
        remedy = f"Delete {patient.home.panel} if it is damaged; the next start rebuilds it."
        return fail(faults[0], remedy)
    return ok(f"{tokens} tokens")


def _is_ours(patient: Patient) -> bool:
    database = Database(patient.home, is_upgraded=False)
    try:
        return load_schema_version(database) == HEAD
    finally:
        database.close()


def check_redis(patient: Patient) -> Finding:
    """It answers, where it is used."""
    url = patient.settings.redis_url
    if url is None:
        return ok("not used")
    try:
        RedisLink(url.get_secret_value()).call(lambda client: client.ping())
    except AssayError:
        return fail("does not answer", "Start it, or correct ASSAY_REDIS_URL.")
    return ok("answers")


def check_leftovers(patient: Patient) -> Finding:
    """Nothing lies about that a killed process had not finished."""
    leftovers = list_leftovers(patient.home)
    copies = list_copies(patient.home)
    if leftovers:
        return warn(
            f"{len(leftovers)}, such as {leftovers[0].name}",
            "`assay retention run` removes what is older than a day.",
        )
    if copies:
        size = sum(path.stat().st_size for path in copies) / 1e6
        return ok(f"none; {len(copies)} copies from before upgrades, {size:.0f} MB")
    return ok("none")
