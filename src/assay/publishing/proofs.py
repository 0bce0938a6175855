"""Checking what was published: compute it again from its facts, here or elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import orjson

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import BadInput, SourceMalformed
from assay.kit.home import Home
from assay.kit.moments import parse_utc
from assay.ledger import Publication
from assay.publishing.bundles import (
    damaged_bundle,
    name_tokens,
    pack_facts,
    pack_hours,
    pack_tokens,
    read_bundle,
    unpack_facts,
    write_bundle,
)
from assay.publishing.code import code_version
from assay.publishing.evidence import Evidence, check_evidence, pack_evidence
from assay.publishing.facts import KnownFacts, load_facts
from assay.publishing.said import Load, Look, SaidBook, stored
from assay.publishing.service import Judged, judge
from assay.publishing.types import Speaker


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be equal, with the digest that was published."""

    name: str
    is_equal: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of computing a publication again."""

    publication_id: str
    checks: tuple[Check, ...]
    hint: str
    evidence: Evidence | None = None

    @property
    def is_equal(self) -> bool:
        """True if every byte that was published came out again, and no evidence is wrong."""
        is_proved = self.evidence is None or self.evidence.is_right is not False
        return is_proved and all(check.is_equal for check in self.checks)

    @property
    def differences(self) -> tuple[str, ...]:
        """The names of what came out otherwise."""
        named = tuple(check.name for check in self.checks if not check.is_equal)
        is_wrong = self.evidence is not None and self.evidence.is_right is False
        return (*named, "log evidence") if is_wrong else named


def reproduce_publication(
    home: Home, database: Database, speakers: Sequence[Speaker], publication_id: str
) -> Reproduction:
    """Judge the publication's day again from this home's facts and from what was said before it.

    Raises NotFound for an unknown id, BadInput for a kind that none of `speakers` says.
    """
    said = _load(database, publication_id)
    if said.withdraws is not None:
        return check_withdrawal(said.header, said.rows, publication_id)
    speaker = find_speaker(speakers, said.kind)
    facts = load_facts(home, said.as_of, said.facts_recorded_by)
    return compare(
        said.header,
        said.rows,
        publication_id,
        _judge_again(speaker, said.as_of, said.hour, facts, stored(database, said))[0],
        speaker.sources,
    )


def reproduce_bundle(
    path: Path, speakers: Sequence[Speaker], keys: Sequence[str] = ()
) -> Reproduction:
    """Judge a bundle's day again from what the bundle holds, and check its evidence of the log
    with `keys` (default: its own); needs no home.

    Raises NotFound for a missing file, SourceMalformed for one that is no bundle.
    """
    members = read_bundle(path)
    with damaged_bundle(path):
        return _reproduce_members(members, speakers, keys)


def _reproduce_members(
    members: Mapping[str, bytes], speakers: Sequence[Speaker], keys: Sequence[str]
) -> Reproduction:
    header = orjson.loads(members["header.json"])
    speaker = find_speaker(speakers, header["kind"])
    day, hour = ledger.parse_as_of(header["as_of"])
    facts = unpack_facts(members, day, parse_utc(header["facts_recorded_by"]))

    def load(kind: str, asked: date) -> bytes | None:
        return members.get(f"said/{kind}/{asked}.json")

    digest = ledger.compute_digest(members["header.json"])
    found = compare(
        members["header.json"],
        members["rows.json"],
        f"{header['kind']}-{header['as_of']}-{digest[:12]}",
        _judge_again(speaker, day, hour, facts, load)[0],
        speaker.sources,
    )
    return replace(found, evidence=check_evidence(members, keys))


def export_publication(
    home: Home,
    database: Database,
    speakers: Sequence[Speaker],
    publication_id: str,
    path: Path,
) -> None:
    """Write a publication, the facts and the statements it read into one zip file."""
    said = _load(database, publication_id)
    speaker = find_speaker(speakers, said.kind)
    facts = load_facts(home, said.as_of, said.facts_recorded_by)
    load = stored(database, said)
    _, looks = _judge_again(speaker, said.as_of, said.hour, facts, load)
    members = {
        "header.json": said.header,
        "rows.json": said.rows,
        **pack_evidence(database, said),
        **{name_tokens(day): pack_tokens(facts.tokens(day)) for day in facts.asked_days},
        **pack_facts(_list_days(facts, said)),
    }
    for kind, day, _ in looks:
        rows = load(kind, day)
        if rows is not None:
            members[f"said/{kind}/{day}.json"] = rows
    if speaker.is_hourly:
        members["facts/hours.parquet"] = pack_hours(facts.hours(said.as_of))
    write_bundle(path, members)


def find_speaker(speakers: Sequence[Speaker], kind: str) -> Speaker:
    """Who says a kind. Raises BadInput when nobody does."""
    for speaker in speakers:
        if speaker.kind.name == kind:
            return speaker
    known = ", ".join(speaker.kind.name for speaker in speakers)
    raise BadInput(f"Nobody here says {kind[:60]}.", hint=f"Kinds that can be checked: {known}.")


def compare(
    header: bytes, rows: bytes, publication_id: str, judged: Judged, sources: Sequence[str]
) -> Reproduction:
    """What was published beside what came out again."""
    said = orjson.loads(header)
    checks = (
        *_check_sealed(header, rows, publication_id),
        Check("inputs", judged.inputs_digest == said["inputs_digest"], said["inputs_digest"]),
        Check("model", judged.model == said["model"], said["model"]),
        Check("computed rows", judged.payload == rows, said["rows_digest"]),
    )
    hint = ""
    if said["code"] != code_version(sources):
        hint = f"It was published by code {said['code']}; this is {code_version(sources)}."
    return Reproduction(publication_id, checks, hint)


def check_withdrawal(header: bytes, rows: bytes, publication_id: str) -> Reproduction:
    """A withdrawal takes something back and computes nothing: only its own bytes can be checked."""
    return Reproduction(publication_id, _check_sealed(header, rows, publication_id), "")


def _check_sealed(header: bytes, rows: bytes, publication_id: str) -> tuple[Check, ...]:
    digest = ledger.compute_digest(header)
    seals = ledger.check_seals(header, rows)
    return (
        Check("header", publication_id.endswith(f"-{digest[:12]}"), digest),
        *(Check(seal.name, seal.is_right, seal.sealed) for seal in seals),
    )


def _judge_again(
    speaker: Speaker, day: date, hour: int | None, facts: KnownFacts, load: Load
) -> tuple[Judged, list[Look]]:
    looks: list[Look] = []

    def listen(kind: str, asked: date) -> bytes | None:
        looks.append((kind, asked, None))
        return load(kind, asked)

    book = SaidBook(listen, (speaker.kind.name, *speaker.reads))
    for judged in judge(speaker, [day], facts, book):
        if judged.hour == hour:
            return judged, looks
    raise SourceMalformed(
        f"The facts at hand allow no {speaker.kind.name} of {day}.",
        hint="Export the publication again, where it was published.",
    )


def _list_days(facts: KnownFacts, said: Publication) -> dict[date, KnownFacts]:
    """The facts by the days they are asked for: an hour reads the daily facts of the day before."""
    before = {} if said.hour is None else {said.as_of - timedelta(days=1): facts}
    return {**before, said.as_of: facts}


def _load(database: Database, publication_id: str) -> Publication:
    with database.read() as connection:
        return ledger.load_publication(connection, publication_id)
