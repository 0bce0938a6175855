"""Canonical bytes, trees, notes and proofs of the ledger. Pure."""
