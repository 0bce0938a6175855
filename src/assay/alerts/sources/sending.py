"""One message to one channel, by whatever carries it there."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from assay.alerts.sources import mail, webhooks
from assay.alerts.sources.dialling import Reach, Unsent, resolve
from assay.alerts.sources.targets import MAIL, WEBHOOK, Mailbox, Target
from assay.alerts.types import Message, Verdict
from assay.kit.clock import Clock

log = logging.getLogger("assay.alerts")


class Courier:
    """Sends one message at a time, in the thread that made it. Close it."""

    def __init__(self, clock: Clock, reach: Reach) -> None:
        self._clock = clock
        self._reach = reach
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, target: Target, key: bytes, message: Message) -> Verdict:
        """What became of the message; `key` signs webhooks. Every failure is a verdict."""
        try:
            return self._send(target, key, message)
        except Unsent as unsent:
            return Verdict(False, str(unsent))
        except Exception as error:  # noqa: BLE001 - a hundred plugins; what they say holds secrets
            log.error("sending to %s failed: %s", target.shown, type(error).__name__)  # noqa: TRY400
            return Verdict(False, "The service's sender failed.")

    def _send(self, target: Target, key: bytes, message: Message) -> Verdict:
        now = self._clock.now()
        if target.service == WEBHOOK:
            sent = webhooks.send(target.url, key, message, now, self._reach)
            return self._runner.run(sent)
        if target.service == MAIL and target.mailbox is not None:
            address = self._runner.run(self._find(target.mailbox))
            return mail.send(target.mailbox, message, address, self._reach)
        # apprise and requests take a third of a second to load.
        from assay.alerts.sources import services  # noqa: PLC0415

        return services.send(target.url, message, now, self._reach, self._runner)

    async def _find(self, mailbox: Mailbox) -> str:
        try:
            async with asyncio.timeout(self._reach.total_s):
                is_plain = mailbox.mode == "insecure"
                return await resolve(mailbox.host, mailbox.port, self._reach, is_plain=is_plain)
        except TimeoutError as error:
            raise Unsent("It took too long.") from error

    def close(self) -> None:
        """Let go of the event loop."""
        self._runner.close()
