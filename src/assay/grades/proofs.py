"""Checking what was published: compute it again from its facts and model, here or elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import orjson

from assay import ledger, markets, publishing
from assay.grades.artefacts import load_artefact
from assay.grades.compute.encoding import encode_artefact, parse_artefact
from assay.grades.judging import SOURCES, Models, judge_days
from assay.grades.types import Artefact, GradeKind
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.moments import close_of, parse_utc
from assay.publishing import (
    KnownFacts,
    Reproduction,
    check_evidence,
    check_withdrawal,
    compare,
    damaged_bundle,
    load_facts,
    pack_evidence,
    pack_facts,
    read_bundle,
    unpack_facts,
    write_bundle,
)

ONE_DAY = timedelta(days=1)


def reproduce_publication(home: Home, database: Database, publication_id: str) -> Reproduction:
    """Judge the publication's day again from this home's facts, as recorded when it was said.

    Raises NotFound for an unknown id or a model that is gone, BadInput for another room's kind.
    """
    with database.read() as connection:
        said = ledger.load_publication(connection, publication_id)
    kind = parse_kind(said.kind)
    if said.withdraws is not None:
        return check_withdrawal(said.header, said.rows, publication_id)
    models = _find_models(home, kind, said.model)
    changes = markets.list_revision_moments(home)
    facts = {
        day: load_facts(home, day, said.facts_recorded_by)
        for day in _days(said.as_of, models)
        if day == said.as_of or _is_revised(day, changes)
    }
    return _compare(said.header, said.rows, said.publication_id, models, facts)


def reproduce_bundle(path: Path, keys: Sequence[str] = ()) -> Reproduction:
    """Judge a bundle's day again from what the bundle holds, and check its evidence of the log
    with `keys` (default: its own); needs no home.

    Raises NotFound for a missing file, SourceMalformed for one that is no bundle, Corrupt for a
    model that does not match its digest.
    """
    members = read_bundle(path)
    with damaged_bundle(path):
        return _reproduce_members(members, keys)


def _reproduce_members(members: Mapping[str, bytes], keys: Sequence[str]) -> Reproduction:
    header = orjson.loads(members["header.json"])
    kind, day = parse_kind(header["kind"]), date.fromisoformat(header["as_of"])
    recorded_by = parse_utc(header["facts_recorded_by"])
    artefacts = _unpack_models(members)
    models = Models([artefacts[digest] for digest in header["model"].split(",")])
    facts = {
        each: unpack_facts(members, each, recorded_by)
        for each in _days(day, models)
        if each == day or f"facts/{each}/candles.parquet" in members
    }
    digest = ledger.compute_digest(members["header.json"])
    name = f"grades.{kind.value}-{day}-{digest[:12]}"
    found = _compare(members["header.json"], members["rows.json"], name, models, facts)
    return replace(found, evidence=check_evidence(members, keys))


def export_publication(home: Home, database: Database, publication_id: str, path: Path) -> None:
    """Write a publication, the facts it read and its model into one zip file."""
    with database.read() as connection:
        said = ledger.load_publication(connection, publication_id)
    models = _find_models(home, parse_kind(said.kind), said.model)
    facts = {
        day: load_facts(home, day, said.facts_recorded_by) for day in _days(said.as_of, models)
    }
    members = {
        "header.json": said.header,
        "rows.json": said.rows,
        **pack_evidence(database, said),
        **pack_facts(facts),
    }
    for artefact in models.artefacts:
        _, parts = encode_artefact(artefact)
        for name, payload in parts.items():
            members[f"models/{artefact.digest}/{name}"] = payload
    write_bundle(path, members)


def parse_kind(name: str) -> GradeKind:
    """The kind of grade behind a ledger kind. Raises BadInput for another room's."""
    room, _, kind = name.partition(".")
    if room != "grades" or kind not in set(GradeKind):
        raise BadInput(f"{name} is no kind of grade.", hint="Name a publication of a grade.")
    return GradeKind(kind)


def _find_models(home: Home, kind: GradeKind, digests: str) -> Models:
    return Models([load_artefact(home, kind, digest) for digest in digests.split(",")])


def _unpack_models(members: Mapping[str, bytes]) -> dict[str, Artefact]:
    parts: dict[str, dict[str, bytes]] = {}
    for name, payload in members.items():
        if name.startswith("models/") and name.count("/") == 2:
            _, digest, part = name.split("/")
            parts.setdefault(digest, {})[part] = payload
    return {digest: parse_artefact(files, digest) for digest, files in parts.items()}


def _days(day: date, models: Models) -> list[date]:
    return [day - ONE_DAY, day] if models.select(day - ONE_DAY) else [day]


def _is_revised(day: date, changes: Sequence[datetime]) -> bool:
    return any(close_of(day) < moment <= close_of(day + ONE_DAY) for moment in changes)


def _compare(
    header: bytes,
    rows: bytes,
    publication_id: str,
    models: Models,
    facts: Mapping[date, KnownFacts],
) -> Reproduction:
    day = date.fromisoformat(orjson.loads(header)["as_of"])
    changes = [close_of(day)] if len(facts) > 1 else []
    judged = next(
        iter(judge_days([day], models, lambda each: facts.get(each, facts[day]), changes))
    )
    again = publishing.Judged(
        day, None, judged.payload, judged.inputs_digest, ",".join(judged.models)
    )
    return compare(header, rows, publication_id, again, SOURCES)
