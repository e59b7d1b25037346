"""What happened to orders: keys, days and choices only."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class AboutOrder:
    """What every event of an order says."""

    order: str
    customer: str
    on: date


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(AboutOrder, Event):
    name: ClassVar[str] = "orders.placed"


@dataclass(frozen=True, kw_only=True)
class OrderPaid(AboutOrder, Event):
    name: ClassVar[str] = "orders.paid"


@dataclass(frozen=True, kw_only=True)
class OrderShipped(AboutOrder, Event):
    name: ClassVar[str] = "orders.shipped"


@dataclass(frozen=True, kw_only=True)
class OrderDelivered(AboutOrder, Event):
    name: ClassVar[str] = "orders.delivered"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(AboutOrder, Event):
    name: ClassVar[str] = "orders.cancelled"


@dataclass(frozen=True, kw_only=True)
class OrderReturned(AboutOrder, Event):
    name: ClassVar[str] = "orders.returned"

    restocked: bool
