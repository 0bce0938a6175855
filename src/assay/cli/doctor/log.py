"""The transparency log: whole, and allowed to go on."""

from sqlalchemy import inspect

from assay import ledger
from assay.cli.doctor.types import Finding, Patient, fail, ok, warn
from assay.kit.database import Database
from assay.kit.database.schema import load_schema_version
from assay.kit.errors import KeyUnusable, LogHalted
from assay.migrations import HEAD


def check_log(patient: Patient) -> Finding:
    """Every leaf, tile, checkpoint and signature fits, and nothing keeps the log from going on."""
    database = Database(patient.home, is_upgraded=False)
    try:
        if load_schema_version(database) != HEAD:
            with database.read() as connection:
                is_empty = not inspect(connection).get_table_names()
            if is_empty:
                return ok("nothing is entered yet")
            return warn("not looked at", "First the database must be upgraded.")
        with database.read() as connection:
            log = ledger.load_log(connection)
            if log is None:
                return ok("nothing is entered yet")
            report = ledger.check_log(connection, log)
        words = f"{report.size} entries, {report.checkpoints} checkpoints fit"
        trouble = _ask_outside(patient, database)
        ledger.open_log(database, patient.clock)
    except (LogHalted, KeyUnusable) as error:
        return fail(f"halted: {error.message}", error.hint)
    finally:
        database.close()
    return warn(f"{words}; {trouble}", "docs/witnesses.md") if trouble else ok(words)


def _ask_outside(patient: Patient, database: Database) -> str:
    outside = ledger.read_outside(patient.settings)
    view = ledger.ask_outside(database, outside, patient.clock)
    with database.read() as connection:
        log = ledger.load_log(connection)
    if log is not None and (outside.witnesses or outside.chain is not None):
        ledger.keep_view(patient.home, log, view)
    return "; ".join(f"{source}: {reason}" for source, reason in view.unasked)
