"""One WebSocket connection, against a real server of another library."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.feeds.service.fakes import until
from websockets.asyncio.server import ServerConnection, serve

from assay.feeds.service.dialing import dial
from assay.kit.errors import SourceUnavailable

LONGEST = 1_000
Handler = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async with serve(handler, "127.0.0.1", 0, ssl=context, compression=None) as server:
        yield server.sockets[0].getsockname()[1]


class Heard:
    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.refused: list[tuple[str, bytes]] = []

    def receive(self, message: bytes) -> None:
        self.messages.append(message)

    def refuse(self, reason: str, sample: bytes) -> None:
        self.refused.append((reason, sample))


def talk(handler: Handler, body: Callable[[str, Heard], Awaitable[None]]) -> Heard:
    heard = Heard()

    async def main() -> None:
        async with serving(handler) as port:
            await body(f"ws://127.0.0.1:{port}/", heard)

    asyncio.run(main())
    return heard


def test_messages_come_in_order_and_ours_arrive() -> None:
    async def handler(connection: ServerConnection) -> None:
        asked = await connection.recv()
        for number in range(3):
            await connection.send(f"{asked!s}{number}")
        await connection.send(b"bytes")
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        connection.send(b"hello")
        await until(lambda: len(heard.messages) == 4)
        connection.close()
        await connection.wait_closed()
        connection.send(b"after the end nothing happens")

    assert talk(handler, body).messages == [b"hello0", b"hello1", b"hello2", b"bytes"]


def test_a_message_in_parts_is_one_message() -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.send(["a" * 400, "b" * 400, "c"])
        await connection.send("next")
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        await until(lambda: len(heard.messages) == 2)
        connection.close()

    heard = talk(handler, body)
    assert heard.messages == [b"a" * 400 + b"b" * 400 + b"c", b"next"]


@pytest.mark.parametrize("parts", [1, 10])
def test_a_message_of_a_megabyte_is_put_aside_and_the_next_one_read(parts: int) -> None:
    async def handler(connection: ServerConnection) -> None:
        if parts == 1:
            await connection.send("x" * 1_000_000)
        else:
            await connection.send(["x" * (1_000_000 // parts)] * parts)
        await connection.send("next")
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        await until(lambda: heard.messages == [b"next"])
        connection.close()

    heard = talk(handler, body)
    assert [reason for reason, _ in heard.refused] == ["a message of 1000000 bytes, more than 1000"]
    assert len(heard.refused[0][1]) <= 1_000


def test_a_message_beyond_all_bounds_ends_the_connection() -> None:
    async def handler(connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            await connection.send("x" * 5_000_000)

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        # Whether the venue still says goodbye, or just breaks off, is a matter of who is faster.
        async with asyncio.timeout(30):
            assert await connection.wait_closed()

    assert talk(handler, body).messages == []


def test_it_says_how_the_venue_hung_up() -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.close(1008, "too many")

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        assert await connection.wait_closed() == "closed with 1008"

    talk(handler, body)


def test_pings_of_the_venue_are_answered() -> None:
    answered = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await (await connection.ping())
        answered.set()
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        await until(answered.is_set)
        connection.close()

    talk(handler, body)


def test_a_frame_that_breaks_the_protocol_ends_the_connection() -> None:
    async def handler(connection: ServerConnection) -> None:
        connection.transport.write(b"\xff\xff\xff")
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        async with asyncio.timeout(30):
            assert await connection.wait_closed()

    talk(handler, body)


def test_reading_can_wait() -> None:
    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send("one")
        await connection.wait_closed()

    async def body(url: str, heard: Heard) -> None:
        connection = await dial(url, heard.receive, heard.refuse, LONGEST)
        connection.pause()
        connection.send(b"go")
        await asyncio.sleep(0.05)
        assert heard.messages == []
        connection.resume()
        await until(lambda: heard.messages == [b"one"])
        connection.close()

    talk(handler, body)


def test_nobody_there() -> None:
    async def main() -> None:
        async with serving(lambda connection: connection.wait_closed()) as port:
            pass
        with pytest.raises(SourceUnavailable, match="No WebSocket connection"):
            await dial(f"ws://127.0.0.1:{port}/", lambda _: None, lambda *_: None, LONGEST)

    asyncio.run(main())


def test_redirects_are_not_followed() -> None:
    async def main() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(SourceUnavailable, match="No WebSocket connection"):
                await dial(f"ws://127.0.0.1:{port}/", lambda _: None, lambda *_: None, LONGEST)

    asyncio.run(main())


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begun = datetime.now(UTC) - timedelta(days=1)  # noqa: TID251 - OpenSSL reads the clock, too
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=10))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_only_a_certificate_that_is_trusted_is_talked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def handler(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    async def main() -> None:
        heard = Heard()
        async with serving(handler, context) as port:
            url = f"wss://127.0.0.1:{port}/"
            with pytest.raises(SourceUnavailable, match="certificate is not to be trusted"):
                await dial(url, heard.receive, heard.refuse, LONGEST)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            connection = await dial(url, heard.receive, heard.refuse, LONGEST)
            await until(lambda: heard.messages == [b"hello"])
            connection.close()

    asyncio.run(main())
