"""Checks what an Assay installation published, without trusting it: one file that reads only files.

It needs Python 3.11 and the package `cryptography`, nothing of Assay; `python verifier.py --help`.
Exit code 0: everything holds. 1: a check failed. 2: something could not be read.

The header of a publication is an entry of a log, the log is a Merkle tree (RFC 9162 section 2.1,
SHA-256), and its publisher signs the root in a checkpoint. Read on: 1 trees, 2 checkpoints,
3 proof files, 4 statements, 5 evidence from elsewhere, 6 verdicts, 7 the command line. Formats:
c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-witness, tlog-tiles.
"""

import argparse
import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE, COSIGNATURE = 1, 4  # kinds of keys: they sign a text, or a text together with the time
EMPTY_ROOT = sha256(b"").digest()
CLOCK_SKEW = timedelta(minutes=5)  # between two clocks, and from a statement to its sealing
ANCHOR_WAIT = timedelta(hours=1)  # from a checkpoint to the block that takes it
REPLAY = "replay"  # the origin of what was said by the clock of recorded data
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError)
ATTACKS = ("altered", "wrong key", "removed", "reordered", "back-dated", "forked")


class NotVerified(Exception):
    """A check failed, which is a sign of one of these attacks."""

    def __init__(self, message: str, *attacks: str) -> None:
        super().__init__(message)
        self.attacks = attacks


class Malformed(NotVerified):
    """Something is not written as it should be, so that nothing could be checked."""


@contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else error
        raise Malformed(f"This is no {what} as it should be: {why}.") from error


# --- 1. Trees ------------------------------------------------------------------------------------


