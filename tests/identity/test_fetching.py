"""What an issuer serves is fetched within bounds, and from nowhere it should not come from."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.addresses import PRIVATE
from tests.identity.desk import Desk, directly

from assay import identity
from assay.identity import CredentialRefused, Expected, Reason
from assay.identity.compute.dids import write_did_web, write_document
from assay.identity.service.fetching import choose_address, create_fetch

Answer = tuple[int, dict[str, str], bytes]


class Site:
    """A server on loopback whose answers a test chooses by path."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.pages: dict[str, Callable[[], Answer]] = {}
        self.asked: list[tuple[str, str]] = []

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        self.pages[path] = lambda: (status, headers, body)


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as made:
        yield made


@contextmanager
def open_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers["host"]))
            status, headers, body = made.pages.get(self.path, lambda: (404, {}, b""))()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url: str, *, is_local: bool = True, most: int = 1_000) -> bytes:
    return asyncio.run(create_fetch(is_local=is_local)(url, most, Reason.ISSUER_UNREACHABLE))


def refuse(url: str, words: str, *, is_local: bool = True, most: int = 1_000) -> None:
    with pytest.raises(CredentialRefused, match=words) as refused:
        fetch(url, is_local=is_local, most=most)
    assert refused.value.reason == Reason.ISSUER_UNREACHABLE


def test_loopback_is_read_in_local_mode_only(site: Site) -> None:
    site.serve("/x", b"hello")
    assert fetch(f"{site.url}/x") == b"hello"
    port = site.url.rpartition(":")[2]
    assert site.asked == [("/x", f"127.0.0.1:{port}")]
    refuse(f"{site.url}/x", "only https", is_local=False)
    refuse(f"https://127.0.0.1:{port}/x", "private", is_local=False)
    assert len(site.asked) == 1


def test_a_redirect_is_not_followed(site: Site) -> None:
    site.serve("/there", b"hello")
    for status in (301, 302, 303, 307, 308):
        site.serve("/x", b"", status, location=f"{site.url}/there")
        refuse(f"{site.url}/x", str(status))
    assert {path for path, _ in site.asked} == {"/x"}


@pytest.mark.parametrize("status", [204, 404, 500, 503])
def test_other_answers_are_refused(site: Site, status: int) -> None:
    site.serve("/x", b"", status)
    refuse(f"{site.url}/x", f"answered {status}")


def test_what_is_too_large_is_not_read_to_its_end(site: Site) -> None:
    site.serve("/x", b"a" * 1_000)
    assert len(fetch(f"{site.url}/x")) == 1_000
    site.serve("/x", b"a" * 1_001)
    refuse(f"{site.url}/x", "more than 1000 bytes")


def test_a_compressed_answer_is_refused(site: Site) -> None:
    site.pages["/x"] = lambda: (200, {"content-encoding": "gzip"}, b"a")
    refuse(f"{site.url}/x", "coding")


def test_a_silent_server_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asking = create_fetch(is_local=True, total_s=0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        with pytest.raises(CredentialRefused, match="in time"):
            asyncio.run(asking(url, 1_000, Reason.STATUS_UNREACHABLE))


def test_nobody_there_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refuse(f"http://127.0.0.1:{port}/x", "reached")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://example.org/x",
        "http://10.0.0.1/x",
        "x",
        "",
        "https://",
        "https://user:password@example.org/",
        "https://example.org/#x",
        "https://ex ample.org/",
        "https://exämple.org/",
        "https://example.org/" + "a" * 3_000,
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
    ],
)
def test_other_addresses_are_refused_before_anything_is_sent(url: str) -> None:
    refuse(url, r".*", is_local=True)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - refused, not bound
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::1]",
        "2130706433",
        "0x7f.1",
    ],
)
def test_private_addresses_are_refused(address: str) -> None:
    refuse(f"https://{address}/x", "private|no address", is_local=False)


def test_a_name_that_leads_to_a_private_address_too_is_refused() -> None:
    public, private = "93.184.215.14", "10.0.0.1"
    assert choose_address([public, "2606:2800:21f::1"], may_loop=False) == public
    assert choose_address([public, private], may_loop=False) is None
    assert choose_address([], may_loop=False) is None
    assert choose_address(["127.0.0.1", "::1"], may_loop=True) == "127.0.0.1"
    assert choose_address(["127.0.0.1", public], may_loop=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert choose_address([address], may_loop=False) is None


def test_an_issuer_on_loopback_over_http(desk: Desk, site: Site) -> None:
    """A did:web, its document and its status list, all over a real connection."""
    name = write_did_web(site.url)
    key = desk.signer.key.public_key()
    document = write_document(name, [key])
    kid = document["assertionMethod"][0]
    site.serve("/.well-known/did.json", json.dumps(document).encode())
    uri, vct = f"{site.url}/status", f"{site.url}/type"
    issued = desk.issue()
    record = issued.record

    def serve_list(**changes: object) -> None:
        real = identity.publish_list(desk.installation, 1)
        text = desk.resign(f"{real}~", {"kid": kid}, iss=name, sub=uri, **changes)
        site.serve("/status", text[:-1].encode())

    serve_list()
    status = {"status_list": {"idx": record.list_index, "uri": uri}}
    text = desk.resign(issued.credential, {"kid": kid}, iss=name, vct=vct, status=status)
    expected = Expected("verifier", "n-1", issuers=(name,), types=(vct,))

    def verify() -> identity.Verified:
        work = identity.verify_credential(
            desk.installation, desk.present(text), expected, run=directly
        )
        return asyncio.run(work)

    assert verify().issuer == name
    asked = [path for path, _ in site.asked]
    assert asked == ["/.well-known/did.json", "/status"]
    site.pages.clear()
    desk.clock.at = record.expires_at
    with pytest.raises(CredentialRefused) as refused:
        verify()
    assert refused.value.reason == Reason.ISSUER_UNREACHABLE


def test_an_https_issuer_is_asked_for_its_metadata(desk: Desk, public_desk: Desk) -> None:
    metadata = identity.describe_issuer_keys(public_desk.installation)
    url = "https://assay.example.org"
    text = public_desk.issue(holder=None).credential
    asked = []

    async def serve(place: str, most_bytes: int, reason: Reason) -> bytes:
        asked.append(place)
        if "status" not in place:
            return json.dumps(metadata).encode()
        real = identity.publish_list(public_desk.installation, 1)
        return public_desk.resign(f"{real}~", iss=url)[:-1].encode()

    vct = f"{url}/v1/credentials/types/grades.trader"
    named = public_desk.resign(text, iss=url)
    verified = desk.verify(named, serve, issuers=(url,), types=(vct,), is_bound=False)
    assert verified.issuer == url
    assert asked[0] == f"{url}/.well-known/jwt-vc-issuer"
    for wrong in (f"{url}?x", f"{url}#x", "https://a@b.example", "http://assay.example.org"):
        odd = public_desk.resign(text, iss=wrong)
        desk.refuse(Reason.ISSUER_UNKNOWN, odd, serve, issuers=(wrong,), types=(vct,))
    other = f"{url}/other"
    odd = public_desk.resign(text, iss=other)
    desk.refuse(Reason.ISSUER_MALFORMED, odd, serve, issuers=(other,), types=(vct,))
    assert asked[-1] == f"{url}/.well-known/jwt-vc-issuer/other"
