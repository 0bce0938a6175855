"""Addresses of channels: which are taken, and that none is shown."""

import pytest

from assay.alerts.sources.addresses import parse_networks
from assay.alerts.sources.targets import MAIL, WEBHOOK, Target, parse_target
from assay.kit.addresses import Networks
from assay.kit.errors import BadInput
from assay.kit.settings import Settings

SCHEMES = str(Settings.model_fields["alert_schemes"].default).split(",")
OPEN = parse_networks("127.0.0.0/8,10.0.0.0/8")
HIDDEN = "Hidden0123456789abcdef"
TAKEN = [
    (f"https://hooks.example.com/{HIDDEN}?key={HIDDEN}", WEBHOOK, "https://hooks.example.com/***"),
    ("https://hooks.example.com:8443", WEBHOOK, "https://hooks.example.com:8443/***"),
    (
        f"mailtos://me:{HIDDEN}@mail.example.com?from=me@example.com&to=you@example.org",
        MAIL,
        "y***@example.org via mail.example.com",
    ),
    (f"mailto://me:{HIDDEN}@gmail.com", MAIL, "m***@gmail.com via smtp.gmail.com"),
    (f"tgram://123456789:{HIDDEN}abcdefghijk/12315544", "tgram", "tgram://***"),
    (f"slack://T1JJ3T3L2/A1BRTD4JD/{HIDDEN}ab/#general", "slack", "slack://***"),
    (f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{HIDDEN}ab", "slack", "slack://***"),
    (f"discord://4174216298/{HIDDEN}{HIDDEN}", "discord", "discord://***"),
    (f"https://discord.com/api/webhooks/4174216298/{HIDDEN}", "discord", "discord://***"),
    (
        f"twilio://AC{'0' * 32}:{'1' * 32}@15551234567/15557654321",
        "twilio",
        "twilio://***",
    ),
    (f"ntfys://{HIDDEN}", "ntfys", "ntfys://***"),
    (f"ntfys://push.example.com/{HIDDEN}", "ntfys", "ntfys://push.example.com/***"),
]
REFUSED = [
    # what is no address
    "",
    "hooks.example.com",
    "https://",
    "https:///path",
    "https://[::1/path",
    "https://example.com:99999/",
    "https://example.com/ä",
    "https://example.com/a b",
    "https://example.com/\r\nx-evil:1",
    "https://example.com/" + "a" * 2_000,
    # not as we send
    "http://hooks.example.com/x",
    f"https://me:{HIDDEN}@hooks.example.com/",
    "https://hooks.example.com/#part",
    # not allowed
    f"pover://{'u' * 30}@{'t' * 30}",
    "json://hooks.example.com/",
    "file:///etc/passwd",
    "syslog://",
    "dbus://",
    f"ntfy://push.example.com/{HIDDEN}",
    # private, as anybody can see
    "https://127.0.0.1/",
    "https://10.0.0.1:8443/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://localhost/",
    "https://a.localhost/",
    f"mailtos://me:{HIDDEN}@192.168.1.1?from=me@example.com&to=you@example.org",
    # mail that would not be encrypted, to other ports, to several
    "mailto://mail.example.com?from=me@example.com&to=you@example.org",
    "mailtos://mail.example.com:22?from=me@example.com&to=you@example.org",
    "mailtos://mail.example.com?from=me@example.com&to=you@example.org,them@example.org",
    "mailtos://mail.example.com/a@example.org/b@example.org?from=me@example.com",
    # several recipients, or one that is to be guessed
    f"tgram://123456789:{HIDDEN}abcdefghijk/12315544/12315545",
    f"tgram://123456789:{HIDDEN}abcdefghijk/",
    "ntfys://push.example.com/one/two",
    # options that read files, fetch, repeat, or turn checks off
    f"discord://4174216298/{HIDDEN}{HIDDEN}?verify=no",
    f"discord://4174216298/{HIDDEN}{HIDDEN}?retry=5",
    f"discord://4174216298/{HIDDEN}{HIDDEN}?template=/etc/passwd",
    f"ntfys://{HIDDEN}?attach=http://169.254.169.254/",
    f"ntfys://{HIDDEN}?redirect=yes",
    "mailtos://mail.example.com?from=me@example.com&to=you@example.org&pgpprv=/etc/passwd",
    "mailtos://mail.example.com?from=me@example.com&to=you@example.org&cc=them@example.org",
    "mailtos://mail.example.com?from=me@example.com&to=you@example.org&+X-Evil=1",
]


def parse(url: str, networks: Networks = ()) -> Target:
    return parse_target(url, SCHEMES, networks)


@pytest.mark.parametrize(("url", "service", "shown"), TAKEN)
def test_these_are_taken_and_shown_without_their_secrets(
    url: str, service: str, shown: str
) -> None:
    target = parse(url)
    assert (target.service, target.shown, target.url) == (service, shown, url)
    assert HIDDEN not in repr(target)


@pytest.mark.parametrize("url", REFUSED)
def test_these_are_refused_in_words_that_do_not_repeat_them(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(url)
    assert HIDDEN not in str(refused.value)
    assert refused.value.__cause__ is None or HIDDEN not in str(refused.value.__cause__)


def test_the_owner_allows_schemes() -> None:
    for url, service, _ in TAKEN:
        wanted = "mailtos" if service == MAIL else "https" if service == WEBHOOK else service
        others = [scheme for scheme in SCHEMES if not scheme.startswith(wanted.rstrip("s"))]
        with pytest.raises(BadInput, match="not allowed here"):
            parse_target(url, others, ())


@pytest.mark.parametrize("url", ["syslog://local0/", "mqtt://mqtt.example.com/topic"])
def test_what_speaks_by_other_means_is_refused_even_where_it_is_listed(url: str) -> None:
    with pytest.raises(BadInput):
        parse_target(url, ["syslog", "mqtt"], ())


def test_in_networks_that_the_owner_allows_the_rest_goes_too() -> None:
    assert parse("http://127.0.0.1:8080/hook", OPEN).shown == "http://127.0.0.1:8080/***"
    assert parse("http://localhost/hook", OPEN).service == WEBHOOK
    mailbox = parse("mailto://10.0.0.1:2525?from=a@example.com&to=b@example.com", OPEN).mailbox
    assert mailbox is not None
    assert (mailbox.host, mailbox.port, mailbox.mode) == ("10.0.0.1", 2525, "insecure")
    with pytest.raises(BadInput, match="private network"):
        parse("https://192.168.0.1/", OPEN)


@pytest.mark.parametrize(
    ("url", "port", "mode"),
    [
        ("mailtos://mail.example.com", 587, "starttls"),
        ("mailtos://mail.example.com:465", 465, "ssl"),
        ("mailtos://mail.example.com:465?mode=ssl", 465, "ssl"),
        ("mailtos://mail.example.com:25?mode=starttls", 25, "starttls"),
    ],
)
def test_how_mail_is_encrypted(url: str, port: int, mode: str) -> None:
    sign = "&" if "?" in url else "?"
    mailbox = parse(f"{url}{sign}from=me@example.com&to=you@example.org").mailbox
    assert mailbox is not None
    assert (mailbox.port, mailbox.mode) == (port, mode)
