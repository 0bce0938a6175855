"""The page about streams names what there is."""

import re
from pathlib import Path

import pytest

from assay.api.streams.channels import CHANNELS
from assay.api.streams.messages import CODES, LONGEST_MESSAGE

PAGE = Path(__file__).parents[3] / "docs" / "streams.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text("utf-8")


def table(text: str, head: str) -> dict[str, str]:
    """Rows of the table under a head, by the names in their first column."""
    body = text.partition(f"| {head} |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \|(.*)$", body, re.M)
    return dict(rows)


def test_every_channel_is_described_with_its_scope(text: str) -> None:
    rows = table(text, "channel")
    assert set(rows) == set(CHANNELS)
    for name, channel in CHANNELS.items():
        assert rows[name].endswith(f"`{channel.verb}` |")


def test_every_code_is_described(text: str) -> None:
    assert set(table(text, "code")) == set(CODES)


def test_the_limits_are_those_of_the_code(text: str) -> None:
    assert f"at most {LONGEST_MESSAGE // 1024} KiB" in text
