"""People, their keys, and how much they may ask for.

Answers   who asks, what they may do, how much is left; sign-up, sign-in, sessions, keys, usage
Inputs    e-mail and password, an Ethereum wallet's signature, an API key
Cadence   on request; usage is flushed every second
Tables    accounts*
"""

from assay.accounts.hashing import Passwords
from assay.accounts.holders import REF_LENGTH, Holder, load_holders, split_ref
from assay.accounts.keys import (
    IssuedToken,
    change_key,
    create_key,
    erase_keys,
    get_key,
    issue_token,
    list_keys,
    revoke_key,
    rotate_key,
)
from assay.accounts.keys import list_for_export as list_keys_for_export
from assay.accounts.limits import Grant, LimitStore, MeterKey, Settlement, Usage
from assay.accounts.metering import Allowance, Meter, Metering
from assay.accounts.owner import OWNER_KEY, ensure_owner
from assay.accounts.people.account import (
    Collector,
    Eraser,
    change_account,
    change_email,
    delete_account,
    delete_expired,
    export_account,
    find_account,
    get_account,
    list_accounts,
    list_audit,
)
from assay.accounts.people.by_wallet import (
    Challenge,
    Signed,
    Site,
    create_challenge,
    link_wallet,
    sign_in_with_wallet,
    unlink_wallet,
)
from assay.accounts.people.confirming import Proof, Setting, confirm_holder
from assay.accounts.people.passwords import (
    Reset,
    change_password,
    create_reset,
    request_reset,
    reset_password,
)
from assay.accounts.people.sessions import (
    end_other_sessions,
    end_session,
    list_sessions,
    refresh_session,
)
from assay.accounts.people.signing_in import sign_in_with_password
from assay.accounts.people.signing_up import create_account, sign_up
from assay.accounts.plans import DEFAULT_PLAN, Plans, load_plans
from assay.accounts.redis_limits import RedisLimits
from assay.accounts.retention import KEEP_ADDRESSES, KEEP_USAGE, delete_old
from assay.accounts.statements import publish_private
from assay.accounts.store.limits import (
    DatabaseLimits,
    end_of_month,
    list_usage,
    load_used,
    month_of,
)
from assay.accounts.store.people import load_version, touch_version
from assay.accounts.store.sessions import find_session, load_live_sessions
from assay.accounts.tickets import TICKET_LIFE, Ticket, create_ticket, redeem_ticket
from assay.accounts.tokens import derive_csrf, split_token
from assay.accounts.trail import record_audit

__all__ = [
    "DEFAULT_PLAN",
    "KEEP_ADDRESSES",
    "KEEP_USAGE",
    "OWNER_KEY",
    "REF_LENGTH",
    "TICKET_LIFE",
    "Allowance",
    "Challenge",
    "Collector",
    "DatabaseLimits",
    "Eraser",
    "Grant",
    "Holder",
    "IssuedToken",
    "LimitStore",
    "Meter",
    "MeterKey",
    "Metering",
    "Passwords",
    "Plans",
    "Proof",
    "RedisLimits",
    "Reset",
    "Setting",
    "Settlement",
    "Signed",
    "Site",
    "Ticket",
    "Usage",
    "change_account",
    "change_email",
    "change_key",
    "change_password",
    "confirm_holder",
    "create_account",
    "create_challenge",
    "create_key",
    "create_reset",
    "create_ticket",
    "delete_account",
    "delete_expired",
    "delete_old",
    "derive_csrf",
    "end_of_month",
    "end_other_sessions",
    "end_session",
    "ensure_owner",
    "erase_keys",
    "export_account",
    "find_account",
    "find_session",
    "get_account",
    "get_key",
    "issue_token",
    "link_wallet",
    "list_accounts",
    "list_audit",
    "list_keys",
    "list_keys_for_export",
    "list_sessions",
    "list_usage",
    "load_holders",
    "load_live_sessions",
    "load_plans",
    "load_used",
    "load_version",
    "month_of",
    "publish_private",
    "record_audit",
    "redeem_ticket",
    "refresh_session",
    "request_reset",
    "reset_password",
    "revoke_key",
    "rotate_key",
    "sign_in_with_password",
    "sign_in_with_wallet",
    "sign_up",
    "split_ref",
    "split_token",
    "touch_version",
    "unlink_wallet",
]
