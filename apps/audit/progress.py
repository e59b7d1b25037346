"""How far a report is, for whoever waits for it. Saying so is also where a report ends that was cancelled."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

PAUSE = 1.0
LEAST = 1_000


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None, step: str = "") -> None: ...


def silent(done: int, total: int | None = None, step: str = "") -> None:
    """Nobody waits for a word about it."""


class Paced:
    """Passes on each new step at once, and of one step a word a second, after a thousand entries more."""

    def __init__(self, say: Callable[[int, int | None, str], None], total: int | None = None) -> None:
        self._say, self._total = say, total
        self._step = ""
        self._done = 0
        self._said_at = monotonic()

    def __call__(self, done: int, total: int | None = None, step: str = "") -> None:
        if step == self._step and (done - self._done < LEAST or monotonic() - self._said_at < PAUSE):
            return
        self._step, self._done = step, done
        self._say(done, self._total if total is None else total, step)
        self._said_at = monotonic()
