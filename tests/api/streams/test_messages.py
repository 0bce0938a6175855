"""What readers say, read without a server: nothing but a refusal comes of anything."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.api.streams.channels import CHANNELS
from assay.api.streams.messages import (
    CODES,
    LONGEST_MESSAGE,
    PAGE_BYTES,
    Auth,
    Ping,
    Refusal,
    Resume,
    Subscribe,
    Unsubscribe,
    parse_command,
    read_channels,
    write_error,
    write_snapshot,
)
from assay.api.streams.updates import frame_text

NAMES = st.sampled_from([*CHANNELS, "gossip", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["auth", "subscribe", "unsubscribe", "resume", "ping"]) | JSON,
        "channel": NAMES | JSON,
        "keys": st.lists(st.sampled_from(["3375", "BTC", "binance/BTCUSDT", "3375/1m", ""])) | JSON,
        "after": st.text(max_size=90) | JSON,
        "subscriptions": st.lists(st.fixed_dictionaries({"channel": NAMES})) | JSON,
        "key": st.text(max_size=20) | JSON,
        "id": st.integers(-(2**70), 2**70) | st.text(max_size=70) | JSON,
    },
)


def check(text: str | bytes) -> None:
    """Whatever it is: a command, or a refusal that can be written."""
    try:
        command = parse_command(text)
    except Refusal as refusal:
        answer = orjson.loads(write_error(refusal))
        assert answer["code"] in CODES
        assert len(answer["detail"]) < 300
        return
    assert isinstance(command, Auth | Subscribe | Unsubscribe | Resume | Ping)
    wanted = getattr(command, "wanted", ())
    for place in wanted if isinstance(wanted, tuple) else (wanted,):
        assert place.channel.name in CHANNELS
        assert all(place.channel.key.fullmatch(key) for key in place.keys or ())


@given(st.text() | st.binary())
def test_any_text_is_a_command_or_a_refusal(text: str | bytes) -> None:
    check(text)


@given(JSON | SAID)
def test_any_json_is_a_command_or_a_refusal(said: object) -> None:
    try:
        text = orjson.dumps(said)
    except TypeError:
        # Numbers beyond 64 bits: as somebody else would write them.
        text = json.dumps(said).encode()
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 8_000,
        '{"type":' * 2_000,
        '{"type":"ping","id":"\\ud800"}',
        '{"type":"subscribe","channel":"prices","keys":["\\u0000"]}',
        '{"type":"subscribe","channel":"prices","keys":["٣"]}',
        '{"type":"subscribe","channel":"candles","keys":["1/1m\\n"]}',
        '{"type":"ping","id":1e400}',
        '{"type":"NaN"}',
        "NaN",
    ],
)
def test_odd_texts_harm_nothing(text: str) -> None:
    check(text)


def test_messages_and_what_they_mean() -> None:
    said = parse_command('{"type":"subscribe","channel":"prices","keys":["1","1","2"],"id":"a"}')
    assert isinstance(said, Subscribe)
    assert (said.wanted.keys, said.request_id) == (("1", "2"), "a")
    everything = parse_command('{"type":"unsubscribe","channel":"books"}')
    assert isinstance(everything, Unsubscribe)
    assert everything.wanted.keys is None
    resumed = parse_command(
        '{"type":"resume","after":"e-1","subscriptions":[{"channel":"prices"},'
        '{"channel":"books","keys":["okx/BTC-USDT"]}]}'
    )
    assert isinstance(resumed, Resume)
    assert [place.keys for place in resumed.wanted] == [None, ("okx/BTC-USDT",)]
    assert parse_command('{"type":"auth","key":"k"}') == Auth("k")
    assert parse_command('{"type":"ping","id":3}') == Ping(3)


def test_a_channel_that_is_named_again_and_again_is_resumed_once() -> None:
    def resume(*places: str) -> list[tuple[str, tuple[str, ...] | None]]:
        text = f'{{"type":"resume","after":"e-1","subscriptions":[{",".join(places)}]}}'
        said = parse_command(text)
        assert isinstance(said, Resume)
        return [(place.channel.name, place.keys) for place in said.wanted]

    whole, some = '{"channel":"books"}', '{"channel":"books","keys":["okx/A","okx/B"]}'
    assert resume(*[whole] * 64) == [("books", None)]
    assert resume(some, '{"channel":"prices"}', whole) == [("books", None), ("prices", None)]
    other = '{"channel":"books","keys":["okx/B","okx/C"]}'
    assert resume(some, other) == [("books", ("okx/A", "okx/B", "okx/C"))]


def test_a_message_at_the_limit_is_read_and_beyond_it_not() -> None:
    text = '{"type":"ping"}'
    assert parse_command(text + " " * (LONGEST_MESSAGE - len(text))) == Ping()
    with pytest.raises(Refusal) as refused:
        parse_command(text + " " * (LONGEST_MESSAGE - len(text) + 1))
    assert refused.value.code == "too-large"


def test_channels_of_a_url() -> None:
    places = read_channels("prices:BTC,prices:ETH, candles ,books:binance/BTCUSDT")
    assert [(place.channel.name, place.keys) for place in places] == [
        ("prices", ("BTC", "ETH")),
        ("candles", None),
        ("books", ("binance/BTCUSDT",)),
    ]
    assert read_channels("prices:BTC,prices")[0].keys is None
    for text in ("", ",", "gossip", "prices:", "books:x", "alerts:local"):
        with pytest.raises(Refusal):
            read_channels(text)


@given(st.integers(0, 70_000))
def test_frames_are_those_of_the_standard(size: int) -> None:
    frame = frame_text(b"x" * size)
    assert frame[0] == 0x81
    length, start = frame[1], 2
    if length == 126:
        length, start = int.from_bytes(frame[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(frame[2:10], "big"), 10
    assert (length, len(frame) - start) == (size, size)


def test_a_large_snapshot_comes_in_pages() -> None:
    rows = [(str(n), n, 0, b'"' + b"x" * 1_000 + b'"') for n in range(1_000)]
    pages = [orjson.loads(message) for message in write_snapshot("prices", 5, rows)]
    assert [page["more"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert [row["key"] for page in pages for row in page["rows"]] == [row[0] for row in rows]
    assert len(pages) == 4
    assert all(len(orjson.dumps(page)) < PAGE_BYTES + 2_000 for page in pages)
    assert len(write_snapshot("prices", 5, [])) == 1
