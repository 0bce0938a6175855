"""Parameters of a request as Binance reads them, with its words where one is wrong."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote_plus

import orjson

from assay.exchange.service.refusals import illegal, missing
from assay.exchange.types import Refusal


class Params(dict[str, str]):
    """Every parameter as text."""

    def need(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.get(name)
        if not value:
            raise missing(name)
        return value

    def read_whole(self, name: str) -> int | None:
        """A whole number, None where it was not sent."""
        text = self.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 19):
            raise illegal(name, "^[0-9]{1,20}$")
        return int(text)

    def read_limit(self, usual: int, most: int) -> int:
        """`limit`, cut to what is the most."""
        limit = self.read_whole("limit")
        if limit is None:
            return usual
        if limit < 1:
            raise Refusal(-1130, "Data sent for parameter 'limit' is not valid.")
        return min(limit, most)

    def read_time(self, name: str) -> int | None:
        """A moment in milliseconds."""
        return self.read_whole(name)

    def read_flag(self, name: str) -> bool:
        """`true` or `false`; false where it was not sent."""
        text = self.get(name, "false").lower()
        if text not in ("true", "false"):
            raise illegal(name, "^(true|false)$")
        return text == "true"

    def read_symbols(self) -> Sequence[str] | None:
        """`symbol` or `symbols`, None where neither was sent. Raises Refusal for both."""
        symbol, many = self.get("symbol"), self.get("symbols")
        if symbol and many:
            raise Refusal(-1128, "Combination of optional parameters invalid.")
        if symbol:
            return (symbol,)
        if many is None:
            return None
        try:
            names = orjson.loads(many)
        except orjson.JSONDecodeError:
            names = None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise illegal("symbols", '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$')
        if len(set(names)) < len(names):
            raise Refusal(-1151, "Symbol is present multiple times in the list.")
        return names


def parse_pairs(*parts: str) -> Params:
    """Parameters of a query string and a form; the first one says it. Raises Refusal for doubles
    within one of them.
    """
    params = Params()
    for part in parts:
        seen = set()
        for word in filter(None, part.split("&")):
            key, _, value = word.partition("=")
            name = unquote_plus(key)
            if name in seen:
                raise Refusal(-1101, "Duplicate values for a parameter detected.")
            seen.add(name)
            params.setdefault(name, unquote_plus(value))
    return params


def write_value(value: object) -> str:
    """A parameter of a JSON request as the text that is signed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    return str(value)


def parse_object(values: Mapping[str, object]) -> Params:
    """Parameters of a request of the WebSocket API."""
    return Params({key: write_value(value) for key, value in values.items() if value is not None})
