"""Witnesses over real HTTP: what is asked, what is kept, and what is taken for a fork."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.ledger.outside_world import (
    CLOCK,
    NOW,
    copy_log,
    grow,
    load_log,
    log_keys,
    newest,
    opened,
)
from tests.ledger.witness import SmallWitness, running_witness

from assay import ledger
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput
from assay.kit.home import Home
from assay.kit.settings import Settings
from assay.kit.upstream import Upstreams
from assay.ledger import HeadState, Outside, Submission, read_outside
from assay.ledger.store.outside import list_cosignature_lines, save_cosignature
from assay.verifier import list_signatures, parse_checkpoint, parse_note


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with opened(tmp_path / "home") as database:
        grow(database, 3)
        yield database


@pytest.fixture
def witness(tmp_path: Path, database: Database) -> Iterator[SmallWitness]:
    with running_witness(tmp_path / "witness.json", lambda: NOW) as witness:
        witness.logs[load_log(database).origin] = log_keys(database)
        yield witness


def submit(database: Database, *witnesses: SmallWitness, wait_s: float = 20.0) -> list[Submission]:
    outside = Outside(tuple(item.witness for item in witnesses))
    return ledger.submit_checkpoint(database, outside, CLOCK, wait_s=wait_s, upstreams=Upstreams())


def ask(database: Database, *witnesses: SmallWitness, wait_s: float = 5.0) -> ledger.OutsideView:
    outside = Outside(tuple(item.witness for item in witnesses))
    return ledger.ask_outside(database, outside, CLOCK, wait_s=wait_s, upstreams=Upstreams())


def returned(at: datetime) -> datetime:
    return at


def answered(answer: tuple[int, bytes], _: bytes) -> tuple[int, bytes]:
    return answer


def old_sizes(witness: SmallWitness) -> list[int]:
    return [int(body.split(b"\n")[0].split()[1]) for body in witness.requests]


def test_a_checkpoint_is_cosigned_and_the_note_carries_it(
    database: Database, witness: SmallWitness
) -> None:
    (told,) = submit(database, witness)
    assert told == Submission(witness.name, 3, NOW.replace(microsecond=0))
    log = load_log(database)
    assert witness.load(log.origin) == (3, newest(database).root)
    note = parse_note(newest(database).note)
    assert list_signatures(note, witness.public) == [int(NOW.timestamp())]
    assert list_signatures(note, log_keys(database)[0]) == [0]
    with database.read() as connection:
        (state,) = ledger.list_witnesses(connection, log.number)
        assert ledger.list_witnesses(connection, log.number + 1) == []
    assert (state.name, state.size, state.vkey) == (witness.name, 3, str(witness.public))
    # It is led on from where it stands, and is not asked where there is no news.
    grow(database, 5)
    assert [item.size for item in submit(database, witness)] == [8]
    assert [item.size for item in submit(database, witness)] == [8]
    assert old_sizes(witness) == [0, 3]
    assert witness.load(log.origin) == (8, newest(database).root)


def test_a_lost_answer_is_made_good(database: Database, witness: SmallWitness) -> None:
    """The witness has cosigned, we never heard: it names its size, and is asked from there."""

    def lose(body: bytes) -> tuple[int, bytes] | None:
        witness.add_checkpoint(body)
        return 503, b""

    witness.fault = lose
    (told,) = submit(database, witness)
    assert "503" in told.trouble
    assert not told.is_alarm
    witness.fault = lambda _: None
    (told,) = submit(database, witness)
    assert told.size == 3
    assert not told.trouble
    assert old_sizes(witness)[-2:] == [0, 3]


def test_each_refusal_is_named_and_keeps_nothing(
    database: Database, witness: SmallWitness, tmp_path: Path
) -> None:
    with running_witness(tmp_path / "other.json", lambda: NOW, "other.example") as other:
        other.logs[load_log(database).origin] = [other.public]
        with running_witness(tmp_path / "third.json", lambda: NOW, "third.example") as third:
            told = submit(database, witness, other, third)
        gone = submit(database, third)
    assert [item.trouble for item in told] == [
        "",
        "it does not know the key that signs the log",
        "it does not know the log's origin",
    ]
    assert "no connection" in gone[0].trouble
    with database.read() as connection:
        lines = list_cosignature_lines(connection, load_log(database).number, 3)
    assert len(lines) == 1
    assert b"w.example" in lines[0]


def test_a_cosignature_is_checked_before_it_is_kept(
    database: Database, witness: SmallWitness, tmp_path: Path
) -> None:
    text = parse_checkpoint(newest(database).note).note.text

    def damage(body: bytes) -> tuple[int, bytes]:
        return 200, witness.add_checkpoint(body)[1][:-12] + b"AAAAAAAAAA=\n"

    with running_witness(tmp_path / "other.json", lambda: NOW) as impostor:
        faults = {
            "no cosignature": lambda _: (200, b""),
            "no cosignature of its key": impostor.add_checkpoint,
            "does not hold": damage,
        }
        impostor.logs = witness.logs
        for trouble, fault in faults.items():
            witness.fault = fault
            (told,) = submit(database, witness)
            assert trouble in told.trouble, trouble
        witness.fault = lambda _: None
    for at in (NOW + timedelta(minutes=4, seconds=1), NOW - timedelta(minutes=5, seconds=1)):
        witness.now = partial(returned, at)
        (told,) = submit(database, witness)
        assert "dated" in told.trouble
        assert told.cosigned_at is None
    assert list_signatures(parse_note(newest(database).note), witness.public) == []
    # An unknown key's line beside the right one is ignored.
    witness.now = lambda: NOW
    status, stranger = impostor.add_checkpoint(b"old 3\n\n" + newest(database).note)
    assert status == 200

    def add_stranger(body: bytes) -> tuple[int, bytes]:
        status, answer = witness.add_checkpoint(body)
        return status, stranger + answer if status == 200 else answer

    witness.fault = add_stranger
    (told,) = submit(database, witness)
    assert told.cosigned_at == NOW
    assert stranger not in newest(database).note
    assert text in newest(database).note


def test_a_witness_that_is_silent_costs_only_the_wait(
    database: Database, witness: SmallWitness, tmp_path: Path
) -> None:
    release = threading.Event()

    def wait(_: bytes) -> tuple[int, bytes]:
        release.wait(30)
        return 503, b""

    with running_witness(tmp_path / "mute.json", lambda: NOW, "mute.example") as mute:
        mute.fault = wait
        told = submit(database, witness, mute, wait_s=0.5)
        view = ask(database, witness, mute, wait_s=0.5)
        release.set()
    assert [bool(item.trouble) for item in told] == [False, True]
    assert [head.source for head in view.heads] == ["witness w.example"]
    assert [source for source, _ in view.unasked] == ["witness mute.example"]


def test_a_fork_is_an_alarm_and_is_found_by_asking(
    database: Database, witness: SmallWitness, tmp_path: Path
) -> None:
    """Two copies of one home go different ways under the same key."""
    submit(database, witness)
    with opened(tmp_path / "clone") as clone:
        copy_log(database, clone)
        grow(database, 2)
        submit(database, witness)
        assert [head.state for head in ask(clone, witness).heads] == [HeadState.AHEAD]
        grow(clone, 2, "b")
        assert [head.state for head in ask(clone, witness).heads] == [HeadState.FORKED]
        (told,) = submit(clone, witness)
        assert told.is_alarm
        assert "forked" in told.trouble
        grow(clone, 3, "b")
        (head,) = ask(clone, witness).conflicts
        assert (head.state, head.size, head.root) == (HeadState.FORKED, 5, None)
        (told,) = submit(clone, witness)
        assert told.is_alarm
        grow(clone, 3, "b")
        assert witness.load(load_log(clone).origin) == (5, newest(database).root)
    assert ask(database, witness).conflicts == []


def test_restored_state_is_an_alarm(
    database: Database, witness: SmallWitness, tmp_path: Path
) -> None:
    with opened(tmp_path / "restored") as restored:
        copy_log(database, restored)
        grow(database, 4)
        submit(database, witness)
        (told,) = submit(restored, witness)
        assert told.is_alarm
        assert "restored or copied" in told.trouble
        (head,) = ask(restored, witness).heads
        assert (head.source, head.size, head.state) == ("witness w.example", 7, HeadState.AHEAD)


def test_asking_moves_no_witness_on(database: Database, witness: SmallWitness) -> None:
    origin = load_log(database).origin
    assert ask(database, witness) == ledger.OutsideView()
    assert witness.load(origin) == (0, b"")
    submit(database, witness)
    before = witness.load(origin)
    assert [head.state for head in ask(database, witness).heads] == [HeadState.AGREES]
    grow(database, 6)
    (head,) = ask(database, witness).heads
    assert (head.size, head.state, head.root) == (3, HeadState.AGREES, before[1])
    assert witness.load(origin) == before
    witness.logs.clear()
    assert ask(database, witness).unasked == (
        ("witness w.example", "it does not know the log's origin"),
    )


def test_agreement_is_signed_and_of_now(database: Database, witness: SmallWitness) -> None:
    """Whoever stands between us and the witness can neither invent nor repeat it."""
    submit(database, witness)
    body = b"old 3\n\n" + newest(database).note
    status, old = witness.add_checkpoint(body)
    assert status == 200
    for at, fault, told in (
        (NOW, (200, b""), "no cosignature"),
        (NOW + timedelta(minutes=6), (200, old), "dated"),
    ):
        witness.fault = partial(answered, fault)
        outside = Outside((witness.witness,))
        view = ledger.ask_outside(database, outside, FixedClock(at), upstreams=Upstreams())
        assert view.heads == ()
        assert told in view.unasked[0][1]


def test_it_works_on_both_databases(each_home: Home, tmp_path: Path) -> None:
    database = Database(each_home)
    grow(database, 2)
    with running_witness(tmp_path / "witness.json", lambda: NOW) as witness:
        witness.logs[load_log(database).origin] = log_keys(database)
        submit(database, witness)
        grow(database)
        submit(database, witness)
    log = load_log(database).number
    with database.write() as connection:
        line = list_cosignature_lines(connection, log, 3)
        (state,) = ledger.list_witnesses(connection, log)
        found = ledger.outside.Cosignature(witness.public, 3, NOW + timedelta(hours=1), b"later")
        save_cosignature(connection, log, found)
        assert list_cosignature_lines(connection, log, 3) == line
    assert state.size == 3
    database.close()


def test_nobody_is_asked_before_there_is_a_log(tmp_path: Path) -> None:
    with opened(tmp_path / "empty") as empty:
        outside = Outside((ledger.outside.Witness(None, "http://127.0.0.1:9"),))  # type: ignore[arg-type]
        assert ledger.submit_checkpoint(empty, outside, CLOCK) == []
        assert ledger.ask_outside(empty, outside, CLOCK) == ledger.OutsideView()
        assert ledger.ask_outside(empty, Outside(), CLOCK) == ledger.OutsideView()


def test_a_replayed_log_takes_a_cosignature_of_today(tmp_path: Path) -> None:
    """Its own clock stands in the past, the witness' does not."""
    with opened(tmp_path / "replay") as database:
        grow(database, 1)
        later = FixedClock(NOW, is_replay=True)
        with running_witness(tmp_path / "w.json", lambda: NOW + timedelta(days=900)) as witness:
            witness.logs[load_log(database).origin] = log_keys(database)
            outside = Outside((witness.witness,))
            (told,) = ledger.submit_checkpoint(database, outside, later, upstreams=Upstreams())
    assert told.cosigned_at == NOW + timedelta(days=900)


