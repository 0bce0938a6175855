"""What is sent, where to, and what is made of the answer: real receivers, real TLS."""

import base64
import contextlib
import email
import hashlib
import hmac
import socketserver
import ssl
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from email import policy

import orjson
import pytest
from tests.alerts.certificates import Authority
from tests.alerts.receivers import open_mail_server, open_sink

from assay.alerts.sources import mail
from assay.alerts.sources.addresses import parse_networks
from assay.alerts.sources.dialling import Lookup, Reach
from assay.alerts.sources.sending import Courier
from assay.alerts.sources.signatures import format_secret, sign
from assay.alerts.sources.targets import WEBHOOK, Target, open_plugin, parse_target
from assay.alerts.types import Message, Verdict
from assay.kit.clock import FixedClock

pytestmark = pytest.mark.slow

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = bytes(range(32))
LOOPBACK = parse_networks("127.0.0.0/8")
SCHEMES = ("https", "mailto", "mailtos", "ntfys", "discord", "slack", "tgram", "twilio")
MESSAGE = Message("msg_abc", "rul_1", "acc_1", "BTC fell 5 %", "From 20,000 to 19,000.\n…", NOW)
HOST = "hooks.example.com"


class Names:
    """A DNS of one test; keeps what it was asked."""

    def __init__(self, **known: Sequence[str]) -> None:
        self.known = known
        self.asked: list[tuple[str, int]] = []

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        found = self.known.get(host.replace(".", "_"))
        if found is None:
            raise OSError("no such name")
        return found


@pytest.fixture
def names() -> Names:
    return Names(hooks_example_com=["127.0.0.1"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def send(url: str, reach: Reach, message: Message = MESSAGE) -> Verdict:
    target = parse_target(url, SCHEMES, LOOPBACK)
    with Courier(FixedClock(NOW), reach) as courier:
        return courier.send(target, KEY, message)


def reach_to(lookup: Lookup | None = None, tls: ssl.SSLContext | None = None) -> Reach:
    context = tls or ssl.create_default_context()
    return Reach(LOOPBACK, tls=context) if lookup is None else Reach(LOOPBACK, lookup, context)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The vector of the specification's own libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert format_secret(key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    said = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_says_who_it_is_and_is_signed() -> None:
    with open_sink() as sink:
        assert send(sink.url, reach_to()) == Verdict(True)
        assert send(sink.url, reach_to()).is_accepted
    taken, again = sink.taken
    assert (taken.path, taken.headers["host"]) == ("/hook/of-somebody", f"127.0.0.1:{sink.port}")
    assert taken.headers["webhook-id"] == again.headers["webhook-id"] == "msg_abc"
    assert taken.body == again.body
    stamp = taken.headers["webhook-timestamp"]
    assert int(stamp) == int(NOW.timestamp())
    signed = f"msg_abc.{stamp}.".encode() + taken.body
    digest = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert taken.headers["webhook-signature"] == f"v1,{digest}"
    assert orjson.loads(taken.body) == {
        "type": "alert.fired",
        "timestamp": "2024-01-02T03:04:05Z",
        "data": {
            "message_id": "msg_abc",
            "rule_id": "rul_1",
            "title": "BTC fell 5 %",
            "body": "From 20,000 to 19,000.\n…",
            "is_test": False,
        },
    }


def test_the_checked_address_is_dialled_and_the_name_is_asked_for_once(
    names: Names, authority: Authority
) -> None:
    with open_sink(tls=authority.open_server(HOST)) as sink:
        url = f"https://{HOST}:{sink.port}/hook"
        verdict = send(url, reach_to(names.look_up, authority.client))
        assert verdict == Verdict(True)
        assert sink.taken[0].headers["host"] == f"{HOST}:{sink.port}"
        assert names.asked == [(HOST, sink.port)]


@pytest.mark.parametrize("served", ["other.example.com", HOST])
def test_the_certificate_must_be_of_the_name_and_of_a_known_authority(
    names: Names, authority: Authority, served: str
) -> None:
    client = ssl.create_default_context() if served == HOST else authority.client
    with open_sink(tls=authority.open_server(served)) as sink:
        verdict = send(f"https://{HOST}:{sink.port}/hook", reach_to(names.look_up, client))
        assert verdict == Verdict(False, "Its certificate is not valid for its name.")
        assert sink.taken == []


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "169.254.169.254"], ["::ffff:192.168.1.1"], []]
)
def test_a_name_that_leads_into_a_private_network_is_not_dialled(
    addresses: list[str], authority: Authority
) -> None:
    names = Names(hooks_example_com=addresses)
    with open_sink(tls=authority.open_server(HOST)) as sink:
        url = f"https://{HOST}:{sink.port}/hook"
        verdict = send(url, reach_to(names.look_up, authority.client))
        assert verdict == Verdict(False, "Its name leads into a private network.")
        assert sink.taken == []


