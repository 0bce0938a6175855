"""The table of everything published: complete, in an order in which it can be said."""

import subprocess
import sys

import pytest

from assay.api.kinds import GRADES, LISTINGS
from assay.cli.rooms import ROOMS, SPEAKERS, Room, RoomName, find_room, list_needs
from assay.cli.start import choose_next


def test_every_name_has_its_room_once() -> None:
    assert [room.name for room in ROOMS] == list(RoomName)
    assert all(find_room(name).name is name for name in RoomName)


def test_what_is_said_is_what_the_api_lists() -> None:
    said = {kind for room in ROOMS for kind in room.kinds}
    listed = {listing.said.kind for listing in [*LISTINGS, *GRADES.values()]}
    assert said == listed
    by_room = {listing.said.kind: listing.said.room for listing in [*LISTINGS, *GRADES.values()]}
    assert all(by_room[kind] == room.name for room in ROOMS for kind in room.kinds)


def test_each_kind_comes_after_those_it_reads() -> None:
    said: set[str] = {kind for room in ROOMS if room.grade for kind in room.kinds}
    for speaker in SPEAKERS:
        assert set(speaker.reads) <= said, speaker.kind.name
        said.add(speaker.kind.name)


def test_needs_are_complete_and_in_order() -> None:
    order = [room.name for room in ROOMS]
    for room in ROOMS:
        needs = [need.name for need in list_needs(room)]
        assert needs == sorted(needs, key=order.index)
        assert room.name not in needs
        known = {kind for need in list_needs(room) for kind in need.kinds} | room.kinds
        assert room.reads <= known
    assert {"trader", "investor", "moonshots"} <= {n.name for n in list_needs(_room("indices"))}
    assert len(list_needs(_room("briefing"))) == len(ROOMS) - 1


def test_a_room_starts_only_after_what_it_needs_and_never_more_than_there_are_places() -> None:
    waiting = [room for room in ROOMS if room.grade is None]
    unfinished: set[str] = {room.name for room in waiting}
    order: list[str] = []
    running: list[Room] = []
    while waiting or running:
        chosen = choose_next(waiting, unfinished, 2 - len(running))
        assert len(running) + len(chosen) <= 2
        for room in chosen:
            assert not unfinished & {need.name for need in list_needs(room)}
            waiting.remove(room)
        running += chosen
        assert running, "nothing runs, yet something waits"
        ended = running.pop(0)
        unfinished.remove(ended.name)
        order.append(ended.name)
    assert order.index("indices") > order.index("moonshots")
    assert order[-1] == "briefing"


@pytest.mark.slow
def test_the_command_line_starts_without_what_it_does_not_need() -> None:
    heavy = {"fastapi", "lightgbm", "skfolio", "sklearn", "pandas", "uvicorn", "ccxt"}
    code = f"import sys, assay.cli; print(sorted({heavy!r} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]", answer.stdout + answer.stderr


def _room(name: str) -> Room:
    return find_room(RoomName(name))
