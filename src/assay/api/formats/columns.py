"""The columns of a row shape: its Arrow schema, and rows as a record batch. Pure.

A shape inside a shape is a struct, a list a list, a mapping of like values a map; what has no one
type is its JSON as text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import orjson
import pyarrow as pa

from assay.api.schemas import DECIMAL, REPEATED, Shape
from assay.kit.errors import BadInput

Row = Mapping[str, Any]
Convert = Callable[[Any], Any]

SURE_LENGTH = 15
"""Characters of a decimal that any float64 holds: it has no more significant digits than that."""
MOMENT = pa.timestamp("us", tz="UTC")


class Decimals(StrEnum):
    """How Arrow and Parquet carry what JSON says as a decimal string."""

    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """One member of a row: its name, Arrow type, how its value becomes one of that type (None: as
    it is), and the members of a struct.
    """

    name: str
    type: Any
    convert: Convert | None = None
    inner: tuple["Column", ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a shape, in the order of its members."""

    columns: tuple[Column, ...]

    @property
    def schema(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """The Arrow schema; every column may be null."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])

    def make_batch(self, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Rows as one record batch; a member that a row lacks is null."""
        arrays = [
            pa.array([_convert(column, row.get(column.name)) for row in rows], column.type)
            for column in self.columns
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


@lru_cache(maxsize=256)
def describe_columns(shape: type[Shape], decimals: Decimals = Decimals.NUMBER) -> Columns:
    """The columns of a row shape."""
    return Columns(_list_columns(shape, decimals))


def read_decimal(text: str) -> float:
    """The float64 of a decimal string, which reads back as the same decimal.

    Raises BadInput for one that does not: none of ours has so many digits.
    """
    value = float(text)
    if len(text) > SURE_LENGTH and Decimal(repr(value)) != Decimal(text):
        raise BadInput(
            f"{text[:40]} has more digits than a float64 holds.", hint="Ask with decimals=text."
        )
    return value


def _list_columns(shape: type[Shape], decimals: Decimals) -> tuple[Column, ...]:
    hints = get_type_hints(shape, include_extras=True)
    return tuple(
        _describe(field.alias or name, hints[name], decimals)
        for name, field in shape.model_fields.items()
    )


def _describe(name: str, annotation: Any, decimals: Decimals) -> Column:  # noqa: ANN401 - a type
    if get_origin(annotation) is Annotated:
        bare, *marks = get_args(annotation)
        if DECIMAL in marks:
            return _describe_decimal(name, decimals)
        if REPEATED in marks:
            return Column(name, pa.dictionary(pa.int32(), pa.string()))
        return _describe(name, bare, decimals)
    if get_origin(annotation) in (Union, UnionType):
        choices = [choice for choice in get_args(annotation) if choice is not NoneType]
        return _describe(name, choices[0], decimals) if len(choices) == 1 else _as_json(name)
    if get_origin(annotation) is Literal:
        return _describe(name, type(get_args(annotation)[0]), decimals)
    if get_origin(annotation) is list:
        return _describe_list(name, get_args(annotation)[0], decimals)
    if get_origin(annotation) is dict:
        return _describe_map(name, get_args(annotation)[1], decimals)
    return _describe_plain(name, annotation, decimals)


def _describe_plain(name: str, kind: Any, decimals: Decimals) -> Column:  # noqa: ANN401 - a type
    if not isinstance(kind, type) or kind is object:
        return _as_json(name)
    if issubclass(kind, Shape):
        inner = _list_columns(kind, decimals)
        struct = pa.struct([pa.field(column.name, column.type) for column in inner])
        return Column(name, struct, lambda value: _convert_members(inner, value), inner)
    if issubclass(kind, datetime):
        return Column(name, MOMENT, _read_moment)
    if issubclass(kind, date):
        return Column(name, pa.date32(), _read_day)
    plain = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    return Column(name, plain.get(kind, pa.string())) if kind is not Any else _as_json(name)


def _describe_decimal(name: str, decimals: Decimals) -> Column:
    if decimals is Decimals.TEXT:
        return Column(name, pa.string())
    return Column(name, pa.float64(), read_decimal)


def _describe_list(name: str, item: Any, decimals: Decimals) -> Column:  # noqa: ANN401 - a type
    inner = _describe(name, item, decimals)
    return Column(
        name, pa.list_(inner.type), lambda values: [_convert(inner, value) for value in values]
    )


def _describe_map(name: str, item: Any, decimals: Decimals) -> Column:  # noqa: ANN401 - a type
    if item is Any:
        return _as_json(name)
    inner = _describe(name, item, decimals)
    return Column(
        name,
        pa.map_(pa.string(), inner.type),
        lambda values: [(key, _convert(inner, value)) for key, value in values.items()],
    )


def _as_json(name: str) -> Column:
    return Column(name, pa.string(), lambda value: orjson.dumps(value).decode())


def _convert(column: Column, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds there
    return value if value is None or column.convert is None else column.convert(value)


def _convert_members(columns: Sequence[Column], value: Row) -> dict[str, Any]:
    return {column.name: _convert(column, value.get(column.name)) for column in columns}


def _read_day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _read_moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
