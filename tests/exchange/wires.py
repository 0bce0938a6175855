"""A connection that keeps what it is given."""

from collections.abc import Sequence


class Wire:
    """What the hub needs of a WebSocket."""

    def __init__(self, waiting_bytes: int = 0) -> None:
        self.waiting_bytes = waiting_bytes
        self.frames: list[bytes] = []
        self.is_cut = False

    def write(self, frames: Sequence[bytes]) -> None:
        self.frames += frames

    def cut(self) -> None:
        self.is_cut = True
