"""Log lines: one JSON object each, with the request's id, without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from assay.kit.telemetry import REQUEST_ID, start_logs
from assay.kit.telemetry.redaction import HIDDEN

SECRET = "as_17_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6"  # noqa: S105 - made up


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def fail(text: str) -> None:
    raise ValueError(text)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_what_extra_adds() -> None:
    stream = io.StringIO()
    start_logs("info", stream=stream)
    token = REQUEST_ID.set("req-1")
    logging.getLogger("assay.api").info(
        "answered", extra={"route": "/v1/tokens", "status": 200, "color_message": "x"}
    )
    REQUEST_ID.reset(token)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "answered",
        "level": "info",
        "logger": "assay.api",
        "request_id": "req-1",
        "route": "/v1/tokens",
        "status": 200,
    }


def test_an_error_keeps_its_traceback_and_loses_its_secrets() -> None:
    stream = io.StringIO()
    start_logs("warning", stream=stream)
    try:
        fail(f"wrong: {SECRET}")
    except ValueError:
        logging.getLogger("any.library").exception("failed with %s", SECRET, extra={"token": "t1"})
    (line,) = lines(stream)
    assert "test_logs.py" in line["exception"]
    assert line["token"] == HIDDEN
    assert SECRET not in stream.getvalue()


def test_text_is_for_people() -> None:
    stream = io.StringIO()
    start_logs("info", "text", stream)
    try:
        fail(SECRET)
    except ValueError:
        logging.getLogger("assay").exception("no %s", "luck")
    assert "no luck" in stream.getvalue()
    assert "Traceback" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_lines_below_the_level_and_chatty_libraries_stay_silent() -> None:
    stream = io.StringIO()
    start_logs("debug", stream=stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://x/y?key=1")
    logging.getLogger("numba.core.ssa").debug("on stmt: x = 1")
    logging.getLogger("assay").debug("seen")
    assert [line["event"] for line in lines(stream)] == ["seen"]
