"""Replay exchanges in a process of their own, told what to do by lines of JSON on stdin.

Each line is [name, verb, ...arguments]; each answer one line. `make` starts one; `advance`,
`fault`, `disconnect`, `book`, `counts` and `stop` do what the server's methods of that name do.
"""

import json
import sys
from typing import Any

from assay.exchange import ReplayServer

SERVERS: dict[str, ReplayServer] = {}


def do(name: str, verb: str, *arguments: Any) -> Any:
    if verb == "make":
        server = SERVERS[name] = ReplayServer(name=name, **arguments[0])
        server.start()
        return server.url
    server = SERVERS[name]
    if verb == "advance":
        server.advance(*arguments)
    elif verb == "fault":
        server.fault(*arguments)
    elif verb == "disconnect":
        server.disconnect_all()
    elif verb == "book":
        return server.book(*arguments)
    elif verb == "counts":
        return server.counts
    elif verb == "stop":
        server.stop()
        del SERVERS[name]
    return server.now_ms


if __name__ == "__main__":
    for line in sys.stdin:
        answer = do(*json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for server in list(SERVERS.values()):
        server.stop()
