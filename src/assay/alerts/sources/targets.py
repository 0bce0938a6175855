"""Reading the address of a channel: which service it is of, and how it may be shown.

An address is a URL. `https` is a webhook of ours; the rest is apprise's words for services, of
which the owner allows some (`ASSAY_ALERT_SCHEMES`). Nothing here goes over the network.
"""

import importlib
import logging
import sys
import threading
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from assay.alerts.sources.addresses import choose_address
from assay.kit.addresses import Networks
from assay.kit.errors import BadInput

WEBHOOK = "webhook"
MAIL = "mail"
LONGEST_URL = 2_000
HIDDEN = "***"
MAIL_PORTS = frozenset({25, 465, 587, 2525})
_MAIL_SCHEMES = ("mailto", "mailtos")
_NATIVE = {
    "hooks.slack.com": "slack",
    "hooks.slack-gov.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
}
"""Addresses as these services show them, which are no webhooks of the standard."""
_OPTIONS = frozenset({"to", "from", "name", "smtp", "mode", "priority", "tags", "topic", "silent"})
"""What an address may say besides. Others of apprise read files, fetch images, repeat messages or
turn checks off.
"""
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How a mail gets to somebody. `mode`: `ssl`, `starttls`, or `insecure` (allowed networks)."""

    host: str
    port: int
    mode: str
    user: str
    password: str = field(repr=False)
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Target:
    """A channel's address, read. It holds secrets: only `service` and `shown` may be shown."""

    service: str
    url: str
    shown: str
    mailbox: Mailbox | None = None

    def __repr__(self) -> str:
        return f"Target({self.shown})"


def parse_target(url: str, schemes: Collection[str], networks: Networks) -> Target:
    """Read the address of a channel. Raises BadInput, whose words never repeat the address."""
    parts = _split(url)
    if parts.scheme in ("http", "https"):
        native = _NATIVE.get(parts.hostname or "")
        if native is None:
            return _read_webhook(url, parts, schemes, networks)
        _require_scheme(native, schemes)
    else:
        native = parts.scheme
        _require_scheme(native, schemes)
    _check_options(parts)
    if native in _MAIL_SCHEMES:
        return _read_mail(url, parts, networks)
    return _read_service(url, parts, native)


def load_apprise() -> Any:  # noqa: ANN401 - apprise's classes have no types worth the name
    """The library with all its plugins, silent: what it logs repeats addresses."""
    with _LOADING:
        if "apprise.plugins.ntfy" not in sys.modules:
            logger = logging.getLogger("apprise")
            logger.propagate = False
            logger.setLevel(logging.CRITICAL + 1)
            with warnings.catch_warnings():
                # Plugins that nobody asks for import what Python is about to drop.
                warnings.simplefilter("ignore")
                apprise = importlib.import_module("apprise")
                apprise.Apprise.instantiate("ntfys://example")
        # It takes a second to load, and most starts send nothing through it.
        return importlib.import_module("apprise")


def open_plugin(url: str) -> Any:  # noqa: ANN401 - one of a hundred plugins
    """What apprise sends with. Raises BadInput for an address that it does not understand."""
    apprise = load_apprise()
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    asset.http_redirects = False
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise BadInput(
            "The address is not one that its service has.",
            hint="https://appriseit.com/services/ shows how each service's address is written.",
        )
    return plugin


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput(
            f"The address is longer than {LONGEST_URL} characters, or not printable ASCII.",
            hint="Write other characters as %XX.",
        )
    try:
        parts = urlsplit(url)
        # Of other services what stands there need not be a port.
        _ = parts.scheme in ("http", "https") and parts.port
    except ValueError:
        # Its words repeat the address.
        raise BadInput("The address is no URL.") from None
    if not parts.scheme or not parts.netloc:
        raise BadInput("The address is no URL.", hint="Write https://host/path or mailtos://...")
    return parts


