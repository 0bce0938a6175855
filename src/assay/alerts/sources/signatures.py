"""Signatures of webhooks, as Standard Webhooks 1.0 has them (symmetric, `v1`).

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac

PREFIX = "whsec_"
SECRET_BYTES = 32


def format_secret(key: bytes) -> str:
    """A key as its receiver keeps it."""
    return PREFIX + base64.b64encode(key).decode()


def sign(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of `webhook-signature`: HMAC-SHA256 of id, moment and body, joined by dots."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp_s, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
