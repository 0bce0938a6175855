"""The only code that touches the ledger's tables."""
