"""Keys, signatures and windows of time."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.exchange.service.signing import Keys, join_params, split_signature
from assay.exchange.types import Refusal
from assay.kit.errors import BadInput

NOW = 1_700_000_000_000
REPLAYED = 1_667_946_660_000
# Binance's own worked example of a signed order (rest-api.md).
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"  # noqa: S105
ORDER = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000"
PAYLOAD = ORDER + "&timestamp=1499827319559"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def make_keys(now_ms: int = NOW) -> Keys:
    return Keys(KEY, SECRET, (lambda: now_ms, lambda: REPLAYED))


def test_binances_own_example_is_signed_so() -> None:
    keys = make_keys(1_499_827_319_559)
    params = {"timestamp": "1499827319559", "recvWindow": "5000"}
    keys.check_signed(PAYLOAD, SIGNATURE, params)
    keys.check_signed(PAYLOAD, SIGNATURE.upper(), params)


def test_query_and_body_are_signed_without_a_sign_between_them() -> None:
    # The mixed example of rest-api.md.
    expected = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"
    query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
    body = "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    payload, signature = split_signature(query, f"{body}&signature={expected}")
    assert (payload, signature) == (query + body, expected)
    params = {"timestamp": "1499827319559"}
    make_keys(1_499_827_319_559).check_signed(payload, signature, params)


@pytest.mark.parametrize(
    ("signature", "timestamp", "window", "code"),
    [
        ("0" * 64, NOW, None, -1022),
        ("", NOW, None, -1102),
        (None, NOW, None, -1102),
        ("ß" * 64, NOW, None, -1022),
        (SIGNATURE, None, None, -1102),
        (SIGNATURE, "soon", None, -1102),
        (SIGNATURE, "-1", None, -1102),
        (SIGNATURE, NOW - 5_001, None, -1021),
        (SIGNATURE, NOW + 1_000, None, -1021),
        (SIGNATURE, NOW, 60_001, -1131),
        (SIGNATURE, NOW - 2, 1, -1021),
        (SIGNATURE, 9 * 10**17, None, -1021),
        (SIGNATURE, "9" * 30, None, -1102),
    ],
)
def test_refused_with_binances_code(
    signature: str | None, timestamp: object, window: object, code: int
) -> None:
    given = {"timestamp": timestamp, "recvWindow": window}
    params = {key: str(value) for key, value in given.items() if value is not None}
    with pytest.raises(Refusal) as caught:
        make_keys().check_signed(PAYLOAD, signature, params)
    assert caught.value.venue_code == code
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("at", [NOW, NOW - 5_000, NOW + 999, REPLAYED, NOW * 1_000])
def test_a_timestamp_may_follow_the_machine_or_the_replay(at: int) -> None:
    payload = f"timestamp={at}"
    signature = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    make_keys().check_signed(payload, signature, {"timestamp": str(at)})


@pytest.mark.parametrize(("key", "code"), [(None, -2014), ("", -2014), ("x", -2015), ("é", -2015)])
def test_only_the_accounts_key_opens(key: str | None, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        make_keys().check_key(key)
    assert caught.value.venue_code == code
    make_keys().check_key(KEY)


def test_keys_are_made_anew_for_each_exchange() -> None:
    one, other = Keys(None, None, ()), Keys(None, None, ())
    assert len({one.api_key, one.api_secret, other.api_key, other.api_secret}) == 4
    assert min(len(one.api_key), len(one.api_secret)) > 32


@pytest.mark.parametrize("value", ["", "tiny123", "with\nnewline-in-the-middle"])
def test_a_weak_key_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(BadInput) as caught:
        Keys(KEY, value, ())
    assert not value or value not in str(caught.value)


names = st.text(alphabet="abcXYZ", min_size=1, max_size=5)


@given(st.dictionaries(names, st.text(alphabet="01.x", max_size=4)))
def test_the_websocket_api_signs_every_parameter_by_name(params: dict[str, str]) -> None:
    signed = join_params({**params, "signature": "no"})
    assert signed == "&".join(f"{key}={params[key]}" for key in sorted(params))
