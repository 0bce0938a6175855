"""The words of this face: an endpoint of the contract, its fields, what was asked, what was found.

A `Field` says where its value is read from in the material of a row: a published row, a fact, or
both joined. Nothing else puts a value into an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from assay.kit.errors import BadInput

if TYPE_CHECKING:
    from assay.tokenmetrics.reading import Reading

Material = Mapping[str, Any]
"""What one row is made from: a published row or a fact, under our own names."""

Read = Callable[[Material], Any]
"""Reads one value out of the material; None where it is missing."""

DEFAULT_LIMIT = 50
MAX_LIMIT = 1_000
MAX_OFFSET = 1_000_000
"""Rows that a page may skip: they are gone through one by one."""


class BadParameter(BadInput):
    """A parameter that cannot be read; the contract answers 400."""

    status = 400


class Missing(Enum):
    """What becomes of a row whose value for a field is missing."""

    NULL = "null"
    """The contract's clients read null."""
    OMIT = "member left out"
    """They convert the member without looking (`float(None)`), but bear its absence."""
    DROP = "row left out"
    """They bear neither."""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a row under the contract's own name. `source` says in words what is read."""

    name: str
    kind: str
    read: Read
    source: str
    missing: Missing = Missing.NULL


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter under the contract's own name."""

    name: str
    about: str
    required: bool = False
    kind: str = "string"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood: items of each parameter by the contract's name for it.

    `start` and `end` are both included; `offset` is where the page begins.
    """

    items: Mapping[str, tuple[str, ...]]
    start: date | None
    end: date | None
    limit: int
    offset: int

    def list(self, name: str) -> tuple[str, ...]:
        """All values of a comma-separated parameter."""
        return self.items.get(name, ())

    def first(self, name: str) -> str | None:
        """The value of a parameter that has one."""
        found = self.items.get(name)
        return found[0] if found else None

    def number(self, name: str) -> Decimal | None:
        """A number. Raises BadParameter for anything else."""
        text = self.first(name)
        if text is None:
            return None
        try:
            value = Decimal(text)
        except ArithmeticError:
            value = Decimal("NaN")
        if not value.is_finite():
            raise BadParameter(f"{name} must be a number.", hint=f"Write it as {name}=10.")
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """A list of integers. Raises BadParameter for anything else."""
        return tuple(read_integer(name, text) for text in self.list(name))


@dataclass(frozen=True, slots=True)
class Found:
    """What an endpoint found: the material of rows in the contract's order, lazily.

    `message` replaces the usual one; it says which facts are missing where there are no rows.
    """

    rows: Iterable[Material] = ()
    message: str = ""
    is_ascending: bool = False
    """The page is cut from the newest and then shown oldest first."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the contract."""

    path: str
    about: str
    fields: tuple[Field, ...]
    parameters: tuple[Parameter, ...]
    answer: Callable[[Reading, Asked], Found]
    has_pagination: bool = False
    is_chart: bool = False
    is_sealable: bool = True
    """False where the facts read may change without the version word."""
    limited_by: str = "limit"
    """The parameter that says how long a page is where `limit` is left out."""


def read_integer(name: str, text: str, least: int = 0, most: int = 10**15) -> int:
    """A whole number within bounds. Raises BadParameter that names the parameter."""
    if text.isascii() and text.isdecimal() and len(text) <= 16 and least <= int(text) <= most:
        return int(text)
    bounds = f" from {least} to {most}" if most < 10**15 else ""
    raise BadParameter(f"{name} must be a whole number{bounds}.")
