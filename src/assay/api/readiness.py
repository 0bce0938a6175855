"""May this process be sent requests: one look at everything that an answer needs.

Cheap to ask: a look is kept for a second, and readers share it. What is too slow to look at is not
here; `assay doctor` looks at it.
"""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from sqlalchemy import text

from assay.kit.database.schema import load_schema_version
from assay.kit.errors import AssayError
from assay.kit.moments import close_of
from assay.migrations import HEAD

if TYPE_CHECKING:
    from assay.api.state import ApiState

KEPT_S = 1.0
MEGABYTE = 1_000_000
OPTIONAL = frozenset({"bus"})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen."""

    name: str
    ok: bool
    detail: str
    is_required: bool = True
    """False for what is used while it is there, and gone on without where it is not."""


class Readiness:
    """Reads what must be read at most once a second; what is in memory is always of this moment."""

    def __init__(self, state: "ApiState") -> None:
        self.state = state
        self._until = 0.0
        self._looking: asyncio.Task[tuple[Check, ...]] | None = None
        self._seen: tuple[Check, ...] = ()

    async def look(self) -> tuple[Check, ...]:
        """Every check, first those in memory, so that draining shows at once."""
        if monotonic() >= self._until:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self.state.read(check_stored, self.state))
            self._seen = await asyncio.shield(self._looking)
            self._until = monotonic() + KEPT_S
        return (*check_memory(self.state), *self._seen)


def check_memory(state: "ApiState") -> tuple[Check, ...]:
    """The checks that read nothing."""
    return (
        Check("server", *check_server(state)),
        Check("lake", *check_lake(state)),
        Check("panel", *check_panel(state)),
        Check("facts", *check_facts(state)),
    )


def check_stored(state: "ApiState") -> tuple[Check, ...]:
    """The checks that read something; they may block."""
    return tuple(
        _guarded(name, check, state)
        for name, check in (
            ("database", check_database),
            ("migrations", check_migrations),
            ("disk", check_disk),
            ("bus", check_bus),
        )
    )


def _guarded(
    name: str, check: Callable[["ApiState"], tuple[bool, str]], state: "ApiState"
) -> Check:
    """A check that fails by an error of the family or the system has failed, whatever it was."""
    try:
        return Check(name, *check(state), is_required=name not in OPTIONAL)
    except (AssayError, OSError) as error:
        detail = error.message if isinstance(error, AssayError) else error.strerror or "unreadable"
        return Check(name, False, detail, is_required=name not in OPTIONAL)


def check_server(state: "ApiState") -> tuple[bool, str]:
    """Is everything published that must be, and is this process staying."""
    if state.draining.began:
        return False, "this process is about to stop"
    if not state.ready:
        return False, state.progress() or "the first load is under way"
    return True, "loaded"


def check_database(state: "ApiState") -> tuple[bool, str]:
    """Does it answer."""
    began = perf_counter()
    with state.database.read() as connection:
        connection.execute(text("SELECT 1"))
    return True, f"answered in {(perf_counter() - began) * 1000:.1f} ms"


def check_migrations(state: "ApiState") -> tuple[bool, str]:
    """Is its schema the one that this code speaks."""
    version = load_schema_version(state.database)
    return version == HEAD, f"schema {version}, this code speaks {HEAD}"


def check_lake(state: "ApiState") -> tuple[bool, str]:
    """Are there facts, as of the last look of the watcher half a second ago."""
    version = state.world.word.facts_version
    return version is not None, f"version {version}" if version else "no facts were imported"


def check_panel(state: "ApiState") -> tuple[bool, str]:
    """Is the panel loaded."""
    facts = state.world.facts
    return facts is not None, f"through {facts.newest_day}" if facts else "not loaded"


def check_facts(state: "ApiState") -> tuple[bool, str]:
    """Are the newest facts young enough, where a limit was set."""
    facts, limit_h = state.world.facts, state.settings.facts_max_age_h
    if facts is None:
        return False, "not loaded"
    age_h = (state.clock.now() - close_of(facts.newest_day)).total_seconds() / 3600
    if limit_h is None:
        return True, f"{age_h:.0f} h old; no limit is set"
    return age_h <= limit_h, f"{age_h:.0f} h old, the limit is {limit_h:g} h"


def check_disk(state: "ApiState") -> tuple[bool, str]:
    """Is there room to write."""
    free_mb = shutil.disk_usage(state.home.path).free // MEGABYTE
    limit_mb = state.settings.min_free_mb
    return free_mb >= limit_mb, f"{free_mb} MB free, the limit is {limit_mb} MB"


def check_bus(state: "ApiState") -> tuple[bool, str]:
    """Does Redis answer, if there is one. Without it news comes by polling, limits are counted by
    each process: nothing is lost, so requests may still be sent here.
    """
    url = state.settings.redis_url
    if url is None:
        return True, "in process"
    from assay.kit.redis import RedisLink  # noqa: PLC0415 - only where Redis is used

    link = RedisLink(url.get_secret_value())
    try:
        answers = link.check()
    finally:
        link.close()
    return answers, "Redis answers" if answers else "Redis does not answer; polling goes on"
