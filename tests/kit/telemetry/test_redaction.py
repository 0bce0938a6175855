"""What may not be read in a log line, and what must stay readable."""

import pytest

from assay.kit.telemetry import redact
from assay.kit.telemetry.redaction import is_secret_name

SECRET = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4_-Zm9vYmFyYg"  # noqa: S105 - made up


@pytest.mark.parametrize(
    "text",
    [
        f"key ak_7f3a_{SECRET} was used",
        f"at_1_{SECRET}",
        f"cookie: assay_session=as_99_{SECRET}; theme=dark",
        f"ar_abc_{SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f'{{"password": "{SECRET}"}}',
        f'"{{\\"new_password\\": \\"{SECRET}\\"}}"',
        f"password={SECRET}",
        f"postgresql://assay:{SECRET}@db.internal/assay",
        f"redis://:{SECRET}@127.0.0.1:6379/0",
        f"GET https://api.example.com/v1/x?apikey={SECRET}&b=1",
        f"x-csrf-token: {SECRET}",
        f"Basic {SECRET}",
        f"[type=string, input_value='{SECRET}', input_type=str]",
        f"[SQL: INSERT] [parameters: ('a@b.c', '{SECRET}')]\nmore",
        f"Key (email)=({SECRET}) already exists",
        f"nonce={SECRET}",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    assert SECRET not in redact(text)
    assert "[redacted]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/candles/{symbol} 200 in 0.003 s",
        "tokens=443 read; the panel holds 443 tokens and 2000 days",
        "https://api.example.com/v1/x answered 503",
        "ak_7f3a is revoked",
    ],
)
def test_plain_lines_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_the_public_id_of_a_key_stays() -> None:
    assert redact(f"ak_7f3a_{SECRET}") == "ak_7f3a_[redacted]"


@pytest.mark.parametrize("name", ["password", "new_password", "token", "set-cookie", "api_key"])
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["route", "tokens_read", "event", "key_id", "passed"])
def test_other_names(name: str) -> None:
    assert not is_secret_name(name)
