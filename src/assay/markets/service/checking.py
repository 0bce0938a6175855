"""Whether what is stored of the markets can be read: the lake's files, the panel, open imports."""

from pathlib import Path

import polars as pl

from assay.kit.errors import AssayError, NotFound
from assay.kit.home import Home
from assay.markets.service.settling import is_settled
from assay.markets.store.lake import describe_files
from assay.markets.store.panels import load_generation
from assay.markets.types import Interval


def check_lake(home: Home) -> tuple[int, list[str]]:
    """How many files the tables of the lake have, and what is wrong with them. Only their ends are
    read, so that this takes a moment.
    """
    count = 0
    faults: list[str] = []
    for interval in Interval:
        try:
            files = describe_files(home, interval)
        except AssayError as error:
            faults.append(error.message)
            continue
        for name, rows in () if files is None else files.select("path", "rows").iter_rows():
            count += 1
            faults += _check_file(Path(name), int(rows))
    return count, faults


def check_panel(home: Home) -> tuple[int, list[str]]:
    """How many tokens the current panel has, and what is wrong with it."""
    try:
        found = load_generation(home)
    except NotFound:
        return 0, []
    except AssayError as error:
        return 0, [error.message]
    if not is_settled(home):
        return len(found.panel.token_ids), ["an import was cut off, or the panel lacks one"]
    return len(found.panel.token_ids), []


def _check_file(path: Path, rows: int) -> list[str]:
    try:
        found = pl.scan_parquet(path).select(pl.len()).collect().item()
    except (OSError, pl.exceptions.PolarsError) as error:
        return [f"{path.name} cannot be read: {str(error).splitlines()[0]}"]
    return [] if found == rows else [f"{path.name} has {found} rows instead of {rows}"]
