"""The panel on disk: one immutable folder a generation, and a pointer that is swapped by rename.

Readers map the arrays of the generation that was current when they asked and keep it for as long
as they like; the generation before the current one stays on disk, older ones are removed.
"""

import io
import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kit.atomic import publish_directory, remove_directory, storage_errors, write_atomic
from assay.kit.errors import Corrupt, NotFound
from assay.kit.home import Home
from assay.kit.moments import format_utc, parse_utc
from assay.markets.layout import FIELDS, LateRows, Layout
from assay.markets.types import Panel, Redenomination

FORMAT = 1
_LATE = ("token_ids", "days", "values", "known_at", "recorded_at")


@dataclass(frozen=True)
class Generation:
    """One generation: the mapped arrays and what they were built from.

    `imports` are the ids in order of their numbers, `recorded_at` their moments, by number.
    """

    name: str
    panel: Panel
    layout: Layout
    late: LateRows
    imports: tuple[str, ...]
    recorded_at: dict[int, datetime]
    changes: tuple[tuple[int, Redenomination], ...]
    digest: str


def describe_change(token_id: int, change: Redenomination) -> list[Any]:
    """A redenomination as `meta.json` holds it."""
    recorded = None if change.recorded_at is None else format_utc(change.recorded_at)
    known = format_utc(change.known_at)
    return [int(token_id), change.day.isoformat(), change.factor, known, recorded]


def _change(row: list[Any]) -> tuple[int, Redenomination]:
    token_id, day, factor, known, recorded = row
    recorded_at = None if recorded is None else parse_utc(recorded)
    return token_id, Redenomination(date.fromisoformat(day), factor, parse_utc(known), recorded_at)


def current_name(home: Home) -> str | None:
    """Name of the current generation; None before the first."""
    try:
        return (home.panel / "CURRENT").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def save_generation(
    home: Home,
    layout: Layout,
    unit: NDArray[np.float64],
    late: LateRows,
    meta: dict[str, Any],
) -> str:
    """Write the next generation and make it current. Raises `StorageFull`; the old one then stays.

    Call it under the writer's lock.
    """
    home.panel.mkdir(parents=True, exist_ok=True)
    numbers = [int(path.name.removeprefix("gen-")) for path in home.panel.glob("gen-*")]
    name = f"gen-{max(numbers, default=0) + 1:06d}"
    staged = home.panel / f".{name}.staged"
    remove_directory(staged)
    try:
        with storage_errors("the panel"):
            staged.mkdir()
            _write(staged / "token_ids.npy", layout.token_ids)
            for field in FIELDS:
                if field != "market_cap" or not np.isnan(layout.fields[field]).all():
                    _write(staged / f"{field}.npy", layout.fields[field])
            _write(staged / "unit.npy", unit)
            _write(staged / "number.npy", layout.number)
            for field in _LATE:
                _write(staged / f"late_{field}.npy", getattr(late, field))
            text = json.dumps({"format": FORMAT, **meta}, indent=1)
            (staged / "meta.json").write_text(text, encoding="utf-8")
            publish_directory(staged, home.panel / name)
        write_atomic(home.panel / "CURRENT", name.encode())
    finally:
        remove_directory(staged)
    remove_old(home)
    return name


def _write(path: Path, array: NDArray[Any]) -> None:
    # numpy writes to a file by itself and then does not say that the disk is full.
    buffer = io.BytesIO()
    np.save(buffer, array)
    path.write_bytes(buffer.getbuffer())


def remove_old(home: Home) -> None:
    """Delete what no new reader can reach: all but the current generation and the one before."""
    current = current_name(home)
    for path in home.panel.glob(".gen-*.staged"):
        remove_directory(path)
    names = sorted(path.name for path in home.panel.glob("gen-*"))
    kept = {name for name in names if current is not None and name <= current}
    for name in names:
        if name not in sorted(kept)[-2:]:
            shutil.rmtree(home.panel / name, ignore_errors=True)


def load_generation(home: Home) -> Generation:
    """The current generation, mapped read-only.

    Raises `NotFound` before the first import and `Corrupt` for damaged files.
    """
    for _ in range(100):
        name = current_name(home)
        if name is None:
            raise NotFound(
                "There are no daily candles yet.",
                hint="Import some with `assay import candles FILE`.",
            )
        try:
            return _read(home.panel / name)
        except FileNotFoundError:
            # Two swaps may pass between reading the pointer and opening the files.
            if current_name(home) == name:
                break
    raise Corrupt(
        "The panel is incomplete.", hint=f"Delete {home.panel}; the next start rebuilds it."
    )


def _read(folder: Path) -> Generation:
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        arrays = {field: _map(folder / f"{field}.npy") for field in FIELDS[:-1]}
        cap = folder / "market_cap.npy"
        market_cap = _map(cap) if cap.exists() else None
        token_ids: NDArray[np.int64] = np.load(folder / "token_ids.npy")
        number: NDArray[np.int32] = np.load(folder / "number.npy", mmap_mode="r")
        late = LateRows(**{field: np.load(folder / f"late_{field}.npy") for field in _LATE})
        first_day = date.fromisoformat(meta["first_day"])
        panel = Panel(
            token_ids=token_ids,
            first_day=first_day,
            unit=_map(folder / "unit.npy"),
            market_cap=market_cap,
            complete_through=date.fromisoformat(meta["complete_through"]),
            **arrays,
        )
        _check(meta["format"] == FORMAT and number.shape == panel.close.shape)
    except (ValueError, KeyError, EOFError) as error:
        raise Corrupt(
            f"The panel in {folder.name} cannot be read: {error}.",
            hint=f"Delete {folder.parent}; the next start rebuilds it from the lake.",
        ) from error
    missing = np.full(panel.close.shape, np.nan) if market_cap is None else market_cap
    return Generation(
        name=folder.name,
        panel=panel,
        layout=Layout(token_ids, first_day, {**arrays, "market_cap": missing}, number),
        late=late,
        imports=tuple(meta["imports"]),
        recorded_at={int(n): parse_utc(moment) for n, moment in meta["recorded_at"].items()},
        changes=tuple(_change(row) for row in meta["changes"]),
        digest=meta["digest"],
    )


def _check(is_sound: bool) -> None:
    if not is_sound:
        raise ValueError("it has another format")


def _map(path: Path) -> NDArray[np.float64]:
    array: NDArray[np.float64] = np.load(path, mmap_mode="r")
    return array
