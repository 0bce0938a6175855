"""Chat, push and SMS services by apprise, over our own checked connections.

apprise's plugins speak through the module `requests`. They are given one of ours in its place: what
they send goes to a checked address, once, without redirects, bounded in time and size. An answer
that is no success ends the plugin at once, so that it neither waits nor tries again by itself.
"""

import asyncio
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter

from assay.alerts.sources import http
from assay.alerts.sources.dialling import Reach, Unsent
from assay.alerts.sources.judging import ACCEPTED, judge_status
from assay.alerts.sources.targets import is_http_plugin, open_plugin
from assay.alerts.types import Message, Verdict

LARGEST_ANSWER = 256 * 1024
MOST_REQUESTS = 4
_WORDS = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})


class _Ended(Exception):
    """The service has answered what decides; the plugin has nothing more to do."""


@dataclass(slots=True)
class _Errand:
    """One sending: what the plugin's requests came to."""

    runner: asyncio.Runner
    reach: Reach
    now: datetime
    requests: int = 0
    verdict: Verdict = field(default_factory=lambda: Verdict(False, "Nothing was sent."))


_ERRAND: ContextVar[_Errand] = ContextVar("assay.alerts.errand")


def send(
    url: str, message: Message, now: datetime, reach: Reach, runner: asyncio.Runner
) -> Verdict:
    """Send a message through a service. Raises Unsent where no answer came."""
    plugin = open_plugin(url)
    if not is_http_plugin(plugin):
        return Verdict(False, "The service cannot be sent to safely.", is_final=True)
    _equip(sys.modules[type(plugin).__module__])
    errand = _Errand(runner, reach, now)
    mark = _ERRAND.set(errand)
    try:
        is_sent = bool(plugin.notify(**write_texts(plugin, message)))
    except _Ended as ended:
        if isinstance(ended.__cause__, Unsent):
            raise ended.__cause__ from None
        return errand.verdict
    finally:
        _ERRAND.reset(mark)
    if errand.verdict.is_accepted and not is_sent:
        return Verdict(False, "The service answered, and refused the message.", is_channels=False)
    return errand.verdict


def write_texts(plugin: Any, message: Message) -> dict[str, str]:  # noqa: ANN401 - apprise's own
    """Title and text as long as the service takes them, with the message's id at the end."""
    end = f"\n\n[{message.message_id}]"
    title = message.title
    if plugin.title_maxlen > 0:
        title = title[: plugin.title_maxlen]
    room = plugin.body_maxlen - len(title) - len(end) - 2
    body = message.body if len(message.body) <= room else message.body[: max(room - 1, 0)] + "…"
    return {"title": title, "body": body + end}


class _Adapter(BaseAdapter):
    """Sends what `requests` prepared, by our own means."""

    def send(
        self, request: requests.PreparedRequest, *_args: object, **_kwargs: object
    ) -> requests.Response:
        """The answer to a request that may go on; ends the plugin where there is none."""
        errand = _ERRAND.get()
        errand.requests += 1
        if errand.requests > MOST_REQUESTS:
            raise _Ended
        body = request.body or b""
        if not isinstance(body, str | bytes):
            raise _Ended
        asked = http.Request(
            str(request.method),
            str(request.url),
            {name: str(value) for name, value in request.headers.items()},
            body.encode() if isinstance(body, str) else body,
            LARGEST_ANSWER,
        )
        try:
            answer = errand.runner.run(http.send(asked, errand.reach))
        except Unsent as unsent:
            raise _Ended from unsent
        retry_after = answer.headers.get("retry-after")
        errand.verdict = judge_status(answer.status, retry_after, errand.now)
        if errand.verdict is not ACCEPTED:
            raise _Ended
        return _build_response(request, answer)

    def close(self) -> None:
        """Nothing is held open."""


class _Requests:
    """Stands where a plugin looks for `requests`: what sends is ours, the rest is as it was."""

    def __getattr__(self, name: str) -> object:
        return _choose_word(name) if name in _WORDS else getattr(requests, name)

    @staticmethod
    def Session() -> requests.Session:
        """A session that sends as above."""
        session = requests.Session()
        session.trust_env = False
        session.adapters.clear()
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Adapter())
        return session


def _choose_word(name: str) -> Callable[..., requests.Response]:
    def speak(*args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        kwargs["allow_redirects"] = False
        with _Requests.Session() as session:
            return getattr(session, name)(*args, **kwargs)  # type: ignore[no-any-return]

    return speak


def _equip(module: object) -> None:
    if not isinstance(module.requests, _Requests):  # type: ignore[attr-defined]
        module.requests = _Requests()  # type: ignore[attr-defined]


def _build_response(request: requests.PreparedRequest, answer: http.Answer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.url = str(request.url)
    response.request = request
    response._content = answer.body
    return response
