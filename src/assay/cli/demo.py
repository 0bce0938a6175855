"""demo: the night FTX fell, live on this machine: a replay exchange, a feed and the server, in a
home of their own and without any network.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from assay.cli.context import command, err, stopping
from assay.kit.errors import AssayError
from assay.kit.moments import format_utc, from_microseconds

SHOWN = ("BTC", "ETH", "BNB", "SOL", "XRP", "AVAX", "MATIC", "FTT")
LOOK_S = 0.5
PLAIN_EVERY = 20
STOP_S = 30.0


def demo(
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, help="Recorded seconds that pass in one.")
    ] = 20.0,
    port: Annotated[int, typer.Option("--port", help="Port of the API; 0 picks one.")] = 8000,
) -> None:
    """Watch the night of 2022-11-08 happen: prices move here, and the API serves them live."""
    from assay.exchange import ReplayServer  # noqa: PLC0415 - only the demo needs an exchange

    with command() as context:
        home = context.settings.home.expanduser().absolute()
        home = home.with_name(f"{home.name}-demo")
        home.mkdir(parents=True, exist_ok=True)
        with (
            stopping() as stop,
            ReplayServer(speed=speed, loop=True) as venue,
            _serve(home, venue.url, port) as (url, child),
        ):
            err.print(
                f"Replay exchange {venue.url}, the API {url}; Ctrl-C ends both.", soft_wrap=True
            )
            _show(url, child, stop)


@contextlib.contextmanager
def _serve(home: Path, venue: str, port: int) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    from assay.api import name_url, open_socket  # noqa: PLC0415 - loads the web framework

    with contextlib.closing(open_socket("127.0.0.1", port)) as free:
        url = name_url(free)
    settings = {
        "ASSAY_HOME": str(home),
        "ASSAY_PORT": url.rpartition(":")[2],
        "ASSAY_FEEDS": "binance=" + ",".join(f"{symbol}/USDT" for symbol in SHOWN),
        "ASSAY_FEED_URLS": f"binance={venue}",
        "ASSAY_KEYS": "false",
    }
    # Nothing of the demo may reach a database or a bus that others use.
    own = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    environment = {**own, **settings}
    with (home / "serve.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "assay", "serve"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    try:
        yield url, child
    finally:
        child.terminate()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()


def _show(url: str, child: "subprocess.Popen[bytes]", stop: threading.Event) -> None:
    first: dict[str, float] = {}
    looks = 0
    with httpx.Client(base_url=url, timeout=5.0) as client, _screen() as screen:
        while not stop.wait(LOOK_S):
            if child.poll() is not None:
                raise AssayError(
                    "The server of the demo ended.", hint="Its home has serve.log, which says why."
                )
            prices = _ask(client, "/v1/prices", symbol=",".join(SHOWN)).get("data", [])
            for price in prices:
                if price["price"] is not None:
                    first.setdefault(price["symbol"], price["price"])
            if screen is not None:
                screen.update(_draw(prices, first, _describe(client, url)), refresh=True)
            elif looks % PLAIN_EVERY == 0:
                err.print(_say(prices), highlight=False, soft_wrap=True)
            looks += 1


@contextlib.contextmanager
def _screen() -> Iterator[Live | None]:
    if not err.is_terminal:
        yield None
        return
    with Live(console=err, auto_refresh=False) as screen:
        yield screen


def _ask(client: httpx.Client, path: str, **query: str) -> dict[str, Any]:
    try:
        answer = client.get(path, params=query)
        said: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError):
        # It starts or restarts; the next look finds it.
        return {}
    return said


def _describe(client: httpx.Client, url: str) -> str:
    said = _ask(client, "/readyz")
    progress = said.get("detail") or said.get("status") or "starting"
    return f"{url}  {progress}"


def _draw(prices: list[dict[str, Any]], first: dict[str, float], status: str) -> Group:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Token", "Price", "Since the start", "Venues"):
        table.add_column(name, justify="left" if name == "Token" else "right", min_width=10)
    for price in prices:
        value = price["price"]
        venues = sum(each["used"] for each in price["contributions"])
        if value is None:
            table.add_row(price["symbol"], "no view", price["reason"], str(venues))
            continue
        change = value / first[price["symbol"]] - 1.0
        style = "green" if change > 0 else "red" if change < 0 else ""
        shown = Text(f"{change:+.2%}", style)
        table.add_row(price["symbol"], f"{value:,.6g} {price['currency']}", shown, str(venues))
    title = Text(f"{_tell_time(prices)}  a replay of recorded candles; the depth is synthetic")
    return Group(title, table, Text(status, "dim"))


def _say(prices: list[dict[str, Any]]) -> str:
    told = [f"{p['symbol']} {p['price']:.6g}" for p in prices if p["price"] is not None]
    return f"{_tell_time(prices)}  {'  '.join(told) or 'waiting for the first prices'}"


def _tell_time(prices: list[dict[str, Any]]) -> str:
    newest = max((price["time_ms"] for price in prices), default=0)
    return format_utc(from_microseconds(newest // 1_000 * 1_000_000)) if newest else "starting"
