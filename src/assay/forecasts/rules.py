"""The name of a rule book: what was decided besides the code, in twelve hex digits."""

import hashlib

from assay.ledger import canonical_json


def name_rules(**rules: object) -> str:
    """`rules:` and the first 12 hex digits of the SHA-256 of the rules' values, as text."""
    values = {name: str(value) for name, value in rules.items()}
    return "rules:" + hashlib.sha256(canonical_json(values)).hexdigest()[:12]