def test_http_goes_to_no_public_address() -> None:
    names = Names(hooks_example_com=["93.184.215.14"])
    verdict = send(f"http://{HOST}/hook", reach_to(names.look_up))
    assert "unencrypted" in verdict.reason


def test_a_redirect_is_not_followed() -> None:
    with open_sink() as other, open_sink() as sink:
        sink.answers.append((307, {"location": other.url}))
        verdict = send(sink.url, reach_to())
        assert verdict == Verdict(False, "It answered 307: redirects are not followed.")
        assert other.taken == []


def test_what_the_receiver_wishes_is_heard() -> None:
    with open_sink() as sink:
        sink.answers += [(429, {"retry-after": "77"}), (410, {}), (400, {})]
        busy, gone, refused = (send(sink.url, reach_to()) for _ in range(3))
    assert (busy.retry_after_s, busy.is_channels, busy.is_final) == (77, True, False)
    assert (gone.is_gone, gone.is_final) == (True, True)
    assert (refused.is_channels, refused.is_final) == (False, False)


def test_a_receiver_that_is_not_there_or_says_nothing() -> None:
    with open_sink() as sink:
        url = sink.url
        sink.gate.clear()
        reach = Reach(LOOPBACK, total_s=0.2)
        assert send(url, reach) == Verdict(False, "It took too long.")
        sink.gate.set()
    assert send(url, reach_to()) == Verdict(False, "It cannot be reached.")
    nowhere = send("https://nowhere.example.com/", reach_to(Names().look_up))
    assert nowhere == Verdict(False, "Its name has no address.")


def test_an_answer_that_never_ends_is_an_answer() -> None:
    with open_sink() as sink:
        sink.answers.append((200, {"content-length": "1000000"}))
        assert send(sink.url, reach_to()).is_accepted


def test_mail_has_the_same_id_every_time() -> None:
    with open_mail_server() as server:
        url = server.url.replace("mailto://", "mailto://me:right@")
        assert send(url, reach_to()) == Verdict(True)
        assert send(url, reach_to()).is_accepted
        assert server.mails[0] == server.mails[1]
        assert server.signed_in == [b"me", b"me"]
    mail = email.message_from_bytes(server.mails[0], policy=policy.default)
    assert mail["message-id"] == "<msg_abc@example.com>"
    assert (mail["from"], mail["to"]) == ("assay@example.com", "somebody@example.com")
    assert mail["subject"] == "BTC fell 5 %"
    assert "From 20,000 to 19,000.\r\n…" in mail.get_content()


def test_a_title_adds_no_header_to_mail() -> None:
    evil = Message("msg_e", "", "acc_1", "Hello\r\nBcc: them@example.com\n\nbody", "text", NOW)
    with open_mail_server() as server:
        assert send(server.url, reach_to(), evil).is_accepted
    mail = email.message_from_bytes(server.mails[0], policy=policy.default)
    assert mail["bcc"] is None
    assert mail["subject"] == "Hello Bcc: them@example.com body"


def test_mail_over_tls_checks_the_name(authority: Authority, names: Names) -> None:
    with open_mail_server(authority.open_server(HOST)) as server:
        options = "from=a@example.com&to=b@example.com&mode=starttls"
        url = f"mailtos://{HOST}:{server.port}?{options}"
        assert send(url, reach_to(names.look_up, authority.client)) == Verdict(True)
        names.known = {"other_example_com": ["127.0.0.1"]}
        verdict = send(
            url.replace(HOST, "other.example.com"), reach_to(names.look_up, authority.client)
        )
        assert verdict.reason == "The mail server's certificate is not valid for its name."
        assert names.asked == [(HOST, server.port), ("other.example.com", server.port)]
    assert len(server.mails) == 1


def test_mail_without_tls_where_it_is_asked_for_is_not_sent() -> None:
    with open_mail_server() as server:
        verdict = send(server.url.replace("mailto:", "mailtos:"), reach_to())
        assert verdict.reason == "The mail server does not speak TLS."
    assert server.mails == []


def test_what_a_mail_server_refuses() -> None:
    with open_mail_server() as server:
        server.answers += ["451 later", "554 never"]
        later, never = (send(server.url, reach_to()) for _ in range(2))
        wrong = send(server.url.replace("mailto://", "mailto://me:wrong@"), reach_to())
    assert later == Verdict(False, "The mail server answered 451.", is_channels=True)
    assert never == Verdict(False, "The mail server answered 554.", is_channels=False)
    assert wrong == Verdict(False, "The mail server answered 535 to the sign-in.")
    gone = send(server.url, reach_to())
    assert gone == Verdict(False, "The mail server cannot be reached.")


