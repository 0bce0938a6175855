"""Reading the files of the sample out of the installed package."""

import hashlib
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

import polars as pl

from assay.kit.errors import Corrupt
from assay.markets.sources.sample.parse import (
    Manifest,
    SampleFile,
    parse_manifest,
    parse_registry,
)
from assay.markets.types import Registry


def _file(name: str) -> Traversable:
    return files("assay.samples") / name


def fetch_manifest() -> Manifest:
    """What the bundled sample holds."""
    return parse_manifest(_file("sample.json").read_text(encoding="utf-8"))


def fetch_registry() -> Registry:
    """The tokens that ship with the package."""
    return parse_registry(_file("registry.toml").read_text(encoding="utf-8"))


def fetch_sample_file(file: SampleFile) -> pl.DataFrame:
    """The candles of one file, checked against its digest. Raises `Corrupt` if they differ."""
    with as_file(_file(file.name)) as path:
        payload = path.read_bytes()
    if hashlib.sha256(payload).hexdigest() != file.sha256:
        raise Corrupt(
            f"The bundled file {file.name} is damaged.",
            hint="Install the package again; its files were changed.",
        )
    return pl.read_parquet(payload)
