"""That the log was told of a publication: the evidence a bundle brings along, and its check.

The check needs nothing of this installation. A key that comes with the evidence shows only that the
evidence agrees with itself: who wants more brings the key that they know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay import ledger
from assay.kit.database import Database
from assay.kit.errors import NotFound
from assay.ledger import Publication
from assay.verifier import NotVerified, parse_key, verify_publication

PROOF, KEYS = "proof.tlog-proof", "log.vkey"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log's evidence of a bundle shows. `is_right` is None where there is none."""

    is_right: bool | None
    text: str


def pack_evidence(database: Database, said: Publication) -> dict[str, bytes]:
    """The members that prove a publication against the newest checkpoint: a `.tlog-proof` and the
    log's keys, one a line. None of them for what was said before there was a log.
    """
    with database.read() as connection:
        place = ledger.load_position(connection, said.sequence)
        if place is None:
            return {}
        try:
            proof = ledger.prove_publication(connection, said.publication_id)
        except NotFound:
            return {}
        keys = ledger.list_log_keys(connection, place[0])
    lines = sorted(ledger.format_vkey(key.name, key.public_key) for key in keys)
    return {PROOF: proof, KEYS: "".join(f"{line}\n" for line in lines).encode()}


def check_evidence(members: Mapping[str, bytes], trusted: Sequence[str] = ()) -> Evidence:
    """Whether a log whose key is `trusted` (default: those of the bundle) holds the header and
    rows of a bundle.
    """
    if PROOF not in members:
        if trusted:
            return Evidence(False, "the bundle has no proof that a key could be held against")
        return Evidence(None, "the bundle has no proof: it says nothing of when this was said")
    texts = list(trusted) or members.get(KEYS, b"").decode(errors="replace").splitlines()
    try:
        keys = [parse_key(text) for text in texts]
        statement = verify_publication(members["rows.json"], members[PROOF], keys)
    except NotVerified as error:
        return Evidence(False, str(error))
    place = f"entry {statement.index} of {statement.head.size} of {statement.head.origin}"
    if statement.header != members["header.json"]:
        return Evidence(False, f"{place} is another publication")
    whose = "your key" if trusted else "the bundle's own key"
    return Evidence(True, f"{place}, signed by {whose} {', '.join(statement.signed_by)}")
