"""What a client library must be told to stay on this machine."""

from typing import Any, Final

SPOT_STREAMS: Final = ("spot", "margin")


def rewrite_urls(urls: Any, url: str, key: str = "") -> Any:  # noqa: ANN401 - a tree of JSON
    """Every URL of a tree of them, moved to `url`, with the paths they had.

    A WebSocket of the spot market gets `/stream` into its path: ccxt tells spot from derivatives
    by that word, which Binance has in the name of its host.
    """
    if isinstance(urls, dict):
        return {name: rewrite_urls(value, url, name) for name, value in urls.items()}
    scheme, found, rest = str(urls).partition("://")
    if not found:
        return urls
    path = rest.partition("/")[2]
    if scheme not in ("ws", "wss"):
        return f"{url}/{path}"
    place = "stream/ws" if key in SPOT_STREAMS and path == "ws" else path
    return f"ws{url.removeprefix('http')}/{place}"


def build_ccxt_config(url: str, api_key: str, api_secret: str) -> dict[str, Any]:
    """Key, secret and every URL that ccxt's Binance may call."""
    from ccxt.pro import binance  # noqa: PLC0415 - half a second, and only its users have to wait

    urls = binance().describe()["urls"]
    called = {name: urls[name] for name in ("api", "test", "demo") if name in urls}
    return {"apiKey": api_key, "secret": api_secret, "urls": rewrite_urls(called, url)}