class Dripping(socketserver.StreamRequestHandler):
    """Begins an answer and adds a byte now and then, for as long as anybody waits."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"220 ")
            while not self.server.is_over.wait(0.02):  # type: ignore[attr-defined]
                self.wfile.write(b"x")


def test_a_mail_server_that_answers_a_byte_at_a_time_is_cut_off() -> None:
    """Each byte comes within the socket's own limit, so that alone would wait for hours."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        server.is_over = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            port = server.server_address[1]
            url = f"mailto://127.0.0.1:{port}?from=a@example.com&to=b@example.com"
            verdict = send(url, Reach(LOOPBACK, total_s=0.3))
        finally:
            server.is_over.set()  # type: ignore[attr-defined]
            server.shutdown()
            thread.join()
    assert verdict == Verdict(False, "The mail server cannot be reached.")


def test_a_connection_that_could_not_be_cut_at_first_is_cut_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While TLS is agreed on there is no connection to cut; a server may drip after it."""
    monkeypatch.setattr(mail, "CUT_AGAIN_S", 0.01)
    cuts = threading.Semaphore(0)

    class Uncut:
        def cut(self) -> None:
            cuts.release()

    with mail._ended_after(Uncut(), 0.01):  # type: ignore[arg-type]
        for _ in range(3):
            assert cuts.acquire(timeout=60)


@pytest.fixture
def push(names: Names, authority: Authority) -> tuple[str, Reach]:
    return f"ntfys://{HOST}:{{port}}/topic", reach_to(names.look_up, authority.client)


def test_a_service_is_sent_to_over_checked_connections(
    push: tuple[str, Reach], names: Names, authority: Authority
) -> None:
    url, reach = push
    with open_sink(tls=authority.open_server(HOST)) as sink:
        sink.body, sink.answers = b"{}", [(200, {})]
        assert send(url.format(port=sink.port), reach) == Verdict(True)
        assert names.asked == [(HOST, sink.port)]
        body = orjson.loads(sink.taken[0].body)
        assert body["topic"] == "topic"
        assert body["title"] == MESSAGE.title
        assert body["message"].startswith(MESSAGE.body)
        assert body["message"].endswith("[msg_abc]")
        names.known = {"hooks_example_com": ["10.0.0.1"]}
        verdict = send(url.format(port=sink.port), reach)
        assert verdict == Verdict(False, "Its name leads into a private network.")
        assert len(sink.taken) == 1


def test_a_service_that_refuses_is_asked_once_and_not_followed_elsewhere(
    push: tuple[str, Reach], authority: Authority
) -> None:
    url, reach = push
    with open_sink(tls=authority.open_server(HOST)) as sink:
        sink.answers = [(429, {"retry-after": "9"}), (302, {"location": "https://x.example/"})]
        busy = send(url.format(port=sink.port), reach)
        assert (busy.is_accepted, busy.retry_after_s) == (False, 9)
        assert "redirects" in send(url.format(port=sink.port), reach).reason
        assert len(sink.taken) == 2


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord.com"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "hooks.slack.com"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "api.telegram.org"),
        (f"twilio://AC{'0' * 32}:{'1' * 32}@15551234567/15557654321", "api.twilio.com"),
    ],
)
def test_every_service_goes_the_checked_way(url: str, host: str) -> None:
    names = Names()
    assert send(url, reach_to(names.look_up)) == Verdict(False, "Its name has no address.")
    assert names.asked == [(host, 443)]


def test_long_texts_are_cut_to_what_a_service_takes() -> None:
    from assay.alerts.sources.services import write_texts  # noqa: PLC0415 - loads requests

    plugin = open_plugin(f"twilio://AC{'0' * 32}:{'1' * 32}@15551234567/15557654321")
    long = Message("msg_abc", "", "acc_1", "Title", "word " * 100, NOW)
    texts = write_texts(plugin, long)
    assert texts["body"].endswith("…\n\n[msg_abc]")
    assert len(texts["title"]) + len(texts["body"]) <= 158


def test_a_sender_that_breaks_says_nothing_of_the_address(caplog: pytest.LogCaptureFixture) -> None:
    target = Target("ntfys", "ntfys://hidden-topic", "ntfys://***")

    async def explode(_host: str, _port: int) -> Sequence[str]:
        raise RuntimeError("hidden-topic")

    with Courier(FixedClock(NOW), Reach(LOOPBACK, explode)) as courier:
        assert courier.send(target, KEY, MESSAGE).reason == "The service's sender failed."
        hook = Target(WEBHOOK, "https://hidden-topic.example.com", "https://***")
        assert courier.send(hook, KEY, MESSAGE).reason == "The service's sender failed."
    assert "hidden-topic" not in caplog.text
    assert "RuntimeError" in caplog.text
