"""A writer for each bulk format: rows or record batches in, bytes out, nothing kept back but what a
row group of Parquet needs. Pure.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from assay.api.formats.columns import Column, Columns, Decimals, Row, describe_columns
from assay.api.formats.decimals import format_decimals, format_moments
from assay.api.negotiation import Format
from assay.api.schemas import Shape

Body = bytes | memoryview
"""A piece of an answer."""

ROW_GROUP = 131_072
"""Rows of a Parquet row group: what is held before it is written."""


class Writer(Protocol):
    """One list in one format, written piece by piece."""

    def begin(self) -> bytes:
        """What stands before all rows."""
        ...

    def write_rows(self, rows: Sequence[Row]) -> Body:
        """Rows as JSON has them: decimals are strings."""
        ...

    def write_batch(self, batch: Any) -> Body:  # noqa: ANN401 - pyarrow has no types
        """A record batch of the shape's columns: decimals are float64."""
        ...

    def end(self) -> bytes:
        """What stands behind all rows."""
        ...


def create_writer(
    form: Format, shape: type[Shape], decimals: Decimals, metadata: Mapping[str, str]
) -> Writer:
    """The writer of a format other than JSON. `metadata` goes where the format has a place."""
    if form is Format.CSV:
        return CsvWriter(shape)
    if form is Format.NDJSON:
        return NdjsonWriter(shape)
    kind: Callable[..., Writer] = ArrowWriter if form is Format.ARROW else ParquetWriter
    return kind(describe_columns(shape, decimals), decimals, metadata)


class Sink:
    """A file that only grows, whose bytes are taken away as they come."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Keep `data` until it is taken."""
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing to let go of."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


class ArrowWriter:
    """The Arrow IPC stream: schema, batches, end."""

    def __init__(self, columns: Columns, decimals: Decimals, metadata: Mapping[str, str]) -> None:
        self.columns = columns
        self.decimals = decimals
        self.sink = Sink()
        self.schema = columns.schema.with_metadata(dict(metadata))
        self._stream = self._open()
        self._has_dictionaries = False

    def begin(self) -> bytes:
        """The schema, where the format begins with it."""
        return self.sink.take()

    def write_rows(self, rows: Sequence[Row]) -> Body:
        """Rows as a batch."""
        self._stream.write_batch(self.columns.make_batch(rows))
        return self.sink.take()

    def write_batch(self, batch: Any) -> Body:  # noqa: ANN401 - pyarrow has no types
        """A batch; its decimals become text where that is asked for. All batches of a list share
        their dictionaries.
        """
        if self.decimals is Decimals.TEXT:
            batch = as_text(batch, self.columns, keep_moments=True)
        if self._has_dictionaries:
            # The same message as the stream would write, with two copies less.
            return memoryview(batch.serialize())
        self._has_dictionaries = True
        self._stream.write_batch(batch)
        return self.sink.take()

    def end(self) -> bytes:
        """The end of the stream."""
        self._stream.close()
        return self.sink.take()

    def _open(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        return pa.ipc.new_stream(self.sink, self.schema)


class ParquetWriter:
    """Parquet, compressed by column; batches are gathered into row groups."""

    def __init__(self, columns: Columns, decimals: Decimals, metadata: Mapping[str, str]) -> None:
        self.columns = columns
        self.decimals = decimals
        self.sink = Sink()
        schema = columns.schema.with_metadata(dict(metadata))
        self._file = pq.ParquetWriter(self.sink, schema, compression="zstd")
        self._gathered: list[Any] = []
        self._rows = 0

    def begin(self) -> bytes:
        """The mark that the format begins with."""
        return self.sink.take()

    def write_rows(self, rows: Sequence[Row]) -> Body:
        """Rows as a batch."""
        return self._gather(self.columns.make_batch(rows))

    def write_batch(self, batch: Any) -> Body:  # noqa: ANN401 - pyarrow has no types
        """A batch; its decimals become text where that is asked for."""
        if self.decimals is Decimals.TEXT:
            batch = as_text(batch, self.columns, keep_moments=True)
        return self._gather(batch)

    def end(self) -> bytes:
        """What is gathered, and the footer."""
        self._flush()
        self._file.close()
        return self.sink.take()

    def _gather(self, batch: Any) -> bytes:  # noqa: ANN401 - pyarrow has no types
        self._gathered.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()
        return self.sink.take()

    def _flush(self) -> None:
        if self._gathered:
            self._file.write_table(pa.Table.from_batches(self._gathered, self.columns.schema))
        self._gathered.clear()
        self._rows = 0


class NdjsonWriter:
    """One JSON object a line, as it stands in the `data` of the JSON answer."""

    def __init__(self, shape: type[Shape]) -> None:
        self.columns = describe_columns(shape)

    def begin(self) -> bytes:
        """Nothing."""
        return b""

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        """A line for each row, byte for byte as JSON has it."""
        options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
        return b"".join(orjson.dumps(row, option=options) for row in rows)

    def write_batch(self, batch: Any) -> bytes:  # noqa: ANN401 - pyarrow has no types
        """A line for each row, members in the order of the shape."""
        return as_frame(batch, self.columns).write_ndjson().encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


class CsvWriter:
    """Comma-separated values with a head line. A struct's members are columns with dotted names, a
    list or mapping is its JSON; null is empty.
    """

    def __init__(self, shape: type[Shape]) -> None:
        self.columns = describe_columns(shape, Decimals.TEXT)
        self.paths = list_leaves(self.columns.columns)

    def begin(self) -> bytes:
        """The head line."""
        return _write_lines([[".".join(path) for path in self.paths]])

    def write_rows(self, rows: Sequence[Row]) -> bytes:
        """A line for each row."""
        return _write_lines([[_show(_read(row, path)) for path in self.paths] for row in rows])

    def write_batch(self, batch: Any) -> bytes:  # noqa: ANN401 - pyarrow has no types
        """A line for each row."""
        return as_frame(batch, self.columns).write_csv(include_header=False).encode()

    def end(self) -> bytes:
        """Nothing."""
        return b""


def as_text(batch: Any, columns: Columns, *, keep_moments: bool = False) -> Any:  # noqa: ANN401
    """A batch whose decimals, and unless kept its moments, are the strings that JSON says."""
    arrays, names = [], []
    for column, array in zip(columns.columns, batch.columns, strict=True):
        if pa.types.is_floating(array.type):
            array = format_decimals(array)
        elif pa.types.is_timestamp(array.type) and not keep_moments:
            array = format_moments(array)
        arrays.append(array)
        names.append(column.name)
    return pa.RecordBatch.from_arrays(arrays, names=names)


def as_frame(batch: Any, columns: Columns) -> pl.DataFrame:  # noqa: ANN401 - pyarrow has no types
    """The same as a data frame, for the writers of lines."""
    frame = pl.from_arrow(as_text(batch, columns))
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a batch became a single series")
    return frame


def list_leaves(columns: Sequence[Column], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of all members that are not structs, in order."""
    paths: list[tuple[str, ...]] = []
    for column in columns:
        path = (*before, column.name)
        paths += list_leaves(column.inner, path) if column.inner else [path]
    return paths


def _read(row: Row, path: Sequence[str]) -> Any:  # noqa: ANN401 - whatever JSON holds there
    value: Any = row
    for name in path:
        value = None if value is None else value.get(name)
    return value


def _show(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds there
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    written = orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
    return written[1:-1] if written.startswith('"') else written


def _write_lines(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()
