"""One process of a small installation behind a shared socket: `python child.py FD HOME`.

What `assay serve-process` is, with the made-up market of the API's tests instead of the sample.
"""

import socket
import sys
from pathlib import Path

from tests.api.world import FakeGrades, FakeMarkets

from assay.api import Draining, serve
from assay.cli.supervising import Follower, leave
from assay.kit.clock import SystemClock
from assay.kit.home import Home
from assay.kit.settings import Settings


def main() -> None:
    home = Path(sys.argv[2])
    follower = Follower(Draining(), leave)
    follower.start(sys.stdin)
    serve(
        Home(home),
        Settings(home=home),
        SystemClock(),
        grades=FakeGrades(),
        markets=FakeMarkets(),
        is_ready=lambda: follower.news.is_ready,
        sockets=[socket.socket(fileno=int(sys.argv[1]))],
        draining=follower.draining,
    )


if __name__ == "__main__":
    main()
