"""The log as C2SP tiles: paths, widths, headers, and who may read it."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from threading import current_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.api.asking import ask, ask_async
from tests.api.keyed import make_keyed
from tests.api.log_reader import split_bundle, write_tile
from tests.api.spoken import SAID_AT, make_draft
from tests.api.world import NEWEST, World, make_rows

from assay import ledger
from assay.api.addresses import AddressLimit, name_network
from assay.api.answers.tiles import TileName, parse_tile
from assay.kit.database import Database
from assay.kit.errors import NotFound, RateLimited
from assay.ledger.store.log import save_place
from assay.verifier import hash_leaf, parse_extension, parse_inclusion

HASH_BYTES = 32


def grow(world: World, entries: int) -> None:
    """Publish `entries` more, one transaction each four."""
    rows = make_rows(world.markets.registry, NEWEST)[:2]
    for start in range(0, entries, 4):
        with ledger.write_ledger(world.database) as writer:
            for number in range(start, min(start + 4, entries)):
                draft = make_draft(f"grades.test{number}", NEWEST, rows)
                writer.save(draft, SAID_AT, is_replay=False)


def read_size(world: World) -> int:
    return int(ask(world.app, "/log/checkpoint").body.split(b"\n")[1])


@given(st.integers(0, 10**15), st.integers(1, 256))
def test_every_index_is_read_back(index: int, width: int) -> None:
    assert parse_tile(write_tile(index, width)) == TileName(index, width)


def test_the_index_of_the_specification() -> None:
    assert parse_tile("x001/x234/067") == TileName(1_234_067)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "67",
        "1234067",
        "x000/067",
        "001/067",
        "x001/x067",
        "x001/",
        "000.p/0",
        "000.p/05",
        "000.p/256",
        "000.p/",
        "000.p",
        "000/",
        "000.p/5/",
        "٠٠٠",
        "x001//000",
        "../000",
        "x001/" * 6 + "000",
    ],
)
def test_any_other_way_to_write_it_is_not_found(world: World, path: str) -> None:
    with pytest.raises(NotFound):
        parse_tile(path)
    assert ask(world.app, f"/log/tile/0/{path}").status == 404
    assert ask(world.app, f"/log/tile/entries/{path}").status == 404


@pytest.mark.parametrize("level", ["00", "01", "64", "-1", "+0", "0x0", "a", "", "²", "999999"])
def test_levels_are_plain_decimals(world: World, level: str) -> None:
    assert ask(world.app, f"/log/tile/{level}/000.p/1").status == 404


def test_every_width_up_to_the_checkpoint_is_served_and_none_beyond(world: World) -> None:
    size = read_size(world)
    assert 1 < size < 256
    widest = ask(world.app, f"/log/tile/0/{write_tile(0, size)}").body
    assert len(widest) == size * HASH_BYTES
    for width in range(1, size + 1):
        part = ask(world.app, f"/log/tile/0/{write_tile(0, width)}")
        assert part.body == widest[: width * HASH_BYTES]
    for path in (write_tile(0, size + 1), "000", "001.p/1"):
        assert ask(world.app, f"/log/tile/0/{path}").status == 404
        assert ask(world.app, f"/log/tile/entries/{path}").status == 404
    assert ask(world.app, "/log/tile/1/000.p/1").status == 404


@pytest.mark.slow
def test_full_tiles_and_the_level_above(fresh_world: World) -> None:
    grow(fresh_world, 520 - read_size(fresh_world))
    assert read_size(fresh_world) == 520
    for index in (0, 1):
        full = ask(fresh_world.app, f"/log/tile/0/{write_tile(index)}")
        assert len(full.body) == 256 * HASH_BYTES
        assert ask(fresh_world.app, f"/log/tile/0/{write_tile(index, 200)}").status == 200
        bundle = ask(fresh_world.app, f"/log/tile/entries/{write_tile(index)}").body
        entries = split_bundle(bundle)
        assert b"".join(map(hash_leaf, entries)) == full.body
    assert ask(fresh_world.app, "/log/tile/0/002.p/8").status == 200
    assert ask(fresh_world.app, "/log/tile/0/002.p/9").status == 404
    assert len(ask(fresh_world.app, "/log/tile/1/000.p/2").body) == 2 * HASH_BYTES
    assert ask(fresh_world.app, "/log/tile/1/000.p/3").status == 404


def test_tiles_are_sent_as_the_specification_says(world: World) -> None:
    for path, kind in (
        ("/log/checkpoint", "text/plain; charset=utf-8"),
        ("/log/tile/0/000.p/3", "application/octet-stream"),
        ("/log/tile/entries/000.p/3", "application/octet-stream"),
    ):
        answer = ask(world.app, path)
        assert answer.header("content-type") == kind
        head = ask(world.app, path, method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.header("content-length") == str(len(answer.body))
        tag = answer.header("etag").encode()
        assert ask(world.app, path, [(b"if-none-match", tag)]).status == 304
        assert ask(world.app, path, method="POST").status == 405


def test_bundles_are_compressed_and_hashes_are_not(world: World) -> None:
    for coding in ("gzip", "zstd", "br"):
        asked = [(b"accept-encoding", coding.encode())]
        entries = ask(world.app, "/log/tile/entries/000.p/30", asked)
        assert entries.header("content-encoding") == coding
        hashes = ask(world.app, "/log/tile/0/000.p/35", asked)
        assert len(hashes.body) == 35 * HASH_BYTES
        assert hashes.header("content-encoding") == ""


def test_a_log_is_also_found_by_its_origin(world: World) -> None:
    state = ask(world.app, "/v1/log").json["data"]
    checkpoint = ask(world.app, "/log/checkpoint")
    assert checkpoint.body.decode() == state["checkpoint"]
    assert state["origin"].endswith(state["path"].rpartition("/")[2])
    assert ask(world.app, f"{state['path']}/checkpoint").body == checkpoint.body
    for tile in ("0/000.p/7", "entries/000.p/7"):
        newest = ask(world.app, f"/log/tile/{tile}")
        named = ask(world.app, f"{state['path']}/tile/{tile}")
        assert named.body == newest.body
        assert "immutable" in named.header("cache-control")
        assert "immutable" not in newest.header("cache-control"), "another log may follow"
    assert ask(world.app, "/log/0000000000000000/checkpoint").status == 404


def test_the_new_checkpoint_is_served_at_once_and_old_tiles_stay(fresh_world: World) -> None:
    before = read_size(fresh_world)
    tile = ask(fresh_world.app, f"/log/tile/0/{write_tile(0, before)}")
    assert ask(fresh_world.app, f"/log/tile/0/{write_tile(0, before + 4)}").status == 404
    grow(fresh_world, 4)
    # Nobody looked at the version word: what moves is never replayed from memory.
    assert read_size(fresh_world) == before + 4
    assert ask(fresh_world.app, f"/log/tile/0/{write_tile(0, before + 4)}").status == 200
    assert ask(fresh_world.app, f"/log/tile/0/{write_tile(0, before)}") == tile
    assert ask(fresh_world.app, "/v1/log").json["data"]["size"] == before + 4


OPEN = (
    "/log/checkpoint",
    "/log/tile/0/000.p/3",
    "/log/tile/entries/000.p/3",
    "/log/verifier.py",
    "/v1/log",
    "/v1/log/checkpoints",
    "/v1/log/consistency?old=1",
    "/v1/log/anchors",
    "/v1/publications/{publication}/proof",
    "/v1/publications/{publication}/header",
)
CLOSED = (
    "/v1/publications/{publication}",
    "/v1/publications/{publication}/rows",
    "/v1/publications/{publication}/rows/0",
    "/v1/publications/{publication}/rows/0/proof",
)


@pytest.mark.slow
def test_in_keyed_mode_anybody_may_verify_and_only_so_often(tmp_path: Path) -> None:
    keyed = make_keyed(tmp_path, open_requests_per_minute=len(OPEN) + 2)
    keyed.add_account("ada")
    keyed.add_key("good", "ada")
    with keyed.world.database.read() as connection:
        found = ledger.load_latest(connection, "grades.trader")
    assert found is not None

    async def walk() -> None:
        for path in CLOSED:
            target = path.format(publication=found.publication_id)
            assert (await ask_async(keyed.app, target)).status == 401, path
            assert (await keyed.ask(target, "good")).status == 200, path
        for path in OPEN:
            target = path.format(publication=found.publication_id)
            assert (await keyed.ask(target, "good")).status == 200, path
            assert (await ask_async(keyed.app.declared, target)).status == 200, path
        for form in ("csv", "arrow"):
            listed = f"/v1/log/checkpoints?format={form}"
            assert (await keyed.ask(listed, "good")).status == 200
            # One of few places would be held by somebody whom nobody knows.
            assert (await ask_async(keyed.app, listed)).status == 401
        refused = await ask_async(keyed.app.declared, "/log/checkpoint")
        assert refused.status == 429
        assert int(refused.header("retry-after")) >= 1
        assert (await keyed.ask("/log/checkpoint", "good")).status == 200

    asyncio.run(walk())
    keyed.app.state.close()


def test_a_bucket_refills_and_is_of_one_network() -> None:
    limit = AddressLimit(60)
    for _ in range(60):
        limit.take("192.0.2.1", 0.0)
    with pytest.raises(RateLimited) as refused:
        limit.take("192.0.2.1", 0.0)
    assert refused.value.retry_after_s == pytest.approx(1.0)
    limit.take("192.0.2.2", 0.0)
    limit.take("192.0.2.1", 1.0)
    with pytest.raises(RateLimited):
        limit.take("::ffff:192.0.2.1", 1.0)
    for _ in range(60):
        limit.take("2001:db8::1", 0.0)
    with pytest.raises(RateLimited):
        limit.take("2001:db8::ffff", 0.0)
    limit.take("2001:db8:0:1::1", 0.0)


@given(st.text(max_size=30))
def test_any_address_has_a_name(address: str) -> None:
    assert isinstance(name_network(address), str)


def test_a_log_says_when_its_database_is_older_than_what_was_signed(fresh_world: World) -> None:
    assert ask(fresh_world.app, "/v1/log").json["data"]["is_halted"] is False
    signed = ask(fresh_world.app, "/log/checkpoint").body
    head = next(fresh_world.app.state.home.log.glob("head*"))
    assert head.read_bytes().startswith(signed.split(b"\n\n")[0])
    lines = signed.split(b"\n")
    head.write_bytes(b"\n".join([lines[0], b"%d" % (int(lines[1]) + 1), *lines[2:]]))
    assert ask(fresh_world.app, "/v1/log").json["data"]["is_halted"] is True
    head.write_bytes(b"nonsense")
    assert ask(fresh_world.app, "/v1/log").json["data"]["is_halted"] is True


def test_a_log_says_when_its_database_is_a_copy(fresh_world: World) -> None:
    with fresh_world.app.state.database.write() as connection:
        save_place(connection, 1, "sqlite:1:1")
    assert ask(fresh_world.app, "/v1/log").json["data"]["is_halted"] is True


def test_after_a_new_log_the_earlier_one_stays_readable(fresh_world: World) -> None:
    app = fresh_world.app
    before = ask(app, "/v1/log").json["data"]
    checkpoint = ask(app, "/log/checkpoint").body
    said = ask(app, "/v1/publications?limit=1").json["data"][0]["publication"]
    tile = ask(app, f"/log/tile/0/{write_tile(0, before['size'])}").body
    ledger.start_new_log(fresh_world.database, app.state.clock)
    grow(fresh_world, 3)
    now = ask(app, "/v1/log").json["data"]
    assert now["origin"] != before["origin"]
    assert now["size"] == read_size(fresh_world) == 4, "its first entry names the earlier log"
    (earlier,) = now["earlier"]
    assert earlier == {name: before[name] for name in earlier}
    assert ask(app, f"{before['path']}/checkpoint").body == checkpoint
    old_tile = ask(app, f"{before['path']}/tile/0/{write_tile(0, before['size'])}")
    assert old_tile.body == tile
    assert ask(app, f"/log/tile/0/{write_tile(0, before['size'])}").status == 404
    assert ask(app, f"{now['path']}/tile/0/000.p/4").status == 200
    assert ask(app, f"/v1/log?log={before['number']}").json["data"]["checkpoint"].encode() == (
        checkpoint
    )
    listed = ask(app, f"/v1/log/checkpoints?log={before['number']}").json["data"]
    assert [row["size"] for row in listed] == [before["size"]]
    assert ask(app, "/v1/log?log=3").status == 404
    proof = parse_inclusion(ask(app, f"/v1/publications/{said}/proof").body)
    assert proof.head.origin == before["origin"]
    for old in (1, before["size"]):
        path = f"/v1/log/consistency?log={before['number']}&old={old}"
        assert parse_extension(ask(app, path).body).head.size == before["size"]


def test_no_request_reads_the_database_on_the_event_loop(
    fresh_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ask(fresh_world.app, "/v1/publications?limit=1").json["data"][0]["publication"]
    read, threads = Database.read, set()

    def note_thread(database: Database) -> AbstractContextManager[Connection]:
        threads.add(current_thread().name)
        return read(database)

    monkeypatch.setattr(Database, "read", note_thread)
    for path in (*OPEN, *CLOSED):
        assert ask(fresh_world.app, path.format(publication=said)).status == 200, path
    assert threads
    assert all(name.startswith("assay-read") for name in threads)


def test_a_proof_is_a_file_with_a_name(world: World) -> None:
    said = ask(world.app, "/v1/publications?limit=1").json["data"][0]
    for path, name in ((said["proof"], said["publication"]), ("/rows/0/proof", "")):
        target = path if name else f"/v1/publications/{said['publication']}{path}"
        answer = ask(world.app, target)
        assert answer.header("content-type") == "text/plain; charset=utf-8"
        named = answer.header("content-disposition")
        assert named.endswith('.tlog-proof"')
        assert named.startswith(f'attachment; filename="{said["publication"]}')
        assert answer.body.startswith(b"c2sp.org/tlog-proof@v1\n")
    size = read_size(world)
    for wrong, status in ((f"size={size + 1}", 404), ("size=0", 422), ("size=x", 422)):
        assert ask(world.app, f"{said['proof']}?{wrong}").status == status
    for wrong, status in (
        (f"old={size + 1}", 422),
        (f"old=1&new={size + 1}", 404),
        (f"old={size}&new=1", 422),
        ("old=-1", 422),
        ("", 422),
    ):
        assert ask(world.app, f"/v1/log/consistency?{wrong}").status == status, wrong
