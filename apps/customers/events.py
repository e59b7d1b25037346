"""What happened to customers: keys only, never a name or an e-mail."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class CustomerClosed(Event):
    name: ClassVar[str] = "customers.closed"

    customer: str


@dataclass(frozen=True, kw_only=True)
class CustomerReopened(Event):
    name: ClassVar[str] = "customers.reopened"

    customer: str


@dataclass(frozen=True, kw_only=True)
class CustomerFellDormant(Event):
    name: ClassVar[str] = "customers.fell_dormant"

    customer: str


@dataclass(frozen=True, kw_only=True)
class CustomersMerged(Event):
    """`customer` was closed and points to `survivor`: whoever holds rows of the first moves them to the second."""

    name: ClassVar[str] = "customers.merged"

    customer: str
    survivor: str
