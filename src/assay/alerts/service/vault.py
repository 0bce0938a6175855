"""The addresses of channels, encrypted: who reads the database or a backup of it cannot send there.

The key is derived (HKDF-SHA256) from a private key of the installation's ring, which lies outside
the database and may itself be under a passphrase (`ASSAY_KEYS_PASSPHRASE_FILE`). An address is
bound to its channel and account: moved to another row, it does not open.
"""

import json
import secrets
from dataclasses import asdict
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assay.alerts.sources.targets import Mailbox, Target
from assay.alerts.store import channels as store
from assay.kit.database import Database
from assay.kit.errors import KeyUnusable
from assay.kit.keyring import ED25519, Keyring

KEY_NAME = "alert-channels"
_NONCE = 12


class Vault:
    """Seals and opens what channels keep secret. Its key is read when it is first needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ring = Keyring(database.home)

    def seal(self, account_id: str, channel_id: str, target: Target, key: bytes) -> bytes:
        """An address, and the key that signs its messages, as they are stored."""
        mailbox = None if target.mailbox is None else asdict(target.mailbox)
        plain = {
            "service": target.service,
            "url": target.url,
            "shown": target.shown,
            "mailbox": mailbox,
            "key": key.hex(),
        }
        nonce = secrets.token_bytes(_NONCE)
        payload = json.dumps(plain).encode()
        return nonce + self._cipher.encrypt(nonce, payload, _bind(account_id, channel_id))

    def open(self, account_id: str, channel_id: str, sealed: bytes) -> tuple[Target, bytes]:
        """What `seal` encrypted. Raises KeyUnusable where another key did."""
        nonce, payload = sealed[:_NONCE], sealed[_NONCE:]
        try:
            plain = json.loads(self._cipher.decrypt(nonce, payload, _bind(account_id, channel_id)))
        except InvalidTag:
            raise KeyUnusable(
                f"The addresses of channels are encrypted under another key than {self._path}.",
                hint="Bring that file from a backup, or from the host that made the channels.",
            ) from None
        mailbox = None if plain["mailbox"] is None else Mailbox(**plain["mailbox"])
        target = Target(plain["service"], plain["url"], plain["shown"], mailbox)
        return target, bytes.fromhex(plain["key"])

    @property
    def _path(self) -> str:
        return str(self._ring.find_path(KEY_NAME))

    @cached_property
    def _cipher(self) -> AESGCM:
        if not self._ring.has(KEY_NAME):
            # A new key beside old channels would make them unreadable for good, unnoticed.
            with self._database.read() as connection:
                is_used = store.count_channels(connection) > 0
            if is_used:
                raise KeyUnusable(
                    f"The key of the channels' addresses, {self._path}, is missing.",
                    hint="Bring it from a backup, or from the host that made the channels.",
                )
        private = self._ring.load_or_create(KEY_NAME, ED25519).private_bytes_raw()
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assay alert channels 1")
        return AESGCM(kdf.derive(private))


def _bind(account_id: str, channel_id: str) -> bytes:
    return f"{account_id}\0{channel_id}".encode()
