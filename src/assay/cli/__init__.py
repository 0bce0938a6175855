"""The command line: parses input, calls a room's verb, prints what it answered.

Every command prepares an empty home with the bundled sample first; progress goes to stderr.
"""

from assay.cli.app import main

__all__ = ["main"]
