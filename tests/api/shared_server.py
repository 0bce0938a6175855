"""A server over a shared database, in a process of its own."""

import sys
from pathlib import Path

from pydantic import SecretStr
from tests.api.serving import running
from tests.api.world import make_world


def serve(home: str, url: str, redis: str) -> None:
    """Say the address on stdout and serve until the input ends."""
    world = make_world(Path(home), url=SecretStr(url), days=0, redis_url=SecretStr(redis))
    with running(world.app) as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stdin.read()
