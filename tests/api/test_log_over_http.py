"""What is served is enough to check everything: a reader recomputes the log over HTTP, with the
stand-alone verifier alone, while another process publishes.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.error import HTTPError

import pytest
from pydantic import SecretStr
from tests.api.log_reader import LogReader
from tests.api.serving import running
from tests.api.world import make_world
from tests.services import own_database

import assay.verifier
from assay.verifier import Evidence, report_log

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
PUBLISH = """
import sys, types
# Some libraries install a package of this name too.
package = sys.modules["tests"] = types.ModuleType("tests")
package.__path__ = [sys.argv[1]]
from tests.api.publisher import publish
publish(*sys.argv[2:])
"""
BATCHES = 3


Served = tuple[str, Path, str]
"""Address, home and the URL of the database (empty: SQLite) of a served world."""


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("log")
    with contextlib.ExitStack() as stack:
        url = "" if request.param == "sqlite" else stack.enter_context(own_database())
        world = make_world(home, url=SecretStr(url) if url else None)
        yield stack.enter_context(running(world.app)), home, url


def test_a_reader_follows_the_log_while_another_process_publishes(served: Served) -> None:
    address, home, url = served
    reader = LogReader(address)
    first = reader.follow()
    publisher = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(TESTS), str(home), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert publisher.stdin is not None
    assert publisher.stdout is not None
    with publisher:
        for _ in range(BATCHES):
            publisher.stdin.write("\n")
            publisher.stdin.flush()
            for _ in range(2):
                reader.follow()
                reader.check_growth(first)
            said = int(publisher.stdout.readline())
            assert reader.follow().size == said
            reader.check_growth(reader.heads[-2])
        publisher.stdin.close()
    assert publisher.returncode == 0
    assert len(reader.heads) > BATCHES
    assert reader.heads[-1].size > 256, "no full tile was read"
    for old in reader.heads:
        assert reader.check_growth(old).size == said
    report = report_log(reader.heads[-1], reader.entries, Evidence([reader.key], earlier=first))
    found = {attack: verdict for attack, (verdict, _) in report.attacks.items()}
    assert found["removed"] == found["reordered"] == found["altered"] == "excluded"


def test_every_publication_and_row_has_its_proof(served: Served) -> None:
    reader = LogReader(served[0])
    reader.follow()
    listed = reader.ask("/v1/publications?limit=1000")["data"]
    chosen = listed[:: max(1, len(listed) // 12)]
    assert len(chosen) >= 12
    for publication in [row["publication"] for row in chosen]:
        header = reader.check_publication(publication)
        rows = reader.fetch(f"/v1/publications/{publication}/rows")
        assert sha256(rows).hexdigest() == header["rows_digest"]
        count = header["row_count"]
        assert len(json.loads(rows)) == count
        parts = [reader.check_row(publication, index) for index in {0, count // 2, count - 1}]
        assert all(part in rows for part in parts)
        with pytest.raises(HTTPError) as refused:
            reader.fetch(f"/v1/publications/{publication}/rows/{count}")
        assert refused.value.code == 404
        refused.value.close()


def test_the_same_log_is_read_by_its_origin(served: Served) -> None:
    newest = LogReader(served[0])
    named = LogReader(served[0], newest.ask("/v1/log")["data"]["path"])
    assert named.follow() == newest.follow()


def test_every_checkpoint_is_listed_and_signed(served: Served) -> None:
    reader = LogReader(served[0])
    head = reader.follow()
    path = "/v1/log/checkpoints?limit=20&sort=size"
    rows, cursor = [], ""
    while cursor is not None:
        page = reader.ask(path + (f"&cursor={cursor}" if cursor else ""))
        rows += page["data"]
        cursor = page["next_cursor"]
    assert [row["size"] for row in rows] == sorted({row["size"] for row in rows})
    assert rows[-1]["size"] == head.size
    for row in rows:
        listed = assay.verifier.parse_checkpoint(row["checkpoint"].encode())
        reader.check_head(listed)
        assert (listed.size, listed.root.hex()) == (row["size"], row["root"])
        leaves = [assay.verifier.hash_leaf(entry) for entry in reader.entries[: listed.size]]
        assert assay.verifier.compute_root(leaves) == listed.root
    newest = reader.ask("/v1/log/checkpoints?limit=1")["data"]
    assert newest == rows[-1:]


def test_the_verifier_that_is_served_is_the_one_that_runs(served: Served) -> None:
    text = LogReader(served[0]).fetch("/log/verifier.py")
    assert text == Path(assay.verifier.__file__).read_bytes()
    assert b"from assay" not in text
    assert b"import assay" not in text
