"""A real browser that waits for what it is to show, over the DevTools protocol."""

import itertools
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 120.0
SOURCE = "document.documentElement.outerHTML"


Step = tuple[str, tuple[str, ...]]
"""A script to run, and what must stand in the page's source then."""


def draw(chromium: str, folder: Path, url: str, *steps: Step) -> tuple[str, list[str]]:
    """(the page's source after the last step, what the browser complained of)."""
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        "--remote-allow-origins=*",
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as browser:
        try:
            return _draw(_find_port(browser), url, steps)
        finally:
            browser.terminate()


def _find_port(browser: "subprocess.Popen[str]") -> int:
    assert browser.stderr is not None
    for line in browser.stderr:
        found = re.search(r"DevTools listening on ws://[^:]+:(\d+)/", line)
        if found:
            return int(found[1])
    raise AssertionError("the browser did not start")


def _draw(port: int, url: str, steps: tuple[Step, ...]) -> tuple[str, list[str]]:
    targets = httpx.get(f"http://127.0.0.1:{port}/json", timeout=60.0).json()
    page = next(target for target in targets if target["type"] == "page")
    heard: list[dict[str, Any]] = []
    source = ""
    with connect(page["webSocketDebuggerUrl"], max_size=None) as line:
        for method in ("Runtime.enable", "Log.enable", "Page.enable"):
            _call(line, heard, method)
        _call(line, heard, "Page.navigate", url=url)
        for script, wanted in steps:
            _call(line, heard, "Runtime.evaluate", expression=script)
            source = _wait(line, heard, wanted)
    return source, [json.dumps(event) for event in heard if _is_complaint(event)]


def _wait(line: ClientConnection, heard: list[dict[str, Any]], wanted: tuple[str, ...]) -> str:
    until = time.monotonic() + PATIENCE_S
    while True:
        said = _call(line, heard, "Runtime.evaluate", expression=SOURCE)
        source = str(said["result"].get("value", ""))
        missing = [text for text in wanted if text not in source]
        if not missing:
            return source
        assert time.monotonic() < until, f"never shown: {missing}"
        time.sleep(0.2)


def _is_complaint(event: dict[str, Any]) -> bool:
    if event.get("method") == "Log.entryAdded":
        return bool(event["params"]["entry"]["level"] == "error")
    return event.get("method") == "Runtime.exceptionThrown"


def _call(
    line: ClientConnection, heard: list[dict[str, Any]], method: str, **given: Any
) -> dict[str, Any]:
    number = next(_NUMBERS)
    line.send(json.dumps({"id": number, "method": method, "params": given}))
    while True:
        said: dict[str, Any] = json.loads(line.recv())
        if said.get("id") == number:
            return dict(said["result"])
        heard.append(said)


_NUMBERS = itertools.count(1)