def _require_scheme(scheme: str, schemes: Collection[str]) -> None:
    if scheme not in schemes:
        raise BadInput(
            f"Channels of the scheme {scheme[:20]!r} are not allowed here.",
            hint=f"Allowed are: {', '.join(sorted(schemes))} (ASSAY_ALERT_SCHEMES).",
        )


def _read_webhook(
    url: str, parts: SplitResult, schemes: Collection[str], networks: Networks
) -> Target:
    _require_scheme("https", schemes)
    host = parts.hostname
    if not host or parts.username is not None or parts.fragment:
        raise BadInput("The address has no host, or a user name, password or fragment.")
    _check_literal(host, networks)
    if parts.scheme == "http" and not networks:
        raise BadInput(
            "Webhooks are sent over https.",
            hint="http is for the networks that the owner allows (ASSAY_ALERT_NETWORKS).",
        )
    return Target(WEBHOOK, url, f"{parts.scheme}://{parts.netloc}/{HIDDEN}")


def _check_options(parts: SplitResult) -> None:
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if names - _OPTIONS:
        raise BadInput(
            "The address has options that are not allowed here.",
            hint=f"Allowed are: {', '.join(sorted(_OPTIONS))}.",
        )


def _read_mail(url: str, parts: SplitResult, networks: Networks) -> Target:
    plugin = open_plugin(url)
    if type(plugin).__name__ != "NotifyEmail" or len(plugin.targets) != 1 or plugin.headers:
        raise BadInput(
            "A mail channel has one recipient.",
            hint="mailtos://user:password@host?from=me@example.com&to=you@example.com",
        )
    mode, port = str(plugin.secure_mode), int(plugin.port)
    if port == 465 and "mode=" not in parts.query:
        mode = "ssl"
    host = str(plugin.smtp_host)
    _check_literal(host, networks)
    if not networks and (mode == "insecure" or port not in MAIL_PORTS):
        raise BadInput(
            "Mail is sent encrypted, to a port of mail (465, 587, 25 or 2525).",
            hint="Use mailtos://; the rest is for networks that the owner allows"
            " (ASSAY_ALERT_NETWORKS).",
        )
    recipient = str(plugin.targets[0][1])
    mailbox = Mailbox(
        host=host,
        port=port,
        mode=mode,
        user=str(plugin.user or ""),
        password=str(plugin.password or ""),
        sender=str(plugin.from_addr[1]),
        recipient=recipient,
    )
    name, _, domain = recipient.partition("@")
    return Target(MAIL, url, f"{name[:1]}{HIDDEN}@{domain} via {host}", mailbox)


def _read_service(url: str, parts: SplitResult, service: str) -> Target:
    plugin = open_plugin(url)
    # Other plugins open sockets, files or programs of their own, which nothing here could check.
    if not is_http_plugin(plugin):
        raise BadInput(f"Channels of the scheme {service!r} cannot be sent to safely.")
    if len(plugin) != 1 or not getattr(plugin, "targets", True):
        raise BadInput(
            "A channel has one recipient.", hint="Make a channel of its own for each of them."
        )
    host = f"{parts.hostname}/" if service == "ntfys" and parts.path.strip("/") else ""
    return Target(service, url, f"{service}://{host}{HIDDEN}")


def is_http_plugin(plugin: object) -> bool:
    """True for a plugin of one file that speaks through `requests`, which is given to it."""

    name = type(plugin).__module__
    is_one_file = name.startswith("apprise.plugins.") and name.count(".") == 2
    return is_one_file and hasattr(sys.modules[name], "requests")


def _check_literal(host: str, networks: Networks) -> None:
    """Refuse what is plainly private at once; names are looked up when something is sent."""
    try:
        is_fine = choose_address([host.strip("[]")], networks) is not None
    except ValueError:
        is_fine = not (host == "localhost" or host.endswith(".localhost")) or bool(networks)
    if not is_fine:
        raise BadInput(
            "The address leads into a private network.",
            hint="The owner may allow networks (ASSAY_ALERT_NETWORKS).",
        )
