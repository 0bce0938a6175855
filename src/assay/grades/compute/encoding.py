"""An artefact as three files of text, and back: what its digest is over.

manifest.json holds the dates, the features, the calibration and the hash of the other two;
linear.json the linear weights; trees.txt LightGBM's own text. The digest is the SHA-256 of the
manifest's bytes, so it stands for all of it. No pickle, nothing that runs code when read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np

from assay.grades.types import Artefact, Calibration, GradeKind, LinearPart
from assay.kit.errors import Corrupt

FORMAT = 1
MANIFEST, LINEAR, TREES = "manifest.json", "linear.json", "trees.txt"


def encode_artefact(artefact: Artefact) -> tuple[str, dict[str, bytes]]:
    """(digest, bytes of each file)."""
    linear = _encode_linear(artefact.linear)
    trees = artefact.trees.encode()
    manifest = _encode(
        {
            "format": FORMAT,
            "kind": artefact.kind.value,
            "horizon_days": artefact.horizon_days,
            "refit_day": artefact.refit_day.isoformat(),
            "trained_through": artefact.trained_through.isoformat(),
            "outcome_days": artefact.outcome_days,
            "features": list(artefact.features),
            "tree_regimes": list(artefact.tree_regimes),
            "calibration": asdict(artefact.calibration),
            "training_rows": artefact.training_rows,
            "training_days": artefact.training_days,
            "settings": artefact.settings,
            "sha256": {LINEAR: _hash(linear), TREES: _hash(trees)},
        }
    )
    return _hash(manifest), {MANIFEST: manifest, LINEAR: linear, TREES: trees}


def seal_artefact(draft: Artefact) -> Artefact:
    """`draft` with the digest of its parts."""
    return replace(draft, digest=encode_artefact(draft)[0])


def parse_artefact(parts: dict[str, bytes], where: str) -> Artefact:
    """The artefact in `parts`, checked against its hashes.

    Raises Corrupt, naming `where`, for a part that is missing, changed or unreadable, and for a
    format that this version does not know.
    """
    try:
        manifest = json.loads(parts[MANIFEST])
        if manifest["format"] != FORMAT:
            raise _broken(where, f"it has format {manifest['format']}, this version reads {FORMAT}")
        for name in (LINEAR, TREES):
            if _hash(parts[name]) != manifest["sha256"][name]:
                raise _broken(where, f"{name} is not what its manifest says")
        return _parse(manifest, json.loads(parts[LINEAR]), parts)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(where, f"it cannot be read ({error!r})") from error


def _parse(manifest: dict[str, Any], linear: dict[str, Any], parts: dict[str, bytes]) -> Artefact:
    calibration = manifest["calibration"]
    low, high = (tuple(float(edge) for edge in calibration[side]) for side in ("low", "high"))
    if len(low) != 3 or len(high) != 3:
        raise ValueError("three thirds of volatility are needed")
    return Artefact(
        kind=GradeKind(manifest["kind"]),
        refit_day=date.fromisoformat(manifest["refit_day"]),
        trained_through=date.fromisoformat(manifest["trained_through"]),
        outcome_days=int(manifest["outcome_days"]),
        features=tuple(manifest["features"]),
        linear=LinearPart(
            weights=np.array(linear["weights"], dtype=np.float64),
            squares=np.array(linear["squares"], dtype=np.float64),
            interactions=np.array(linear["interactions"], dtype=np.float64),
            regimes=tuple(linear["regimes"]),
        ),
        trees=parts[TREES].decode(),
        tree_regimes=tuple(manifest["tree_regimes"]),
        calibration=Calibration(
            slope=float(calibration["slope"]),
            slope_days=int(calibration["slope_days"]),
            low=(low[0], low[1], low[2]),
            high=(high[0], high[1], high[2]),
            shrink=float(calibration["shrink"]),
            interval_days=int(calibration["interval_days"]),
        ),
        training_rows=int(manifest["training_rows"]),
        training_days=int(manifest["training_days"]),
        settings=dict(manifest["settings"]),
        digest=_hash(parts[MANIFEST]),
    )


def create_model_card(artefact: Artefact) -> str:
    """The artefact in words, as Markdown."""
    calibration = artefact.calibration
    linear = artefact.linear
    order = np.argsort(-np.abs(linear.weights), kind="stable")[:10]
    heavy = "\n".join(
        f"| {artefact.features[i]} | {linear.weights[i]:+.4f} | {linear.squares[i]:+.4f} |"
        for i in order
    )
    edges = "\n".join(
        f"| {name} | {calibration.low[i]:+.3f} | {calibration.high[i]:+.3f} |"
        for i, name in enumerate(("calm", "middle", "wild"))
    )
    settings = "\n".join(f"- {name}: {value}" for name, value in artefact.settings.items())
    return f"""# {artefact.name}

Grades coins by where their log return over {artefact.horizon_days} days, bought at the close of the
next day, will stand among the day's coins. Research, not advice. It cannot foretell a single coin's
price, and its order of coins is right only a little more often than not.

- Refitted at the close of {artefact.refit_day}; trained on {artefact.training_days} days through
  {artefact.trained_through} ({artefact.training_rows} coin days). Their outcomes were known by
  {artefact.known_from}; it refuses to judge any earlier day.
- {len(artefact.features)} ranked characteristics; a ridge with squares and interactions with
  {", ".join(linear.regimes)}; extremely randomised trees that also see ranks times
  {", ".join(artefact.tree_regimes)}; half each.
- P(beats the median coin) = logistic({calibration.slope} z), from {calibration.slope_days} days of
  scores made before their outcomes were known.
- Digest: {artefact.digest}

## Largest linear weights

| characteristic | on its rank | on its square |
|---|---|---|
{heavy}

## 90 % interval, in units of shrunk daily volatility times the root of the horizon

| third of volatility | 5 % | 95 % |
|---|---|---|
{edges}

From {calibration.interval_days} days before the refit; volatility drawn {calibration.shrink:.0%}
towards the median coin's.

## Settings

{settings}
"""


def _encode_linear(linear: LinearPart) -> bytes:
    return _encode(
        {
            "weights": linear.weights.tolist(),
            "squares": linear.squares.tolist(),
            "interactions": linear.interactions.tolist(),
            "regimes": list(linear.regimes),
        }
    )


def _encode(content: dict[str, object]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _broken(where: str, why: str) -> Corrupt:
    return Corrupt(
        f"The model in {where} is not usable: {why}.",
        hint="Restore it, or train again with `assay train`.",
    )
