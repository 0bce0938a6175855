"""Lists as tables. Polars (and pandas) are loaded when a table is asked for, not before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from io import BytesIO
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from assay.client.errors import Unreadable

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


def read_arrow(body: bytes) -> "pl.DataFrame":
    """An Arrow stream as a frame. Raises Unreadable for anything else."""
    polars: Any = import_module("polars")
    try:
        frame: pl.DataFrame = polars.read_ipc_stream(BytesIO(body))
    except (polars.exceptions.PolarsError, OSError) as error:
        raise Unreadable("The answer is no Arrow stream.", code="unreadable") from error
    return frame


def to_pandas(frame: "pl.DataFrame") -> "pd.DataFrame":
    """The same table in pandas. Raises ImportError where pandas is not installed."""
    return frame.to_pandas()


def write_frame(rows: Sequence[object], row: type[object]) -> "pl.DataFrame":
    """Typed rows as a frame: decimals as 64-bit floats, days and moments (UTC) as such, nested
    objects as structs, free ones as JSON text; null stays null. Columns do not depend on the rows.
    """
    polars: Any = import_module("polars")
    schema = {name: _type_of(kind, polars) for name, kind in _members(row).items()}
    plain = [{name: _plain(getattr(item, name)) for name in schema} for item in rows]
    frame: pl.DataFrame = polars.DataFrame(plain, schema=schema, strict=False)
    return frame


def _members(row: type[object]) -> dict[str, Any]:
    return dict(get_type_hints(row))


def _type_of(kind: Any, polars: Any) -> Any:  # noqa: ANN401 - types are what is computed with
    """The column type of an annotation."""
    simple = {
        int: polars.Int64,
        bool: polars.Boolean,
        str: polars.String,
        Decimal: polars.Float64,
        date: polars.Date,
        datetime: polars.Datetime("us", "UTC"),
    }
    if kind in simple:
        return simple[kind]
    if is_dataclass(kind) and isinstance(kind, type):
        return polars.Struct({n: _type_of(k, polars) for n, k in _members(kind).items()})
    return _type_of_many(kind, polars)


def _type_of_many(kind: Any, polars: Any) -> Any:  # noqa: ANN401
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return polars.List(_type_of(inner[0], polars))
    if origin is Literal:
        return _type_of(type(inner[0]), polars)
    if origin in (Union, UnionType):
        choices = {_type_of(item, polars) for item in inner if item is not NoneType}
        # A day or a moment: the wider of both holds either.
        return max(choices, key=lambda choice: choice == polars.Datetime)
    return polars.String


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever a cell holds
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return json.dumps(value, default=str, sort_keys=True)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value
