"""The command: runs every check, whatever the others found, and never shows a secret."""

import sys
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from assay.cli.context import command, out
from assay.cli.doctor import log, machine, stores
from assay.cli.doctor.types import Check, Finding, Patient, Verdict, fail
from assay.kit.errors import AssayError
from assay.kit.telemetry.redaction import redact

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", machine.check_python),
    ("libraries", machine.check_libraries),
    ("home", machine.check_home),
    ("disk", machine.check_disk),
    ("clock", machine.check_clock),
    ("port", machine.check_port),
    ("rights", machine.check_rights),
    ("database", stores.check_database),
    ("statements", stores.check_statements),
    ("log", log.check_log),
    ("lake", stores.check_lake),
    ("panel", stores.check_panel),
    ("redis", stores.check_redis),
    ("leftovers", stores.check_leftovers),
)
_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON document.")
    ] = False,
) -> None:
    """Look at everything that this installation needs. Exit code 1 if something does not work."""
    with command() as context:
        patient = Patient(context.home, context.settings, context.clock)
        findings = {name: examine(check, patient) for name, check in CHECKS}
        if as_json:
            sys.stdout.write(write_json(findings) + "\n")
        else:
            show(findings)
        if any(found.verdict is Verdict.FAIL for found in findings.values()):
            raise typer.Exit(1)


def examine(check: Check, patient: Patient) -> Finding:
    """What a check finds; one that fails in a way of its own is a finding too."""
    try:
        found = check(patient)
    except AssayError as error:
        found = fail(error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - last resort: the other checks must still be made
        found = fail(f"{type(error).__name__}: {error}", "Report this, with what stands here.")
    return Finding(found.verdict, redact(found.words), redact(found.remedy))


def write_json(findings: dict[str, Finding]) -> str:
    """`{"ok": ..., "checks": [{name, verdict, words, remedy}]}`."""
    checks = [
        {"name": name, "verdict": found.verdict, "words": found.words, "remedy": found.remedy}
        for name, found in findings.items()
    ]
    is_ok = all(found.verdict is not Verdict.FAIL for found in findings.values())
    return orjson.dumps({"ok": is_ok, "checks": checks}, option=orjson.OPT_INDENT_2).decode()


def show(findings: dict[str, Finding]) -> None:
    """A table, and below a line what to do."""
    table = Table("", "check", "found", box=None)
    for name, found in findings.items():
        words = escape(found.words)
        if found.remedy and found.verdict is not Verdict.OK:
            words += f"\n[dim]{escape(found.remedy)}[/]"
        verdict = f"[{_COLOURS[found.verdict]}]{found.verdict}[/]"
        table.add_row(verdict, name, words)
    out.print(table)
