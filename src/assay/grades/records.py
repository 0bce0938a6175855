"""What is kept beside the models: the permutation null and the configurations that were tried."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import polars as pl

from assay.evaluation import Trials
from assay.grades.types import GradeKind, Matrix
from assay.kit.atomic import write_atomic
from assay.kit.home import Home


@dataclass(frozen=True)
class NullIcs:
    """Daily rank ICs of the pipeline trained on shuffled labels, [permutations, days]."""

    first_day: date
    daily: Matrix


def shipped_folder() -> Path:
    """Where the models that ship lie."""
    return Path(str(resources.files("assay") / "models"))


def null_file(kind: GradeKind) -> str:
    """Name of the file that holds a kind's null."""
    return f"{kind.value}-null.parquet"


def save_null(folder: Path, kind: GradeKind, null: NullIcs) -> None:
    """Write a null beside the artefacts it belongs to."""
    count, days = null.daily.shape
    frame = pl.DataFrame(
        {
            "permutation": np.repeat(np.arange(1, count + 1), days),
            "day": [null.first_day + timedelta(days=day) for day in range(days)] * count,
            "rank_ic": np.round(null.daily.ravel(), 6),
        }
    )
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    write_atomic(folder / null_file(kind), buffer.getvalue())


def load_null(home: Home, kind: GradeKind) -> NullIcs | None:
    """The null of a kind, the home's own before the shipped one; None where there is none."""
    for folder in (home.artefacts, shipped_folder()):
        path = folder / null_file(kind)
        if path.is_file():
            frame = pl.read_parquet(path).sort("permutation", "day")
            count = frame["permutation"].n_unique()
            first = frame["day"].min()
            if isinstance(first, date):
                return NullIcs(first, frame["rank_ic"].to_numpy().reshape(count, -1))
    return None


def load_trials(kind: GradeKind) -> Trials:
    """Every configuration tried before the shipped one was chosen (`models/tried.csv`)."""
    text = (shipped_folder() / "tried.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(StringIO(text)) if row["kind"] == kind.value]
    sharpes = [float(row["net_sharpe"]) for row in rows if row["net_sharpe"]]
    return Trials(count=len(rows), sharpes=np.array(sharpes) if len(sharpes) > 1 else None)
