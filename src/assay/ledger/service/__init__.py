"""The verbs of the ledger: publish into the log, prove what is in it."""
