"""exchange replay: a local Binance that lives through the night of 2022-11-08 again."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from assay.kit.errors import AssayError, BadInput

DEFAULT_PORT: Final = 8100
KEY: Final = "ASSAY_EXCHANGE_KEY"
SECRET: Final = "ASSAY_EXCHANGE_SECRET"  # noqa: S105 - the name of a variable

if TYPE_CHECKING:
    from assay.exchange import ReplayServer

app = typer.Typer(help="A local exchange to try things on.", no_args_is_help=True)


@app.callback()
def exchange() -> None:
    """A local exchange to try things on."""


@app.command()
def replay(
    port: Annotated[int, typer.Option("--port", help="Port; 0 picks a free one.")] = DEFAULT_PORT,
    speed: Annotated[
        str, typer.Option("--speed", help="1 is real time, 60 a minute a second, or max.")
    ] = "1",
    name: Annotated[
        str, typer.Option("--name", help="What it calls itself; another name has other books.")
    ] = "replay",
    pair: Annotated[
        list[str] | None, typer.Option("--pair", help="Only these pairs, such as BTCUSDT.")
    ] = None,
    fee_maker: Annotated[
        float, typer.Option("--fee-maker", help="Fee of resting orders, basis points.")
    ] = 10.0,
    fee_taker: Annotated[
        float, typer.Option("--fee-taker", help="Fee of orders that take, basis points.")
    ] = 10.0,
    delay: Annotated[int, typer.Option("--delay", help="Answers come so many ms later.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="What goes wrong, such as disconnect:every=30s."),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin anew when it is over.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Another path inside the minutes.")] = 0,
    offset: Annotated[
        float, typer.Option("--offset", help="Prices are so many basis points higher.")
    ] = 0.0,
    noise: Annotated[
        float, typer.Option("--noise", help="Minutes are off by up to so many basis points.")
    ] = 0.0,
    host: Annotated[str, typer.Option("--host", help="A loopback address.")] = "127.0.0.1",
    keys_file: Annotated[
        Path | None,
        typer.Option("--keys-file", help="API key and secret, one a line; else made anew."),
    ] = None,
) -> None:
    """Replay recorded candles of 150 pairs as a Binance: REST, streams and orders, on loopback."""
    from assay.exchange import ReplayServer  # noqa: PLC0415 - no other command needs a web server

    try:
        api_key, api_secret = _read_keys(keys_file)
        server = ReplayServer(
            host=host,
            port=port,
            name=name,
            speed=_read_speed(speed),
            pairs=pair or None,
            fee_maker_bps=fee_maker,
            fee_taker_bps=fee_taker,
            delay_ms=delay,
            seed=seed,
            offset_bps=offset,
            noise_bps=noise,
            loop=loop,
            faults=fault or (),
            api_key=api_key,
            api_secret=api_secret,
            say=lambda text: typer.echo(text, err=True),
        )
        server.listen()
        _announce(server, shows_keys=api_key is None)
        server.run()
    except AssayError as error:
        typer.secho(f"error {error.message}", fg="red", err=True)
        if error.hint:
            typer.echo(f"      {error.hint}", err=True)
        raise typer.Exit(2 if error.status in (404, 422) else 1) from error


def _announce(server: "ReplayServer", *, shows_keys: bool) -> None:
    """Where it is; key and secret only if nobody else knows them."""
    typer.echo(f"Replay exchange {server.url}/api/v3, streams {server.websocket_url}/stream")
    typer.echo("A replay of recorded minute candles; the depth around them is synthetic.")
    if shows_keys:
        typer.echo(f"API key {server.api_key}")
        typer.echo(f"secret  {server.api_secret}")


def _read_speed(text: str) -> float:
    if text.strip().lower() == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0 or math.isinf(speed):
        raise BadInput(f"The speed {text!r} cannot be.", hint="Use 1, another number, or max.")
    return speed


def _read_keys(path: Path | None) -> tuple[str | None, str | None]:
    """Key and secret of a file or of the environment; (None, None): to be made."""
    if path is None:
        found = os.environ.get(KEY) or None, os.environ.get(SECRET) or None
        if (found[0] is None) != (found[1] is None):
            raise BadInput(f"Only one of {KEY} and {SECRET} is set.", hint="Set both or neither.")
        return found
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read.", hint="Give a file of two lines.") from error
    if len(lines) != 2:
        raise BadInput(
            f"{path} does not hold a key and a secret.", hint="Write one on each of two lines."
        )
    return lines[0], lines[1]
