"""Mail by SMTP to the server that the channel names, at a checked address.

apprise reads the address of the channel; the sending is Python's own, because the Message-ID must
stay the same in every attempt and the server's refusals must be told apart.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from assay.alerts.sources.dialling import CONNECT_S, Reach, Unsent
from assay.alerts.sources.judging import ACCEPTED
from assay.alerts.sources.targets import Mailbox
from assay.alerts.types import Message, Verdict

CUT_AGAIN_S = 0.5
_TRY_LATER = 400
_REFUSED = 500


def write_mail(mailbox: Mailbox, message: Message) -> EmailMessage:
    """The mail of a message: the same however often it is sent, its Message-ID above all."""
    mail = EmailMessage()
    mail["Message-ID"] = f"<{message.message_id}@{mailbox.sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(message.at)
    mail["From"] = mailbox.sender
    mail["To"] = mailbox.recipient
    mail["Subject"] = " ".join(message.title.split())
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Assay-Message-Id"] = message.message_id
    mail.set_content(f"{message.body}\n\n-- \n{message.message_id}\n")
    return mail


def send(mailbox: Mailbox, message: Message, address: str, reach: Reach) -> Verdict:
    """Hand a message to the mail server at `address`. Raises Unsent where it did not answer."""
    try:
        with _open(mailbox, address, reach) as server:
            if mailbox.user:
                server.login(mailbox.user, mailbox.password)
            mail = write_mail(mailbox, message).as_bytes(policy=SMTP)
            server.sendmail(mailbox.sender, [mailbox.recipient], mail)
    except smtplib.SMTPAuthenticationError as error:
        return Verdict(False, f"The mail server answered {error.smtp_code} to the sign-in.")
    except smtplib.SMTPRecipientsRefused as error:
        return _judge(next(iter(error.recipients.values()))[0])
    except smtplib.SMTPResponseException as error:
        return _judge(error.smtp_code)
    except (smtplib.SMTPException, OSError, ValueError, RuntimeError) as error:
        raise Unsent(_explain(error)) from error
    return ACCEPTED


def _judge(code: int) -> Verdict:
    # 5xx is of this message or recipient; 4xx asks everybody to come back later (RFC 5321 4.2.1).
    return Verdict(
        False,
        f"The mail server answered {code}.",
        is_channels=_TRY_LATER <= code < _REFUSED,
    )


@contextlib.contextmanager
def _open(mailbox: Mailbox, address: str, reach: Reach) -> Iterator[smtplib.SMTP]:
    server = _Server(mailbox.host, address, reach, is_tls=mailbox.mode == "ssl")
    with _ended_after(server, reach.total_s):
        server.connect(mailbox.host, mailbox.port)
        try:
            if mailbox.mode == "starttls":
                server.starttls(context=reach.tls)
            yield server
        finally:
            server.close()


@contextlib.contextmanager
def _ended_after(server: "_Server", total_s: float) -> Iterator[None]:
    """A server that answers a byte at a time keeps nobody longer than `total_s`."""
    is_over = threading.Event()

    def watch() -> None:
        wait_s = total_s
        while not is_over.wait(wait_s):
            # Once is not enough: where TLS is just being agreed on there is nothing to cut yet.
            server.cut()
            wait_s = CUT_AGAIN_S

    watching = threading.Thread(target=watch, name="assay-mail-limit", daemon=True)
    watching.start()
    try:
        yield
    finally:
        is_over.set()
        watching.join()


class _Server(smtplib.SMTP):
    """SMTP over a connection to one address, whatever the name says."""

    def __init__(self, host: str, address: str, reach: Reach, *, is_tls: bool) -> None:
        self._address = address
        self._tls = reach.tls if is_tls else None
        super().__init__(timeout=reach.total_s)
        # The name that certificates are checked for.
        self._host = host

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        dialled = socket.create_connection((self._address, port), CONNECT_S)
        dialled.settimeout(self.timeout)
        if self._tls is not None:
            return self._tls.wrap_socket(dialled, server_hostname=host)
        return dialled

    def cut(self) -> None:
        """End the connection from another thread: whoever waits for it goes on."""
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _explain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "The mail server's certificate is not valid for its name."
    if isinstance(error, TimeoutError):
        return "The mail server took too long."
    if isinstance(error, smtplib.SMTPNotSupportedError | RuntimeError):
        return "The mail server does not speak TLS."
    return "The mail server cannot be reached."
