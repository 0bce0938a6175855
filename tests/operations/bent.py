"""Requests that no client would send: valid ones, bent in one or several ways, and noise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PATHS = (
    b"/",
    b"/v1/tokens",
    b"/v1/tokens/BTC",
    b"/v1/candles/BTC",
    b"/v1/grades/trader",
    b"/metrics",
    b"/v1/jobs",
    b"/v1/keys",
    b"/v1/session",
    b"/readyz",
    b"/openapi.json",
    b"/assets/docs.js",
    b"/v1/grades/trader/BTC/explanation",
    b"/v1/publications/x",
    b"/v1/briefing.html",
    b"/nowhere",
)
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"BREW")

BODIES = (
    b"{}",
    b"[" * 20_000,
    b'{"a":' * 3_000,
    b"\xff\xfe",
    b"null",
    b'{"kind":"evaluation"}',
    b'{"a":1,"a":2}',
    b"NaN",
    b'"' + b"x" * 5_000 + b'"',
    b'{"parameters":{"from":"x"}}',
    b'{"email":"\\ud800","password":"\\u0000"}',
    b"1e999999",
)
CODINGS = (b"chunked", b"chunked, chunked", b"gzip")
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\n",
    b"-1\r\n",
    b"5\r\nhel",
    b"0\r\n\r\n",
    b"5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n",
    b"zz\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"1\r\na" * 500,
)
ENDINGS = (
    b"%00",
    b"%ff%fe",
    b"/../../etc/passwd",
    b"?limit=" + b"9" * 400,
    b"?as_of=\xc3\x28",
    b"?cursor=" + b"A" * 3_000,
    b"/%2e%2e/",
    b"#x",
    b"?" + b"&".join(b"a%d=1" % n for n in range(500)),
    b"\x00",
    b"?symbol=" + b"BTC," * 3_000,
    b"?symbol=" + b"BTC," * 9_000,
    b"//",
    b";a=b",
    b"?a=%",
    b"?limit=1&limit=2",
    b"?as_of=0000-00-00",
    b"?as_of=9999-12-31",
    b"?limit=-1",
    b"?limit=1e309",
    b"?from=2021-01-01T00%3A00%3A00%2B99%3A99",
)
NAMES = (
    b"cookie",
    b"x-a",
    b"host",
    b"content-length",
    b"accept-encoding",
    b"if-none-match",
    b"authorization",
    b"x-api-key",
    b"origin",
    b"expect",
    b"traceparent",
    b"x-forwarded-for",
    b"accept",
    b"idempotency-key",
    b"range",
    b"connection",
    b"upgrade",
    b"transfer-encoding",
    b"x-request-id",
    b"\xff",
    b"",
    b"a b",
    b"content-type",
)
VALUES = (
    b"",
    b"\x00",
    b"\xff" * 40,
    b"a=" + b"b" * 9_000,
    b"gzip;q=",
    b"*",
    b"-1",
    b"chunked",
    b"close",
    b"h2c",
    b"Bearer ",
    b"0, 1",
    b"100-continue",
    b"\t",
    b"\r\n folded",
    b"localhost, evil",
    b"\xc3\x28",
    b"bytes=0-",
    b"9" * 30,
    b"application/vnd.apache.arrow.stream",
    b"text/csv;q=0.1",
    b'W/"a',
    b"%s%n",
)

Random = np.random.Generator
Bend = Callable[[Random, "Request"], None]


@dataclass
class Request:
    """A request that is still well-formed."""

    method: bytes
    path: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def write(self) -> bytes:
        lines = [b"%s: %s\r\n" % pair for pair in self.headers]
        start = b"%s %s %s\r\n" % (self.method, self.path, self.version)
        return start + b"".join(lines) + b"\r\n" + self.body


def noise(random: Random, size: int) -> bytes:
    return random.bytes(int(random.integers(0, size)))


def pick(random: Random, items: tuple[bytes, ...]) -> bytes:
    return items[int(random.integers(len(items)))]


def bend_path(random: Random, request: Request) -> None:
    request.path += pick(random, (*ENDINGS, b"?" + noise(random, 60).replace(b"\n", b"")))


def bend_method(random: Random, request: Request) -> None:
    request.method = pick(random, (*METHODS, b"get", b"", b"G\x00T", b"A" * 300, b"\xff"))


def bend_version(random: Random, request: Request) -> None:
    request.version = pick(
        random, (b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"", b"HTTP/1.1 x", b"HTTP/0.9")
    )


def bend_headers(random: Random, request: Request) -> None:
    request.headers.append(
        (
            pick(random, NAMES),
            pick(random, (*VALUES, noise(random, 80).replace(b"\n", b""))),
        )
    )


def bend_many(random: Random, request: Request) -> None:
    request.headers += [(b"x-%d" % n, b"y" * 40) for n in range(int(random.integers(90, 1_500)))]


def bend_body(random: Random, request: Request) -> None:
    request.body = pick(random, (*BODIES, noise(random, 400)))
    length = len(request.body) + int(random.choice([0, 0, 0, -1, 7]))
    request.headers += [
        (b"content-length", b"%d" % length),
        (b"content-type", pick(random, (b"application/json", b"text/plain", b"", b"a/b;c"))),
    ]


def bend_chunks(random: Random, request: Request) -> None:
    request.headers.append((b"transfer-encoding", pick(random, CODINGS)))
    request.body = pick(random, CHUNKS)


BENDS: tuple[Bend, ...] = (
    bend_path,
    bend_method,
    bend_version,
    bend_headers,
    bend_headers,
    bend_many,
    bend_body,
    bend_chunks,
)


def make_request(random: Random) -> bytes:
    if random.random() < 0.05:
        return noise(random, 3_000) + pick(random, (b"", b"\r\n\r\n"))
    request = Request(
        pick(random, METHODS[:4]), pick(random, PATHS), b"HTTP/1.1", [(b"host", b"localhost")]
    )
    for _ in range(int(random.integers(1, 4))):
        BENDS[int(random.integers(len(BENDS)))](random, request)
    written = request.write()
    kind = random.random()
    if kind < 0.05:
        cut = int(random.integers(1, len(written)))
        return written[:cut]
    if kind < 0.15:
        return written * int(random.integers(2, 6))
    if kind < 0.25:
        place = int(random.integers(len(written)))
        return written[:place] + random.bytes(1) + written[place + 1 :]
    return written
