"""Moves the schema between versions with Alembic; imported only where it must move."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import cast

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

BASE = "base"


def migrate(connection: Connection, target: str) -> None:
    """Bring the schema to `target` (a version or `base`), inside the caller's transaction."""
    config, scripts = _open_scripts()

    def list_steps(present: tuple[str, ...], _: MigrationContext) -> Sequence[RevisionStep]:
        if is_downgrade(present[0] if present else None, target):
            return scripts._downgrade_revs(target, cast(str, present))
        return scripts._upgrade_revs(target, cast(str, present))

    with EnvironmentContext(config, scripts, fn=list_steps) as environment:
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()


def is_downgrade(present: str | None, target: str) -> bool:
    """True if `target` is older than what is `present`; versions are numbers in order."""
    return target == BASE or (present is not None and target < present)


def list_versions() -> list[str]:
    """Every version that this code knows, oldest first."""
    _, scripts = _open_scripts()
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


@cache
def _open_scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(files("assay") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)
