from dataclasses import dataclass
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class RoleAssigned(Event):
    name: ClassVar[str] = "access.role_assigned"
    user: str
    role: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class RoleEnded(Event):
    name: ClassVar[str] = "access.role_ended"
    user: str
    role: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class RowGranted(Event):
    name: ClassVar[str] = "access.row_granted"
    user: str
    permission: str
    row: str


@dataclass(frozen=True, kw_only=True)
class RowRevoked(Event):
    name: ClassVar[str] = "access.row_revoked"
    user: str
    permission: str
    row: str


@dataclass(frozen=True, kw_only=True)
class UnitMoved(Event):
    name: ClassVar[str] = "access.unit_moved"
    unit: str
