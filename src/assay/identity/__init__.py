"""Identity: what was published of one thing, as a credential that its holder can show to others.

Answers   is this credential ours, unexpired, not withdrawn, shown by its holder, and in the log
Inputs    rows of the ledger's publications, with their inclusion proofs; nothing is computed
Cadence   none: credentials are issued on request; status lists are signed when they are read
Tables    identity_keys, identity_credentials, identity_challenges
"""

from assay.identity.compute.evidence import EVIDENCE, SAID
from assay.identity.compute.keys import read_jwk, write_jwk
from assay.identity.service.challenging import create_challenge
from assay.identity.service.installation import Installation, rotate_key
from assay.identity.service.issuing import (
    get_credential,
    issue_credential,
    list_credentials,
    withdraw_credential,
)
from assay.identity.service.presenting import present_credential, read_credential
from assay.identity.service.publishing import (
    describe_issuer,
    describe_issuer_keys,
    describe_type,
    publish_list,
)
from assay.identity.service.verifying import Run, verify_credential
from assay.identity.types import (
    Challenge,
    CredentialRecord,
    CredentialRefused,
    Expected,
    Issued,
    Order,
    Proven,
    Reason,
    Verified,
)

__all__ = [
    "EVIDENCE",
    "SAID",
    "Challenge",
    "CredentialRecord",
    "CredentialRefused",
    "Expected",
    "Installation",
    "Issued",
    "Order",
    "Proven",
    "Reason",
    "Run",
    "Verified",
    "create_challenge",
    "describe_issuer",
    "describe_issuer_keys",
    "describe_type",
    "get_credential",
    "issue_credential",
    "list_credentials",
    "present_credential",
    "publish_list",
    "read_credential",
    "read_jwk",
    "rotate_key",
    "verify_credential",
    "withdraw_credential",
    "write_jwk",
]
