"""Compile the contract of anchors: `Anchor.vy` into `Anchor.json`. A test compares the two.

Run it after a change of the source; contracts that stand on a chain keep the code they have.
"""

import json
import sys
from pathlib import Path

from eth_utils import keccak
from vyper import compile_code

SOURCE = Path("src/assay/ledger/sources/evm/Anchor.vy")
OUTPUT = SOURCE.with_suffix(".json")
FORMATS = ["abi", "bytecode", "bytecode_runtime", "method_identifiers"]
EVENT = "Anchored(bytes32,uint256,bytes32)"


def compile_contract() -> str:
    """What belongs into `Anchor.json`; the code of the contract ends with its two immutables."""
    made = compile_code(SOURCE.read_text(encoding="utf-8"), output_formats=FORMATS)
    contract = {
        "compiler": "vyper 0.4.3",
        "bytecode": made["bytecode"],
        "runtime": made["bytecode_runtime"],
        "methods": made["method_identifiers"],
        "events": {EVENT: "0x" + keccak(text=EVENT).hex()},
        "abi": made["abi"],
    }
    return json.dumps(contract, indent=1) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(compile_contract(), encoding="utf-8")
    sys.stdout.write(f"wrote {OUTPUT}\n")
