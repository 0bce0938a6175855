"""The transparency log: appends, proofs, opening, memory; beside pymerkle in the same run.

    python bench/log/run.py

Appends a million entries in memory and proves from stored tiles (a SQLite home of its own, tiles
read once before: cache warm) as pymerkle's tree in memory does. Every tenth proof is compared with
pymerkle's or verified. A fresh process opens the log of a million and says what memory it takes.
What only computes is timed by the processor's clock (neighbours disturb it less), what reads or
writes the disk by the wall's; the best of some rounds counts, for the peer too.
Targets on 2 cores: 500,000 appends/s in memory, 1,000 durable publications/s in batches, 50 us a
proof, 1 s to open, 150 MB.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

LEAVES, PROOFS, CHUNK, PUBLICATIONS, BATCH = 1_000_000, 4_000, 100_000, 3_000, 100
ROUNDS = 3
APPENDS, DURABLE, PROOF_US, OPEN_S, MEMORY_MB = 500_000, 1_000, 50.0, 1.0, 150
START = datetime(2023, 6, 2, tzinfo=UTC)


def entry(index: int) -> bytes:
    return b'{"kind":"bench","published_at":"2023-06-02T00:00:00Z","n":%d}' % index


def scatter(count: int) -> Iterator[int]:
    """Places all over the log, none twice."""
    return ((at * 611_953) % (LEAVES - 1) + 1 for at in range(count))


def seconds(work: Callable[[], object], rounds: int = 1, clock=time.process_time) -> float:
    """The best of some rounds."""
    took = []
    for _ in range(rounds):
        start = clock()
        work()
        took.append(clock() - start)
    return min(took)


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def open_home(path: Path):
    from assay.kit.database import Database
    from assay.kit.home import Home

    return Database(Home(path))


def opened(path: Path) -> dict[str, float]:
    """In a process of its own: open the log, prove, say what it took."""
    from assay import ledger
    from assay.kit.clock import SystemClock
    from assay.ledger.compute.tree import TileCache, Tree
    from assay.ledger.store.log import load_tile

    before = resident_mb()
    databases = [open_home(path) for _ in range(ROUNDS)]
    coming = iter(databases)
    took = seconds(lambda: ledger.open_log(next(coming), SystemClock()), ROUNDS, time.perf_counter)
    after, database = resident_mb(), databases[0]
    places = list(scatter(PROOFS))
    told = {"open_s": took, "before_mb": before, "opened_mb": after}
    with database.read() as connection:
        log = ledger.load_log(connection).number
        tree = Tree(LEAVES, lambda level, at: load_tile(connection, log, level, at), TileCache())
        told["cold_us"] = seconds(lambda: each(tree.prove_inclusion, places)) / PROOFS * 1e6
        each(tree.prove_inclusion, range(0, LEAVES, 128))
        for name, prove in (
            ("inclusion", tree.prove_inclusion),
            ("consistency", tree.prove_consistency),
        ):
            took = seconds(lambda prove=prove: each(prove, places), ROUNDS)
            told[f"{name}_us"] = took / PROOFS * 1e6
        signed = ledger.load_checkpoint(connection)
        check(tree, signed.root, places[::10])
        whole = seconds(
            lambda: each(lambda at: ledger.prove_consistency(connection, at), places[:200])
        )
        told["file_us"] = whole / 200 * 1e6
    told["peak_mb"] = resident_mb()
    return told


def check(tree, root: bytes, places: Sequence[int]) -> None:
    from assay.verifier import hash_leaf, is_consistent, is_included

    for at in places:
        path, joined = tree.prove_inclusion(at), tree.prove_consistency(at)
        is_right = is_included(hash_leaf(entry(at)), at, LEAVES, path, root)
        if not (is_right and is_consistent(at, tree.root(at), LEAVES, root, joined)):
            sys.exit(f"a proof at {at} does not hold")


def each(work: Callable[[int], object], places: Sequence[int]) -> None:
    for place in places:
        work(place)


def fill(path: Path) -> None:
    """A stored log of a million entries, by the ledger's own appender."""
    from assay.ledger.service.appending import Entry
    from assay.ledger.service.heads import save_head
    from assay.ledger.service.starting import open_or_start

    database = open_home(path)
    for start in range(0, LEAVES, CHUNK):
        with database.write() as connection:
            end = open_or_start(database, connection, START, is_replay=False)
            end.add([Entry(START, None, entry(x)) for x in range(start, start + CHUNK)])
            signed = end.sign(START)
        save_head(database.home, signed.note)
    database.close()


