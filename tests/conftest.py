"""What all tests share: no network but loopback, a kernel cache of their own, required services."""

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

from assay.kit.ethereum import load_eth_account
from tests.services import each_home, other_postgres_url, postgres_url, redis_prefix, redis_url

__all__ = ["each_home", "other_postgres_url", "postgres_url", "redis_prefix", "redis_url"]

# Kernels compiled by tests are kept between runs, outside any home a person uses.
os.environ.setdefault(
    "ASSAY_KERNEL_CACHE", str(Path(tempfile.gettempdir()) / f"assay-test-kernels-{os.getuid()}")
)

# Threads of OpenMP (LightGBM) that wait burn a processor unless told not to: beside other tests on
# two cores the training of one model took 188 s, so told 5 s. Read when the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Tests import it, too: what it does to the process is undone for all of them.
load_eth_account()

# A time limit never decides a test: the machine may be busy with something else. In CI, chance does
# not either: the same commit has the same examples there; every other run looks for new ones.
settings.register_profile("assay", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("assay")

PATIENCE_S = 60.0
"""No test is decided by it: what comes, comes sooner."""
# Nor by httpx's own five seconds.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, PATIENCE_S)

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NetworkForbidden(RuntimeError):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True)
def sealed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that does not stay on this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in LOOPBACK:
            raise NetworkForbidden(f"a test connected to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def require(program: str) -> str:
    """Path of a system program; skips the test without it, or fails under ASSAY_REQUIRE=all."""
    found = shutil.which(program)
    if found is None:
        if os.environ.get("ASSAY_REQUIRE") == "all":
            pytest.fail(f"{program} is missing and ASSAY_REQUIRE=all")
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a real browser."""
    return require("chromium")
