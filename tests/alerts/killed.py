"""Deliverers in processes of their own, to be killed: `python killed.py HOME DATABASE_URL`.

Says `ready`; then forks a deliverer for every line that it reads and says its process id. What it
loads is loaded once: on a busy machine that takes longer than all the delivering.
"""

import os
import signal
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from assay import alerts
from assay.kit.clock import SystemClock
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.settings import Settings


def deliver(path: Path, url: str, parent: int) -> None:
    database = Database(Home(path, SecretStr(url) if url else None))
    settings = Settings(home=path, alert_networks="127.0.0.0/8")
    # A machine that is busy makes no channel slow here: what is asked is how often one repeats.
    deliverer = alerts.Deliverer(database, settings, SystemClock(), prompt_s=600.0, lease_s=0.2)
    deliverer.start()
    # Until killed, or nobody is there to kill it any more.
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(1)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    say("ready")
    for _ in sys.stdin:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            deliver(Path(sys.argv[1]), sys.argv[2], parent)
        say(str(child))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


main()
