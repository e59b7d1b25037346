from dataclasses import dataclass
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class RequestOpened(Event):
    """Somebody wants to know what is held about them."""

    name: ClassVar[str] = "privacy.request_opened"
    request: str


@dataclass(frozen=True, kw_only=True)
class RequestFulfilled(Event):
    """The package of a request is ready and waits to be fetched."""

    name: ClassVar[str] = "privacy.request_fulfilled"
    request: str
