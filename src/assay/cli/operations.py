"""backup, restore, database, retention: what keeps an installation alive."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from assay import ledger
from assay.cli.context import Context, command, err, out
from assay.cli.retention import clean
from assay.kit.database import Database
from assay.kit.database.schema import change_schema, load_schema_version
from assay.kit.errors import BadInput
from assay.kit.jobs import Jobs, delete_old
from assay.kit.jobs.queue import KEEP_RESULTS
from assay.kit.settings import Settings
from assay.migrations import FIRST, HEAD

IMPORT_LOCK = "markets"
"""Whoever adds facts holds it; a backup pauses them while it copies files."""

FileArgument = Annotated[Path, typer.Argument(help="The file of the backup.")]
database = typer.Typer(help="The schema of the database.", no_args_is_help=True)
retention = typer.Typer(help="What is kept, and for how long.", no_args_is_help=True)


def backup(
    file: FileArgument,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only read a backup that exists, to its end.")
    ] = False,
) -> None:
    """Write database, facts, models and keys into one file, sealed by a passphrase."""
    from assay.kit import backup as backups  # noqa: PLC0415 - brings cryptography and Arrow

    with command() as context:
        passphrase = read_passphrase(context.settings, is_new=not verify)
        if verify:
            found = backups.verify_backup(file, passphrase, context.progress)
        else:
            found = backups.save_backup(
                context.home,
                context.database,
                file.absolute(),
                passphrase,
                context.clock.now(),
                context.progress,
                pausing=[IMPORT_LOCK],
            )
        size = file.stat().st_size / 1e6
        out.print(
            f"{file}: {len(found.members)} members, {size:.1f} MB, of {found.made_at}; it was read"
            " back and is whole.",
            highlight=False,
            soft_wrap=True,
        )


def restore(file: FileArgument) -> None:
    """Put a backup into an empty ASSAY_HOME, and into the empty database of ASSAY_DATABASE_URL."""
    from assay.kit import backup as backups  # noqa: PLC0415 - brings cryptography and Arrow

    with command() as context:
        passphrase = read_passphrase(context.settings, is_new=False)
        found = backups.restore_backup(
            context.home, file, passphrase, context.progress, ledger.forget_place
        )
        out.print(
            f"Restored {context.home.path} as it was at {found.made_at}.",
            highlight=False,
            soft_wrap=True,
        )
        with context.database.read() as connection:
            has_log = ledger.load_log(connection) is not None
        if has_log:
            err.print(
                "What was said since then is not in it, so its log does not go on: before anything"
                " new is published, run `assay log new`.",
                highlight=False,
                soft_wrap=True,
            )


def read_passphrase(settings: Settings, *, is_new: bool) -> str:
    """From ASSAY_PASSPHRASE_FILE or the terminal; never from the command line, which others see.

    Raises BadInput where there is neither.
    """
    if settings.passphrase_file is not None:
        try:
            lines = settings.passphrase_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise BadInput(
                "The file of ASSAY_PASSPHRASE_FILE cannot be read.",
                hint="Write the passphrase into its first line.",
            ) from None
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise BadInput(
            "There is no passphrase.", hint="Name a file that holds it in ASSAY_PASSPHRASE_FILE."
        )
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True))


@database.command("status")
def show_status() -> None:
    """Say which version the schema has. Exit code 1 if it is not the one of this Assay."""
    with command() as context:
        found = load_version(context)
        out.print(f"schema {found or 'none'}, this Assay has {HEAD}", highlight=False)
        if found != HEAD:
            raise typer.Exit(1)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the schema to the version of this Assay; every other command does so by itself too."""
    with command() as context:
        before = load_version(context)
        context.database.close()
        out.print(f"schema {before or 'none'} -> {HEAD}", highlight=False)


@database.command("downgrade")
def downgrade(
    version: Annotated[str, typer.Argument(help=f"The older version, from {FIRST}.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Bring the schema back to an older version, for an older Assay. Tables that it does not know
    are lost: make a backup first. Stop every other process.
    """
    with command() as context:
        if not (len(version) == len(FIRST) and version.isdigit() and FIRST <= version <= HEAD):
            raise BadInput(f"There is no version {version!r}.", hint=f"They go to {HEAD}.")
        if not yes:
            typer.confirm(f"Lose what schema {version} does not know?", abort=True, err=True)
        opened = Database(context.home, is_upgraded=False)
        try:
            copy = change_schema(opened, context.home, version)
        finally:
            opened.close()
        out.print(f"schema {version}", highlight=False)
        if copy is not None:
            err.print(f"The database as it was: {copy}", highlight=False, soft_wrap=True)


def load_version(context: Context) -> str | None:
    """The version of the schema as it is."""
    opened = Database(context.home, is_upgraded=False)
    try:
        return load_schema_version(opened)
    finally:
        opened.close()


@retention.command("run")
def run_retention() -> None:
    """Delete what was kept long enough, as docs/operations.md says; workers do so every day."""
    with command() as context:
        deleted = dict(clean(context.home, context.database, context.clock))
        queue = Jobs(context.home, context.database, context.clock, ())
        try:
            deleted["jobs"] = delete_old(
                context.database, context.clock, queue.engine, KEEP_RESULTS
            )
        finally:
            queue.close()
        for what, count in deleted.items():
            out.print(f"{what}: {count} deleted", highlight=False)
