"""Reading a witness' answers. Pure. Source: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature."""

import re
from dataclasses import dataclass
from typing import Final

from assay.kit.errors import SourceMalformed
from assay.verifier import NotVerified, VerifierKey, list_signatures, parse_note

SEEN: Final = 200
CONFLICT: Final = 409
NOT_EXTENDED: Final = 422

_REFUSED: Final = {
    400: "it cannot read the request",
    403: "it does not know the key that signs the log",
    404: "it does not know the log's origin",
}
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to add-checkpoint: its status, signature lines (200), latest size (409).

    `size` is None where a 409 names none: then the tree of the size that was asked is another one.
    """

    status: int
    lines: tuple[bytes, ...] = ()
    size: int | None = None

    @property
    def refusal(self) -> str:
        """Why a status that is neither 200, 409 nor 422 was given, in words."""
        return _REFUSED.get(self.status, f"it answered {self.status}")


def parse_answer(status: int, body: bytes) -> Answer:
    """Read status and body."""
    if status == SEEN:
        return Answer(status, tuple(line + b"\n" for line in body.split(b"\n") if line))
    found = _SIZE.fullmatch(body) if status == CONFLICT else None
    return Answer(status, size=int(found.group(1)) if found else None)


def parse_cosignature(lines: tuple[bytes, ...], key: VerifierKey, text: bytes) -> tuple[int, bytes]:
    """(POSIX seconds, line) of the cosignature by `key` of the checkpoint text among the lines;
    lines of other keys are ignored.

    Raises SourceMalformed where there is none or it does not hold.
    """
    for line in lines:
        try:
            times = list_signatures(parse_note(text + b"\n" + line), key)
        except NotVerified as error:
            raise SourceMalformed(
                f"{key.name} sent a cosignature that does not hold: {error}",
                hint="Compare its vkey in ASSAY_WITNESSES with the one it publishes.",
            ) from error
        if times:
            return times[0], line
    raise SourceMalformed(
        f"{key.name} sent no cosignature of its key.",
        hint="Compare its vkey in ASSAY_WITNESSES with the one it publishes.",
    )
