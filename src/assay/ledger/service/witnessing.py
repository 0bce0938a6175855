"""Witnesses: the newest checkpoint goes to each, and its cosignature is checked and kept."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import Conflict, SourceMalformed, SourceUnavailable
from assay.kit.upstream import UPSTREAMS, Upstreams
from assay.ledger.outside import Cosignature, Outside, Submission, Witness
from assay.ledger.service.proving import prove_consistency
from assay.ledger.service.waiting import run_now
from assay.ledger.sources.http import open_http
from assay.ledger.sources.witness.fetch import BODY_BYTES, add_checkpoint
from assay.ledger.sources.witness.parse import (
    CONFLICT,
    NOT_EXTENDED,
    SEEN,
    Answer,
    parse_cosignature,
)
from assay.ledger.store.log import load_checkpoint, load_log
from assay.ledger.store.outside import list_witnesses, save_cosignature
from assay.ledger.types import Log, SignedCheckpoint
from assay.verifier import VerifierKey, parse_checkpoint

if TYPE_CHECKING:
    from assay.kit.upstream.http import HttpUpstream

WAIT_S: Final = 20.0
_ROUNDS: Final = 4
_BEHIND: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=4)
"""How far the clock of a witness may be from ours. Whoever verifies takes what a cosigned tree does
not hold for said after its time, with five minutes of grace: one of them is for our own waiting.
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The newest checkpoint and the size from which its witness asks to be led to it."""

    signed: SignedCheckpoint
    old_size: int
    cosigned_at: datetime | None
    body: bytes


def submit_checkpoint(
    database: Database,
    outside: Outside,
    clock: Clock,
    *,
    wait_s: float = WAIT_S,
    upstreams: Upstreams = UPSTREAMS,
) -> list[Submission]:
    """Submit the newest checkpoint to every witness that has not cosigned it, all at once, and keep
    what they answer; how it went with each. At most `wait_s` seconds each.

    Nothing is raised for a witness in trouble: it is in the answer. Empty where there is no log.
    """
    with database.read() as connection:
        log = load_log(connection)
        has_news = log is not None and load_checkpoint(connection, log.number) is not None
    if log is None or not has_news or not outside.witnesses:
        return []

    async def submit_all() -> list[Submission]:
        async with open_http(
            clock, wait_s, BODY_BYTES, attempts=2, upstreams=upstreams
        ) as upstream:
            one = _Submitting(database, upstream, log, clock)
            tasks = (one.submit(witness, wait_s) for witness in outside.witnesses)
            return list(await asyncio.gather(*tasks))

    return run_now(submit_all)


@dataclass(frozen=True, slots=True)
class _Submitting:
    database: Database
    upstream: "HttpUpstream"
    log: Log
    clock: Clock

    async def submit(self, witness: Witness, wait_s: float) -> Submission:
        """Lead one witness to the newest checkpoint; its trouble as words."""
        seen = self._look(witness, None)
        trouble, is_alarm = "", False
        try:
            async with asyncio.timeout(wait_s):
                return await self._lead(witness, seen)
        except TimeoutError:
            trouble = f"it did not answer in {wait_s:g} s"
        except Conflict as error:
            trouble, is_alarm = error.message, True
        except (SourceUnavailable, SourceMalformed) as error:
            trouble = error.message
        return Submission(witness.key.name, seen.signed.size, None, trouble, is_alarm)

    async def _lead(self, witness: Witness, seen: _Seen) -> Submission:
        """It may know more than we remember (an answer was lost) or have been led on by another
        process meanwhile: then once more, from the size that it names.
        """
        for _ in range(_ROUNDS):
            if seen.old_size == seen.signed.size and seen.cosigned_at is not None:
                return Submission(witness.key.name, seen.signed.size, seen.cosigned_at)
            answer = await add_checkpoint(self.upstream, witness, seen.body)
            if answer.status == SEEN:
                found = read_cosignature(answer, witness.key, seen.signed, self.log, self.clock)
                with self.database.write() as connection:
                    save_cosignature(connection, self.log.number, found)
                return Submission(witness.key.name, found.size, found.cosigned_at)
            seen = self._look(witness, _next_size(answer, seen))
        raise SourceUnavailable("it names another size each time")

    def _look(self, witness: Witness, old_size: int | None) -> _Seen:
        with self.database.read() as connection:
            signed = load_checkpoint(connection, self.log.number)
            if signed is None:
                raise Conflict("the checkpoints of this log are gone")
            at = None
            if old_size is None:
                old_size, at = 0, None
                for state in list_witnesses(connection, self.log.number):
                    if state.vkey == str(witness.key) and state.size is not None:
                        old_size, at = state.size, state.cosigned_at
            if old_size > signed.size:
                raise Conflict(
                    f"it has cosigned {old_size} entries, this log has {signed.size}: this is"
                    " restored or copied state"
                )
            size = signed.size
            body = prove_consistency(connection, old_size, size, log=self.log.number)
            return _Seen(signed, old_size, at, body)


def _next_size(answer: Answer, seen: _Seen) -> int:
    """The size to begin from after a refusal. Raises Conflict, SourceUnavailable."""
    if answer.status == NOT_EXTENDED:
        raise Conflict(
            f"it has cosigned another tree of {seen.old_size} entries: the log has forked"
        )
    if answer.status != CONFLICT:
        raise SourceUnavailable(answer.refusal)
    if answer.size is None or answer.size == seen.old_size:
        if seen.old_size == seen.signed.size:
            raise Conflict(
                f"it has cosigned another tree of {seen.old_size} entries: the log has forked"
            )
        raise SourceUnavailable("it refuses without naming the size it knows")
    return answer.size


def read_cosignature(
    answer: Answer,
    key: VerifierKey,
    signed: SignedCheckpoint,
    log: Log,
    clock: Clock,
    *,
    is_fresh: bool = False,
) -> Cosignature:
    """The cosignature of a checkpoint in an answer, made just now where `is_fresh` asks so.

    Raises SourceMalformed for one that does not hold, or whose time is in the future, before the
    checkpoint was signed, or not of now where it should be.
    """
    seconds, line = parse_cosignature(answer.lines, key, parse_checkpoint(signed.note).note.text)
    now = clock.now()
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        at = datetime.max.replace(tzinfo=UTC)
    earliest = now if is_fresh else signed.signed_at
    # The clock of a replay stands in the past, the witness' own does not.
    is_early = not (log.is_replay or clock.is_replay) and at < earliest - _BEHIND
    if is_early or (not clock.is_replay and at > now + _AHEAD):
        raise SourceMalformed(
            f"{key.name} dated its cosignature {seconds} (POSIX), it is {now:%Y-%m-%dT%H:%M:%SZ}",
            hint="One of the two clocks is wrong, or somebody repeats an old answer.",
        )
    return Cosignature(key, signed.size, at, line)