def hash_leaf(entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return sha256(b"\0" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees."""
    return sha256(b"\1" + left + right).digest()


def compute_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes: neighbours are joined, a last one without neighbour moves up."""
    level = list(leaves)
    while len(level) > 1:
        joined = [hash_node(*pair) for pair in zip(level[::2], level[1::2], strict=False)]
        level = joined + level[len(joined) * 2 :]
    return level[0] if level else EMPTY_ROOT


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` (a hash) stands at `index` of the tree of `size` leaves with this root."""
    return 0 <= index < size and _climb(index, size - 1, leaf, path)[1:] == (root,)


def is_consistent(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the tree of `old_size` leaves is a beginning of the tree of `size` leaves."""
    if old_size in (0, size):
        return old_root == (root if old_size == size else EMPTY_ROOT) and not path
    if not 0 < old_size < size or not path:
        return False
    # Both roots stand above the last complete subtree of the old tree, which may be all of it.
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first, *rest = path if place else [old_root, *path]
    return _climb(place, last, first, rest) == (old_root, root)


def _climb(place: int, last: int, node: bytes, path: Sequence[bytes]) -> tuple[bytes, ...]:
    # The roots above a node: of the tree that ends with it, and of the one that ends at `last`.
    old = new = node
    for item in path:
        if last == 0:
            return ()
        if place & 1 or place == last:
            old, new = hash_node(item, old), hash_node(item, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = hash_node(new, item)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else ()


# --- 2. Checkpoints ------------------------------------------------------------------------------


class VerifierKey(NamedTuple):
    """A public Ed25519 key (32 bytes) with its name; `kind` is SIGNATURE or COSIGNATURE."""

    name: str
    kind: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart."""
        return sha256(b"%s\n%c%s" % (self.name.encode(), self.kind, self.public_key)).digest()[:4]

    def __str__(self) -> str:
        blob = b64encode(bytes([self.kind]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{blob}"


class Note(NamedTuple):
    """A text and its signature lines: (name of the key, id of the key, signature)."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


class TreeHead(NamedTuple):
    """What a checkpoint says: `root` is the root over the first `size` entries of log `origin`."""

    origin: str
    size: int
    root: bytes
    note: Note


@_reading("verifier key")
def parse_key(text: str) -> VerifierKey:
    """Read a verifier key, `name+id+base64`. Raises Malformed."""
    name, key_id, blob = _match(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)", text.strip())
    kind, *public_key = _decode(blob)
    key = VerifierKey(name, kind, bytes(public_key))
    if len(public_key) != 32 or kind not in (SIGNATURE, COSIGNATURE) or key.key_id.hex() != key_id:
        raise ValueError("name, id and Ed25519 key do not belong together")
    return key


@_reading("signed note")
def parse_note(raw: bytes) -> Note:
    """Read a signed note; says nothing about its signatures. Raises Malformed."""
    text, _, lines = raw.decode().rpartition("\n\n")
    signatures = []
    for line in lines.split("\n")[:-1]:
        name, blob = _match("\N{EM DASH} ([^\\s+]+) (\\S+)", line)
        signatures.append((name, _decode(blob)[:4], _decode(blob)[4:]))
    if not text or not lines.endswith("\n") or re.search(r"[\0-\t\v-\x1f]", text):
        raise ValueError("it is a text, an empty line and lines of signatures")
    if len(signatures) > 100:
        raise ValueError("it has more than 100 signatures")
    return Note(f"{text}\n".encode(), tuple(signatures))


@_reading("checkpoint")
def parse_checkpoint(raw: bytes) -> TreeHead:
    """Read a checkpoint; says nothing about its signatures. Raises Malformed."""
    note = parse_note(raw)
    origin, size, root, *extensions = note.text.decode()[:-1].split("\n")
    if not origin or not all(extensions):
        raise ValueError("a line is empty")
    return TreeHead(origin, _size(size), _decode(root, 32), note)


def list_signatures(note: Note, key: VerifierKey) -> list[int]:
    """When `key` signed: POSIX seconds of each cosignature, 0 for a signature without time; empty
    where it did not sign. Raises NotVerified where a signature in its name does not hold.
    """
    times = []
    for name, key_id, blob in note.signatures:
        if (name, key_id) != (key.name, key.key_id):
            continue
        time, signature, text = 0, blob, note.text
        if key.kind == COSIGNATURE:
            time, signature = int.from_bytes(blob[:8], "big"), blob[8:]
            text = b"cosignature/v1\ntime %d\n%s" % (time, note.text)
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, text)
        except (InvalidSignature, ValueError):
            message = f"The signature of {name} does not belong to this checkpoint."
            raise NotVerified(message, "altered", "wrong key") from None
        times.append(time)
    return times


def check_signed(head: TreeHead, keys: Sequence[VerifierKey]) -> tuple[str, ...]:
    """The names of the keys that signed a checkpoint: only such as are named like its log, because
    one key may sign many logs. Raises NotVerified where none of them did.
    """
    own = [key for key in keys if key.kind == SIGNATURE and key.name == head.origin]
    names = tuple(key.name for key in own if list_signatures(head.note, key))
    if not names:
        raise NotVerified(f"No given key is of {head.origin} and signed its tree.", "wrong key")
    return names


# --- 3. Proof files ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A `.tlog-proof` file: joins entry `index` to a checkpoint's tree and brings `extra` along."""

    index: int
    path: list[bytes]
    head: TreeHead
    extra: bytes


class Extension(NamedTuple):
    """A consistency file: joins the tree of the first `old_size` entries to a checkpoint's."""

    old_size: int
    path: list[bytes]
    head: TreeHead


@_reading("proof of inclusion")
def parse_inclusion(raw: bytes) -> Inclusion:
    """Read a `.tlog-proof` file, c2sp.org/tlog-proof@v1. Raises Malformed."""
    extra, rest = _match(r"c2sp\.org/tlog-proof@v1\n(?:extra (\S*)\n)?((?s:.*))", raw.decode())
    return Inclusion(*_parse_path("index", rest), _decode(extra or ""))


@_reading("proof of consistency")
def parse_extension(raw: bytes) -> Extension:
    """Read a consistency file, the body of a witness' add-checkpoint. Raises Malformed."""
    return Extension(*_parse_path("old", raw.decode()))


def _parse_path(name: str, text: str) -> tuple[int, list[bytes], TreeHead]:
    above, _, checkpoint = text.partition("\n\n")
    number, *path = above.split("\n")
    if len(path) > 63:
        raise ValueError("it has more than 63 hashes")
    number = _match(f"{name} (.*)", number)[0]
    return _size(number), [_decode(x, 32) for x in path], parse_checkpoint(checkpoint.encode())


def _match(pattern: str, text: str) -> tuple[str, ...]:
    if not (found := re.fullmatch(pattern, text)):
        raise ValueError(f"{text[:40]!r} cannot be read")
    return found.groups()


def _size(text: str) -> int:
    return int(_match("(0|[1-9][0-9]{0,18})", text)[0])


def _decode(text: str, length: int | None = None) -> bytes:
    found = b64decode(text, validate=True)
    if b64encode(found).decode() != text or length not in (None, len(found)):
        raise ValueError(f"{text[:40]!r} is not the base64 form of {length or 'some'} bytes")
    return found


def _load(raw: bytes) -> dict[str, Any]:
    _refuse_depth(raw)
    found: dict[str, Any] = json.loads(raw.decode(), object_pairs_hook=_unique)  # only UTF-8
    return found


def _refuse_depth(raw: bytes) -> None:
    # A reader that goes down with the brackets runs out of its stack. A text without end is taken
    # to the end: to try anew at each of its quotes would take hours.
    depth = 0
    for sign in re.findall(rb"[][{}]", re.sub(rb'"(?:[^"\\]|\\.)*"?', b"", raw)):
        if (depth := depth + (1 if sign in b"[{" else -1)) > 100:
            raise ValueError("it is nested too deeply")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Where a name stands twice, two readers may read two things.
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _split(rows: bytes) -> list[bytes]:
    # The exact bytes of each element of a JSON list without spaces.
    _refuse_depth(rows)
    text, at, parts = rows.decode(), 1, list[bytes]()
    while len(rows) > 2 and at < len(text):
        _, end = json.JSONDecoder(object_pairs_hook=_unique).raw_decode(text, at)
        parts.append(text[at:end].encode())
        at = end + 1
    if b"[%s]" % b",".join(parts) != rows:
        raise ValueError("the rows are no JSON list without spaces")
    return parts


def _whole(told: object) -> int:
    if type(told) is not int:
        raise ValueError(f"{told!r} is no whole number")
    return told


def _moment(told: str | int) -> datetime:
    if isinstance(told, int):
        moment = datetime.fromtimestamp(told, UTC)
    else:
        moment = datetime.fromisoformat(told)
    if moment.tzinfo is None or not 1970 < moment.year < 9999:
        raise ValueError(f"{told!r} is no time with its zone")
    return moment.astimezone(UTC)


# --- 4. Statements -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A publication at `index` of a signed tree: the bytes of its header, and what they say. Of a
    single row that was shown, `row` is (its index, number of rows).
    """

    header: bytes
    said: dict[str, Any]
    index: int
    head: TreeHead
    signed_by: tuple[str, ...]
    row: tuple[int, int] | None = None


@_reading("row with its proof")
def verify_row(row: bytes, proof: bytes, keys: Sequence[VerifierKey]) -> Statement:
    """Show that these bytes are a row of a publication in a signed tree, or NotVerified."""
    statement, extra = _open(parse_inclusion(proof), keys)
    place, said = extra["row"], statement.said
    index, count = _whole(place["index"]), _whole(place["count"])
    _load(row)
    path, root = [_decode(item, 32) for item in place["proof"]], bytes.fromhex(said["rows_root"])
    if count != said["row_count"] or not is_included(hash_leaf(row), index, count, path, root):
        raise NotVerified(f"These bytes are not row {index} of what was published.", "altered")
    return replace(statement, row=(index, count))


@_reading("publication with its proof")
def verify_publication(rows: bytes, proof: bytes, keys: Sequence[VerifierKey]) -> Statement:
    """Show that these bytes are the rows of a publication in a signed tree, or NotVerified."""
    statement, _ = _open(parse_inclusion(proof), keys)
    said, leaves = statement.said, [hash_leaf(row) for row in _split(rows)]
    tree = (len(leaves), compute_root(leaves).hex())
    is_whole = said["version"] == 1 and "rows_root" not in said
    sealed = tree if is_whole else (said["row_count"], said["rows_root"])
    if (sha256(rows).hexdigest(), tree) != (said["rows_digest"], sealed):
        raise NotVerified("These bytes are not the rows that were published.", "altered")
    return statement


def _open(proof: Inclusion, keys: Sequence[VerifierKey]) -> tuple[Statement, dict[str, Any]]:
    head, extra, signed_by = proof.head, _load(proof.extra), check_signed(proof.head, keys)
    header = extra["header"].encode()
    if not is_included(hash_leaf(header), proof.index, head.size, proof.path, head.root):
        raise NotVerified(f"This header is not entry {proof.index} of the signed tree.", "altered")
    return Statement(header, _load(header), proof.index, head, signed_by), extra


# --- 5. Evidence from elsewhere ------------------------------------------------------------------


class View(NamedTuple):
    """The tree of the log as `who` saw it at `time`. It is public where everybody is shown the same
    one, and certain where nobody needs to be asked whether it is true. Until `time` it may have
    waited so long, while the log went on.
    """

    who: str
    size: int
    root: bytes
    time: datetime | None = None
    is_public: bool = True
    is_certain: bool = True
    wait: timedelta = CLOCK_SKEW


class Evidence(NamedTuple):
    """What is at hand beside a proof: public keys of the log, those of witnesses, a checkpoint that
    was kept and since when, consistency files, an anchor's receipt, and if the chain confirmed it.
    """

    keys: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey] = ()
    earlier: TreeHead | None = None
    seen: datetime | None = None
    extensions: Sequence[Extension] = ()
    receipt: bytes | None = None
    is_confirmed: bool = False


@_reading("evidence")
def list_views(head: TreeHead, evidence: Evidence) -> list[View]:
    """What others saw of this log. Raises NotVerified where a piece of evidence is void."""
    heads, views = [head, *[extension.head for extension in evidence.extensions]], []
    if kept := evidence.earlier:
        heads.append(kept)
        views.append(View("you", kept.size, kept.root, evidence.seen, is_public=False))
    for one in heads:
        if one.origin != head.origin:
            raise NotVerified(f"{one.origin} is another log than {head.origin}.", "forked")
        check_signed(one, evidence.keys)
    for key in evidence.witnesses:
        signed = [(one, time) for one in heads for time in list_signatures(one.note, key) if time]
        if not signed:
            raise NotVerified(f"Witness {key.name} cosigned none of the checkpoints.", "forked")
        who = f"witness {key.name}"
        views += [View(who, one.size, one.root, _moment(time)) for one, time in signed]
    if evidence.receipt:
        told = _load(evidence.receipt)
        if (told["type"], told["origin"]) != ("assay-anchor-v1", head.origin):
            raise NotVerified("The anchor's receipt is of another log.", "forked")
        who = f"contract {told['contract']} on chain {told['chain_id']}"
        tree = _whole(told["size"]), _decode(told["root"], 32), _moment(told["time"])
        views.append(View(who, *tree, True, evidence.is_confirmed, ANCHOR_WAIT))
    return views


def check_joined(
    head: TreeHead,
    views: Sequence[View],
    extensions: Sequence[Extension],
    leaves: Sequence[bytes] = (),
) -> None:
    """Show by consistency files or all leaves that all saw one growing tree, or NotVerified."""
    for who, size, root, *_ in views:
        old, new = sorted([(head.size, head.root), (size, root)])
        paths = [
            x.path for x in extensions if (x.old_size, x.head.size, x.head.root) == (old[0], *new)
        ]
        is_joined = any(is_consistent(*old, *new, path) for path in [*paths, []])
        if leaves and size <= head.size:
            is_joined = compute_root(leaves[:size]) == root
        if not is_joined:
            raise NotVerified(
                f"Nothing joins this tree of {head.size} entries to the {size} that {who} saw: some"
                " were altered, removed or moved, or the log was forked (or, where the log is"
                " honest, the consistency file between the two sizes is missing here).",
                *("removed", "reordered", "forked"),
            )


def _find_excuse(said: dict[str, Any]) -> str:
    # Why nobody can bear witness to the time that an entry states: its own header must say so.
    if said.get("origin") == REPLAY:
        return "a replay, as it says itself: its clock was that of recorded data"
    return "its header claims to be older than the log" if said.get("version") == 1 else ""


@_reading("entry")
def check_time(index: int, said: dict[str, Any], views: Sequence[View]) -> datetime:
    """The time that an entry states, held against what others saw. Raises NotVerified."""
    stated = _moment(said["published_at"])
    for who, size, _, time, _, _, wait in views:
        # What is older than the log entered with its first entries, so all views hold it.
        if not time or said.get("origin") == REPLAY:
            continue
        is_in = index < size
        if stated > time + CLOCK_SKEW if is_in else stated < time - wait:
            saw = "saw it already" if is_in else "did not see it yet"
            message = f"Entry {index} is dated {stated}, but {who} {saw} at {time}."
            raise NotVerified(message, "back-dated")
    return stated


# --- 6. Verdicts ---------------------------------------------------------------------------------

EXCLUDED, IN_PART, NOT_EXCLUDED, CAUGHT = "excluded", "in part", "not excluded", "caught"


class Report(NamedTuple):
    """What was shown about what: for each attack (verdict, why); `error` says what failed."""

    subject: dict[str, Any]
    attacks: dict[str, tuple[str, str]]
    error: str = ""
    exit_code: int = 0


def report_statement(statement: Statement, evidence: Evidence) -> Report:
    """Which attacks on a verified statement the evidence excludes. Raises NotVerified."""
    said, index, head, row = statement.said, statement.index, statement.head, statement.row
    views = list_views(head, evidence)
    check_joined(head, views, evidence.extensions)
    dated = [(index, check_time(index, said, views))]
    names = ("kind", "as_of", "published_at", "origin", "row_count", "corrects", "withdraws")
    subject = {name: said[name] for name in names if said.get(name) is not None}
    place = {"row": row[0]} if row else {}
    subject |= {**place, "entry": index, "log": head.origin, "size": head.size}
    attacks = _judge(head, views, index + 1, statement.signed_by[0])
    excuse = _find_excuse(said)
    attacks["back-dated"] = _judge_time(views, [] if excuse else dated, excuse)
    return Report(subject, attacks)


def report_log(head: TreeHead, entries: Sequence[bytes] | None, evidence: Evidence) -> Report:
    """The same of a whole log; of two checkpoints alone where `entries` is None."""
    signed_by = check_signed(head, evidence.keys)
    leaves = [hash_leaf(entry) for entry in entries or []]
    if entries is not None and (len(leaves), compute_root(leaves)) != (head.size, head.root):
        raise NotVerified("The entries do not lead to the root that was signed.", "altered")
    views = list_views(head, evidence)
    check_joined(head, views, evidence.extensions, leaves)
    before, dated, excuse, excused = None, [], "no statement was shown", 0
    for index, entry in enumerate(entries or []):
        with _reading("entry"):
            said = dict(_load(entry))
        stated = check_time(index, said, views)
        if found := _find_excuse(said):
            excuse, excused = found, excused + 1
            continue
        if before and stated < before:
            message = f"Entry {index} is dated {stated}, but follows one of {before}."
            raise NotVerified(message, "back-dated", "reordered")
        before = stated
        dated.append((index, stated))
    attacks = _judge(head, views, head.size, signed_by[0])
    verdict, why = attacks["back-dated"] = _judge_time(views, dated, excuse)
    if excused and verdict == EXCLUDED:
        attacks["back-dated"] = (IN_PART, f"{why}; nothing of {excused} entries: {excuse}")
    if entries is None:
        attacks["altered"] = (NOT_EXCLUDED, "only checkpoints were shown, no statement")
    return Report({"log": head.origin, "size": head.size}, attacks)


def _judge(
    head: TreeHead, views: Sequence[View], reach: int, signed_by: str
) -> dict[str, tuple[str, str]]:
    # `reach` is how many entries a tree must have to hold what was shown.
    alone = (NOT_EXCLUDED, "needs a checkpoint kept from earlier, a witness or an anchor")
    found = dict.fromkeys(ATTACKS, alone)
    found["altered"] = (EXCLUDED, "these exact bytes lead to the root that was signed")
    found["wrong key"] = (EXCLUDED, f"signed by the key you gave, {signed_by}")
    views = [view for view in views if view.size]
    views = [view for view in views if view.is_certain] or views
    if not views:
        return found
    is_certain = views[0].is_certain
    grade, ask = (EXCLUDED, "") if is_certain else (IN_PART, ", if the chain confirms the receipt")
    far = max(views, key=lambda view: view.size)
    same = f"the first {min(far.size, head.size)} entries are those that {far.who} saw"
    found["removed"] = found["reordered"] = (grade, same + ask)
    found["forked"] = (IN_PART, f"{far.who} saw this log too; others may be shown another one")
    for who, size, _, _, is_public, *_ in views:
        if is_public and size >= reach:
            found["forked"] = (grade, f"{who}, open to everybody, saw what is shown{ask}")
    return found


def _judge_time(
    views: Sequence[View], dated: Sequence[tuple[int, datetime]], excuse: str
) -> tuple[str, str]:
    # Between the time that an entry states and the first view that holds it, nobody else looked.
    views = [view for view in views if view.time and view.size]
    sure = [view for view in views if view.is_certain] or views
    seen = sorted((view.time, view.size, view.who) for view in sure if view.time)
    if not dated or not seen:
        return NOT_EXCLUDED, "nobody else says when it was there" if dated else excuse
    gaps = [
        (time - stated, index, who, time)
        for index, stated in dated
        for time, _, who in [next((x for x in seen if x[1] > index), (None, 0, ""))]
        if time
    ]
    if not gaps:
        time, _, who = seen[-1]
        return IN_PART, f"dated after {time}, when {who} did not see it yet"
    late, index, who, time = max(gaps)
    why = f"by more than {max(late, timedelta())}: {who} saw entry {index} at {time}"
    if len(gaps) < len(dated):
        why += f"; nobody else saw the last {len(dated) - len(gaps)} entries yet"
    if not sure[0].is_certain:
        why += ", if the chain confirms the receipt"
    return EXCLUDED if sure[0].is_certain and len(gaps) == len(dated) else IN_PART, why


# --- 7. The command line -------------------------------------------------------------------------


def name_bundle(index: int, width: int) -> str:
    """The path at which C2SP tiles serve a bundle of `width` (1 to 256) entries of a log."""
    *above, last = re.findall("...", f"{index:0{-(-len(str(index)) // 3) * 3}d}")
    path = "/".join(["tile/entries", *[f"x{digits}" for digits in above], last])
    return path if width == 256 else f"{path}.p/{width}"


def read_entries(read: Callable[[str], bytes], size: int) -> list[bytes]:
    """The entries of a log as C2SP tiles serve them; `read` gives the bytes of a path there."""
    entries: list[bytes] = []
    while len(entries) < size:
        width = min(256, size - len(entries))
        bundle, at = read(name_bundle(len(entries) // 256, width)), 0
        for _ in range(width):
            end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
            if not at + 2 < end <= len(bundle):
                raise Malformed(f"Entry {len(entries)} of the log is cut short.")
            entries.append(bundle[at + 2 : end])
            at = end
        if at != len(bundle):
            raise Malformed(f"More bytes follow entry {len(entries) - 1} of the log.")
    return entries


def report(check: Callable[[], Report]) -> Report:
    """The report of a check, whether it holds or not."""
    try:
        return check()
    except NotVerified as error:
        attacks = dict.fromkeys(
            ATTACKS, (NOT_EXCLUDED, "the checks ended where one of them failed")
        )
        attacks |= {name: (CAUGHT, str(error)) for name in error.attacks}
        return Report({}, attacks, str(error), 2 if isinstance(error, Malformed) else 1)


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise Malformed(f"{path} cannot be read: {error}.") from error


@_reading("evidence")
def read_evidence(
    keys: Sequence[str],
    witnesses: Sequence[str] = (),
    earlier: str | Path | None = None,
    seen: str | None = None,
    consistency: Sequence[str | Path] = (),
    anchor: str | Path | None = None,
) -> Evidence:
    """Evidence from texts of keys, a time, and files. Raises Malformed."""
    return Evidence(
        [parse_key(text) for text in keys],
        [parse_key(text) for text in witnesses],
        parse_checkpoint(_read(earlier)) if earlier else None,
        _moment(seen) if seen else None,
        [parse_extension(_read(path)) for path in consistency],
        _read(anchor) if anchor else None,
    )


def check_files(what: str, path: Path, proof: Path | None, evidence: Evidence) -> Report:
    """Check a "row", a "publication" or a "log" from its files. Raises NotVerified."""
    if what != "log":
        verify = verify_row if what == "row" else verify_publication
        shown = _read(path).removesuffix(b"\n")
        return report_statement(verify(shown, _read(proof or ""), evidence.keys), evidence)
    is_whole = path.is_dir()
    head = parse_checkpoint(_read(path / "checkpoint" if is_whole else path))
    entries = read_entries(lambda name: _read(path / name), head.size) if is_whole else None
    return report_log(head, entries, evidence)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names, print a report; the exit code."""
    parser = argparse.ArgumentParser(description="Check a row, a publication or a log of Assay.")
    commands = parser.add_subparsers(dest="what", required=True)
    for what, shown in (
        ("row", "file with the exact bytes of the row"),
        ("publication", "file with the exact bytes of all rows"),
        ("log", "a checkpoint, or a folder with `checkpoint` and `tile/entries/...`"),
    ):
        command = commands.add_parser(what)
        command.add_argument("path", type=Path, help=shown)
        command.set_defaults(proof=None)
        if what != "log":
            command.add_argument("proof", type=Path, help="the .tlog-proof file of it")
        command.add_argument("--key", action="append", required=True, help="public key of the log")
        command.add_argument("--witness", action="append", default=[], help="key of a witness")
        command.add_argument("--earlier", help="a checkpoint that you kept")
        command.add_argument("--seen", help="since when you have that checkpoint")
        command.add_argument("--consistency", action="append", default=[], help="joins two sizes")
        command.add_argument("--anchor", help="receipt of a chain, which itself must be asked")
        command.add_argument("--json", action="store_true", help="print the report as JSON")
    asked = parser.parse_args(arguments)
    given = (asked.key, asked.witness, asked.earlier, asked.seen, asked.consistency, asked.anchor)
    told = report(lambda: check_files(asked.what, asked.path, asked.proof, read_evidence(*given)))
    if asked.json:
        sys.stdout.write(json.dumps(told._asdict(), indent=2) + "\n")
        return told.exit_code
    lines = [f"{name:14}{value}" for name, value in told.subject.items()]
    if told.exit_code != 2:
        lines += [f"{name:14}{verdict:14}{why}" for name, (verdict, why) in told.attacks.items()]
    lines.append(f"NOT VERIFIED: {told.error}" if told.error else "VERIFIED: all this holds.")
    for line in lines:  # what others wrote is escaped, so that it cannot move the cursor
        sys.stdout.write(line.encode("unicode_escape").decode() + "\n")
    return told.exit_code


if __name__ == "__main__":
    sys.exit(main())
