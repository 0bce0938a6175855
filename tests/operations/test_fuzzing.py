"""10,000 requests that no client would send, over raw sockets: no 5xx, no crash, no growth.

The seed is fixed: a failure can be looked at again. What is sent is a valid request that was bent
in one or several of the ways below, or noise.
"""

import contextlib
import re
import resource
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.api.people import open_site
from tests.api.serving import running
from tests.api.world import make_world
from tests.operations.bent import make_request

pytestmark = pytest.mark.slow

REQUESTS = 10_000
SEED = 20_261_120
GROWTH_MB = 48
TIMEOUT_S = 2.0
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT_S) as client:
        yield client


def ask(url: str, payload: bytes) -> bytes:
    """All that is answered; we end our side, so that the server need not wait for more."""
    parts: list[bytes] = []
    with connected(url) as client:
        with contextlib.suppress(OSError):
            client.sendall(payload)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while part := client.recv(262_144):
                parts.append(part)
    return b"".join(parts)


def read_memory_mb() -> float:
    """What this process holds; 0.0 where the system does not say."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    return 0.0


def bombard(url: str, requests: int) -> Counter[int]:
    """The statuses that were answered, each below 500."""
    random = np.random.default_rng(SEED)
    seen: Counter[int] = Counter()
    before = 0.0
    for number in range(requests):
        if number == requests // 5:
            # By now everything is loaded and what is remembered has found its size.
            before = read_memory_mb()
        payload = make_request(random)
        answer = ask(url, payload)
        statuses = [int(status) for status in STATUS.findall(answer)]
        seen.update(statuses)
        assert all(status < 500 for status in statuses), (number, payload[:500], answer[:500])
    grown = read_memory_mb() - before
    assert grown < GROWTH_MB, f"{grown:.0f} MB"
    return seen


def test_ten_thousand_bent_requests_break_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with running(world.app) as url:
        seen = bombard(url, REQUESTS)
        good = ask(url, b"GET /v1/tokens HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert good.startswith(b"HTTP/1.1 200 ")
    assert world.app.state.stats.in_flight == 0
    # They did reach what they were meant for.
    assert {200, 400, 404, 405, 414, 421, 422, 431} <= set(seen), seen


def test_in_keyed_mode_none_of_them_gets_in(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        seen = bombard(site.url, REQUESTS // 4)
        assert site.app.state.stats.in_flight == 0
    assert {200, 400, 401, 404, 421, 431} <= set(seen), seen
