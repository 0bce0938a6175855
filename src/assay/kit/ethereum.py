"""eth-account, loaded without what one of its libraries does to the whole process.

py_ecc raises Python's recursion limit a hundredfold where it is imported. Deeply nested JSON then
overflows the stack and ends the process, where it should only have been refused.
"""

import importlib
import sys
import threading
from typing import Any

_LOCK = threading.Lock()


def load_eth_account() -> Any:  # noqa: ANN401 - the module, which says little of its types
    """The module `eth_account`; takes a second when it is loaded for the first time."""
    loaded = sys.modules.get("py_ecc")
    if loaded is None:
        with _LOCK:
            set_limit = sys.setrecursionlimit
            sys.setrecursionlimit = _ignore
            try:
                importlib.import_module("py_ecc")
            finally:
                sys.setrecursionlimit = set_limit
    return importlib.import_module("eth_account")


def _ignore(limit: int) -> None:
    """Instead of setting the limit afterwards: other threads may parse what strangers sent now."""