def test_settings_are_read_and_wrong_ones_named(witness: SmallWitness) -> None:
    text = f"# ours\n{witness.setting}\n"
    assert read(witnesses=text) == Outside((witness.witness,))
    assert read(witnesses="") == Outside()
    vkey = str(witness.public)
    wrong = {
        "is not `vkey url`": vkey,
        "item 1: .*verifier key": f"x{witness.setting}",
        "is no URL": f"{vkey} ftp://w.example",
        "names a witness again": f"{witness.setting},{vkey} http://other.example",
        "not of a witness": f"{ledger.format_vkey('a', bytes(32))} http://w.example",
    }
    for message, setting in wrong.items():
        with pytest.raises(BadInput, match=message):
            read(witnesses=setting)
    with pytest.raises(BadInput, match="item 2"):
        read(witnesses=f"{witness.setting},nonsense")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"anchor_rpc_url": "ws://x"}, "ASSAY_ANCHOR_RPC_URL: is no URL"),
        ({"anchor_rpc_url": "http://x"}, "ASSAY_ANCHOR_CHAIN_ID is missing"),
        ({"anchor_rpc_url": "http://x", "anchor_chain_id": 1, "anchor_contract": "0x1"}, "address"),
        ({"anchor_every_h": 1}, "ASSAY_ANCHOR_EVERY_H"),
    ],
)
def test_settings_of_anchors_are_read(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        read(**changes)
    assert "http://x" not in str(caught.value)


def read(**changes: object) -> Outside:
    return read_outside(Settings.model_validate(changes))
