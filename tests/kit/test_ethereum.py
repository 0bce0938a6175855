"""Loading Ethereum's libraries leaves the process able to refuse deeply nested JSON."""

import subprocess
import sys

import pytest

LOADED = """
import json, sys
limit = sys.getrecursionlimit()
from assay.accounts.wallets import recover_signer
from assay.kit.errors import SignInFailed
try:
    recover_signer("text", "0x" + "11" * 65)
except SignInFailed:
    pass
assert "py_ecc" in sys.modules and sys.getrecursionlimit() == limit
try:
    json.loads("[" * 500_000)
except RecursionError:
    print("refused")
"""


@pytest.mark.slow
def test_a_sign_in_by_wallet_does_not_let_nested_json_end_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip()) == (0, "refused"), ended.stderr
