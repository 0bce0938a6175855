"""The contract `Anchor.vy` on an EVM chain. `Anchor.json` is made of it (tools/build_contract)."""
