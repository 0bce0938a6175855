"""The command line: parses input, calls a room's verb, prints what it answered.

Every command prepares an empty home with the bundled sample first; progress goes to stderr.
"""

import os
import sys

# Threads of OpenMP (LightGBM) that wait burn a processor unless told not to: beside other work on
# two cores the training of one model took 188 s, so told 5 s. Read when the library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def main() -> None:
    """Entry point of the `assay` command."""
    if sys.argv[1:2] == ["exchange"]:
        # It uses none of the rooms whose import is most of the start of every other command.
        from assay.cli.exchange import app  # noqa: PLC0415

        app(sys.argv[2:], prog_name="assay exchange")
        return
    from assay.cli.app import main as run  # noqa: PLC0415

    run()


__all__ = ["main"]
