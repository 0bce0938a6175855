"""The plans: how much an account may ask for, read from `plans.toml` and the home's own file."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from assay.accounts.types import UNLIMITED, Plan, Role
from assay.kit.errors import BadInput
from assay.kit.home import Home

FILE = "plans.toml"
DEFAULT_PLAN: Mapping[Role, str] = MappingProxyType(
    {Role.OWNER: "owner", Role.USER: "free", Role.READ_ONLY: "free"}
)
"""The plan that a new account gets."""

_LIMITS = frozenset(item.name for item in fields(Plan)) - {"name", "per_route"}


class Plans:
    """The plans of one installation, by name."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self.by_name = dict(plans)

    def find(self, name: str) -> Plan | None:
        """The plan of that name."""
        return self.by_name.get(name)

    def get(self, name: str) -> Plan:
        """The plan of that name; the smallest one where the operator has removed it since."""
        return self.by_name.get(name) or self.by_name["free"]


def load_plans(home: Home) -> Plans:
    """The shipped plans, changed by `plans.toml` in the home. Raises BadInput that names the place
    at fault.
    """
    shipped = resources.files("assay.accounts").joinpath(FILE).read_text("utf-8")
    plans = read_plans(shipped, FILE)
    own = Path(home.path) / FILE
    if own.is_file():
        plans |= read_plans(own.read_text("utf-8"), str(own))
    return Plans({UNLIMITED.name: UNLIMITED} | plans)


def read_plans(text: str, source: str) -> dict[str, Plan]:
    """The plans of one file. Raises BadInput."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{source} is not TOML: {error}.", hint="Correct the file.") from error
    return {name: _read_plan(name, table, source) for name, table in tables.items()}


def _read_plan(name: str, table: object, source: str) -> Plan:
    if not isinstance(table, dict):
        raise _wrong(source, name, "a plan is a table")
    limits = dict(table)
    routes = limits.pop("per_route", {})
    unknown = limits.keys() - _LIMITS
    if unknown:
        raise _wrong(source, name, f"no limit is called {sorted(unknown)[0]!r}")
    if not isinstance(routes, dict):
        raise _wrong(source, name, "per_route is a table")
    for key, value in [*limits.items(), *routes.items()]:
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _wrong(source, name, f"{key} is a whole number from 1")
    rates = dict.fromkeys(_LIMITS) | limits
    return Plan(name=name, per_route=routes, **rates)


def _wrong(source: str, name: str, why: str) -> BadInput:
    return BadInput(f"{source}, plan {name!r}: {why}.", hint="docs/method/keys.md has an example.")
