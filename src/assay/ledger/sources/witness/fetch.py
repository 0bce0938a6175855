"""Asking a witness over HTTP."""

from typing import TYPE_CHECKING, Final

from assay.ledger.outside import Witness
from assay.ledger.sources.http import post
from assay.ledger.sources.witness.parse import Answer, parse_answer

if TYPE_CHECKING:
    from assay.kit.upstream.http import HttpUpstream

BODY_BYTES: Final = 64 * 1024
"""Far more than the cosignatures of one witness."""


async def add_checkpoint(http: "HttpUpstream", witness: Witness, body: bytes) -> Answer:
    """Post one add-checkpoint request. A repeated one does no harm: the witness has it already.

    Raises SourceUnavailable (no answer, 5xx, 429), SourceMalformed.
    """
    status, answer = await post(
        http, f"{witness.url}/add-checkpoint", "text/plain; charset=utf-8", body
    )
    return parse_answer(status, answer)
