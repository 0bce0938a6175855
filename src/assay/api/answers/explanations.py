"""Answers about why a token has its grade."""

from datetime import date

from assay.api.answers.common import find_token, write_envelope, write_json
from assay.api.answers.published import find_publication
from assay.api.kinds.grades import GRADES
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.grades import GradeKind
from assay.ledger import Publication
from assay.markets.types import Token


def find_graded(
    state: ApiState, facts: Facts, kind: GradeKind, name: str, as_of: date | None
) -> tuple[Publication, Token]:
    """The publication of a day and the token that `name` meant on it."""
    publication = find_publication(state, facts, GRADES[kind].said, as_of)
    return publication, find_token(facts.registry, name, publication.as_of)


def write_explanation(publication: Publication, explanation: object) -> Content:
    """Why a token has its grade, beside the publication that said the grade."""
    return write_envelope(
        write_json(explanation),
        publication.as_of,
        publication=publication.publication_id,
        origin=publication.origin.value,
    )
