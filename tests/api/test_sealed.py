"""Codings, ETags and what a 304 carries."""

import asyncio
import gzip

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.api.asking import ask
from tests.api.world import World

from assay.api.negotiation import choose_coding
from assay.api.sealed import Content, compress, matches_etag

BODY = b'{"data":[' + b"1," * 5_000 + b"1]}"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"", b"identity"),
        (b"br", b"br"),
        (b"gzip, br", b"br"),
        (b"gzip;q=0.9, br;q=0.8, zstd;q=0.7", b"gzip"),
        (b"identity, gzip;q=0.5", b"identity"),
        (b"identity;q=0.5, gzip", b"gzip"),
        (b"gzip;q=2", b"identity"),
        (b"gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"zstd"),
        (b"GZIP;q=0.5, ZSTD;q=0", b"gzip"),
        (b"*", b"zstd"),
        (b"*;q=0", b"identity"),
        (b"zstd;q=0, *", b"br"),
        (b"gzip;q=nonsense", b"identity"),
        (b"identity", b"identity"),
        (b",;;=,", b"identity"),
    ],
)
def test_the_best_allowed_coding_is_chosen(accepted: bytes, coding: bytes) -> None:
    assert choose_coding(accepted) == coding


@given(st.binary(max_size=60))
def test_any_accept_encoding_has_an_answer(accepted: bytes) -> None:
    assert choose_coding(accepted) in (b"identity", b"gzip", b"br", b"zstd")


@given(st.binary(max_size=3_000))
def test_compressed_bodies_come_back(body: bytes) -> None:
    assert gzip.decompress(compress(body, b"gzip")) == body
    assert zstandard.decompress(compress(body, b"zstd")) == body
    assert brotli.decompress(compress(body, b"br")) == body
    assert compress(body, b"gzip") == compress(body, b"gzip")


def test_each_coding_has_a_strong_etag_of_its_own() -> None:
    content = Content(BODY)
    codings = (b"identity", b"gzip", b"br", b"zstd")
    tags = {asyncio.run(content.seal(coding)).etag for coding in codings}
    assert len(tags) == 4
    assert all(tag.startswith(b'"') for tag in tags)
    other = asyncio.run(Content(BODY + b" ").seal(b"identity"))
    assert other.etag not in tags


def test_a_body_is_sealed_once_in_each_coding() -> None:
    content = Content(BODY)
    assert asyncio.run(content.seal(b"zstd")) is asyncio.run(content.seal(b"zstd"))


def test_a_short_body_is_not_compressed() -> None:
    sealed = asyncio.run(Content(b"{}").seal(b"zstd"))
    assert sealed.body["body"] == b"{}"
    assert b"content-encoding" not in dict(sealed.start["headers"])


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (b'"a"', True),
        (b'W/"a"', True),
        (b'"b", "a"', True),
        (b"*", True),
        (b'"b"', False),
        (b"a", False),
        (b"", False),
    ],
)
def test_if_none_match_is_compared_weakly(wanted: bytes, matches: bool) -> None:
    assert matches_etag(wanted, b'"a"') is matches


def test_a_304_repeats_the_validators_and_has_no_body(world: World) -> None:
    zstd = (b"accept-encoding", b"zstd")
    full = ask(world.app, "/v1/grades/trader", [zstd])
    assert full.header("content-encoding") == "zstd"
    assert full.header("vary") == "accept, accept-encoding"
    wanted = (b"if-none-match", full.header("etag").encode())
    answer = ask(world.app, "/v1/grades/trader", [zstd, wanted])
    assert (answer.status, answer.body) == (304, b"")
    assert dict(answer.headers).keys() == {b"etag", b"vary", b"cache-control"}
    plain = ask(world.app, "/v1/grades/trader", [wanted])
    assert plain.status == 200
    assert zstandard.decompress(full.body) == plain.body
