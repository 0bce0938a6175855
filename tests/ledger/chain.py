"""A real EVM node of a test's own (anvil), and what only a node for tests can do.

The binary is installed by tools/node.sh into tests/chain; without it these tests skip.
"""

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from tests.services import miss

from assay.ledger.outside import WEI_PER_GWEI, Chain

FOLDER = Path(__file__).resolve().parents[1] / "chain"
CHAIN_ID = 31_337
ETHER = 10**18


@dataclass
class Node:
    """A node that makes a block for each transaction, or when told (`automine(False)`)."""

    url: str

    def call(self, method: str, *params: object) -> Any:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.url, json.dumps(question).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found = json.load(answer)
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["result"]

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.call("evm_mine")

    def automine(self, is_on: bool) -> None:
        self.call("evm_setAutomine", is_on)

    def fund(self, address: str, wei: int = ETHER) -> None:
        self.call("anvil_setBalance", address, hex(wei))

    def chain(self, contract: str = "", confirmations: int = 1, **changes: Any) -> Chain:
        values = {"chain_id": CHAIN_ID, "highest_fee_wei": 100 * WEI_PER_GWEI, **changes}
        return Chain(SecretStr(self.url), values.pop("chain_id"), contract, confirmations, **values)


def find_anvil() -> Path:
    found = sorted(FOLDER.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    if not found:
        miss("anvil", "run tools/node.sh")
    return found[0]


@contextmanager
def running_node() -> Iterator[Node]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(find_anvil()), "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    command += ["--chain-id", str(CHAIN_ID), "--accounts", "1"]
    node = Node(f"http://127.0.0.1:{port}")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with suppress(OSError):
                    node.call("eth_chainId")
                    break
                time.sleep(0.01)
            yield node
        finally:
            process.kill()
