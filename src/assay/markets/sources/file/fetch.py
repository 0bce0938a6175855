"""Opening a file of candles. Every way in which a file can be bad becomes one clear error."""

from pathlib import Path

import polars as pl

from assay.kit.errors import BadInput, NotFound, SourceMalformed

_CSV = {".csv", ".txt", ".gz"}
_PARQUET = {".parquet", ".pq"}


def fetch_file(path: Path) -> pl.DataFrame:
    """The table in a CSV or Parquet file, CSV columns as text.

    Raises `NotFound` for no such file, `BadInput` for an empty, unreadable or foreign one and
    `SourceMalformed` for one that breaks off.
    """
    kind = path.suffix.lower()
    if kind not in _CSV | _PARQUET:
        raise BadInput(
            f"{path.name} is neither CSV nor Parquet by its name.",
            hint="Give a file that ends in .csv, .csv.gz or .parquet.",
        )
    try:
        with path.open("rb") as handle:
            payload = handle.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"There is no file {path}.", hint="Check the path.") from error
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.",
            hint="Give a readable file; a folder is imported file by file.",
        ) from error
    if not payload.strip():
        raise BadInput(f"{path.name} is empty.", hint="Export it again; nothing was imported.")
    frame = _read_parquet(path, payload) if kind in _PARQUET else _read_csv(path, payload)
    if frame.height == 0:
        raise BadInput(f"{path.name} has no rows.", hint="Export it again; nothing was imported.")
    return frame


def _read_parquet(path: Path, payload: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(payload)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceMalformed(
            f"{path.name} is no whole Parquet file: {_first_line(error)}.",
            hint="It may have been cut off while copying; copy or export it again."
            " Nothing was imported.",
        ) from error


def _read_csv(path: Path, payload: bytes) -> pl.DataFrame:
    if b"\0" in payload[:1024] and path.suffix.lower() != ".gz":
        raise SourceMalformed(
            f"{path.name} is no CSV file in UTF-8: it holds zero bytes (UTF-16 does).",
            hint="Export it as CSV in UTF-8. Nothing was imported.",
        )
    try:
        return pl.read_csv(payload, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise SourceMalformed(
            f"{path.name} is no readable CSV file: {_first_line(error)}.",
            hint="Write it whole, in UTF-8, with one header line and commas. Nothing was imported.",
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0].rstrip(".")
