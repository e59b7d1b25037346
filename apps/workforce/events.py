"""What happened to employees: keys and days only, and never why somebody is away."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class EmployeeHired(Event):
    name: ClassVar[str] = "workforce.hired"

    employee: str


@dataclass(frozen=True, kw_only=True)
class EmployeeTransferred(Event):
    name: ClassVar[str] = "workforce.transferred"

    employee: str
    department: str


@dataclass(frozen=True, kw_only=True)
class EmployeePromoted(Event):
    name: ClassVar[str] = "workforce.promoted"

    employee: str
    position: str


@dataclass(frozen=True, kw_only=True)
class ManagerAssigned(Event):
    name: ClassVar[str] = "workforce.manager_assigned"

    employee: str
    manager: str | None


@dataclass(frozen=True, kw_only=True)
class AccountLinked(Event):
    """The employee signs in by this account from now on, or by none."""

    name: ClassVar[str] = "workforce.account_linked"

    employee: str
    user: str | None


@dataclass(frozen=True, kw_only=True)
class EmployeeTerminated(Event):
    name: ClassVar[str] = "workforce.terminated"

    employee: str
    last_day: date


@dataclass(frozen=True, kw_only=True)
class AbsenceRequested(Event):
    name: ClassVar[str] = "workforce.absence_requested"

    absence: str


@dataclass(frozen=True, kw_only=True)
class AbsenceApproved(Event):
    name: ClassVar[str] = "workforce.absence_approved"

    absence: str


@dataclass(frozen=True, kw_only=True)
class AbsenceRejected(Event):
    name: ClassVar[str] = "workforce.absence_rejected"

    absence: str


@dataclass(frozen=True, kw_only=True)
class AbsenceWithdrawn(Event):
    name: ClassVar[str] = "workforce.absence_withdrawn"

    absence: str


@dataclass(frozen=True, kw_only=True)
class AbsenceShortened(Event):
    name: ClassVar[str] = "workforce.absence_shortened"

    absence: str