def publish(path: Path) -> float:
    """Durable publications a second: rows, header, entry, tiles and checkpoint, fsynced."""
    from assay import ledger
    from assay.ledger import Draft, Kind

    kind = Kind("bench", live_within=timedelta(hours=24), opens_after=timedelta(days=1))
    rows = json.dumps([{"n": str(x)} for x in range(20)], separators=(",", ":")).encode()
    drafts = [
        Draft(kind, date(2023, 6, 1), rows, f"{x:064x}", START, "model", "code")
        for x in range(PUBLICATIONS)
    ]
    database = open_home(path)

    coming = iter(range(0, PUBLICATIONS, BATCH))

    def work() -> None:
        for start in islice(coming, PUBLICATIONS // BATCH // ROUNDS):
            with ledger.write_ledger(database) as writer:
                for draft in drafts[start : start + BATCH]:
                    writer.save(draft, START, is_replay=False)

    took = seconds(work, ROUNDS, time.perf_counter)
    database.close()
    return PUBLICATIONS / ROUNDS / took


def measure_peer(entries: list[bytes], root: bytes) -> dict[str, float]:
    """pymerkle's tree in memory: appends a second, microseconds a proof."""
    from pymerkle import InmemoryTree

    peer = InmemoryTree(algorithm="sha256")
    told = {"appends": LEAVES / seconds(lambda: [peer.append_entry(item) for item in entries])}
    if peer.get_root(LEAVES) != root:
        sys.exit("pymerkle has another root")
    places = list(scatter(PROOFS // 4))
    for name, prove in (
        ("inclusion", peer.prove_inclusion),
        ("consistency", peer.prove_consistency),
    ):
        took = seconds(lambda prove=prove: each(lambda at: prove(at, LEAVES), places), ROUNDS)
        told[f"{name}_us"] = took / len(places) * 1e6
    return told


def main() -> int:
    from assay.ledger.compute.tree import Edge
    from assay.verifier import hash_leaf

    entries = [entry(index) for index in range(LEAVES)]
    edges = [Edge(0, lambda level, index: b"") for _ in range(ROUNDS)]
    coming = iter(edges)
    ours = LEAVES / seconds(lambda: next(coming).extend(map(hash_leaf, entries)), ROUNDS)
    peer = measure_peer(entries, edges[0].root())
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "million")
        command = [sys.executable, __file__, str(Path(folder) / "million")]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(run.stdout)
        durable = publish(Path(folder) / "durable")
    met = [
        show(
            "appends/s in memory",
            ours,
            ours >= APPENDS,
            compare(ours / peer["appends"], peer["appends"]),
        ),
        show("publications/s, durable", durable, durable >= DURABLE, f"in batches of {BATCH}"),
    ]
    for name in ("inclusion_us", "consistency_us"):
        beside = compare(peer[name] / told[name], peer[name])
        met.append(
            show(f"{name.replace('_us', '')} proof, us", told[name], told[name] <= PROOF_US, beside)
        )
    show("inclusion, cold, us", told["cold_us"], True, "tiles read and hashed on the way")
    show(
        "consistency file, us",
        told["file_us"],
        True,
        "with its queries, checked before it is given",
    )
    met += [
        show(
            "s to open a million", told["open_s"], told["open_s"] <= OPEN_S, "checked to its root"
        ),
        show(
            "MB in all, proofs too",
            told["peak_mb"],
            told["peak_mb"] <= MEMORY_MB,
            f"after imports {told['before_mb']:.0f}, opened {told['opened_mb']:.0f}",
        ),
    ]
    return 0 if all(met) else 1


def compare(ratio: float, peer: float) -> str:
    return f"pymerkle {peer:,.0f}: {ratio:.1f} times"


def show(name: str, figure: float, is_met: bool, beside: str) -> bool:
    print(f"{name:26}{figure:14,.1f}   {beside}{'' if is_met else '   BELOW TARGET'}")
    return is_met


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(opened(Path(sys.argv[1]))))
        sys.exit(0)
    sys.exit(main())
