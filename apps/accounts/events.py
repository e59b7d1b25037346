from dataclasses import dataclass
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class UserInvited(Event):
    name: ClassVar[str] = "accounts.invited"
    user: str


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(Event):
    name: ClassVar[str] = "accounts.deactivated"
    user: str


@dataclass(frozen=True, kw_only=True)
class UserActivated(Event):
    name: ClassVar[str] = "accounts.activated"
    user: str
