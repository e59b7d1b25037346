"""What happened in the catalog: keys, days and counts only."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class PriceChanged(Event):
    name: ClassVar[str] = "catalog.price_changed"

    product: str
    price: str
    valid_from: date


@dataclass(frozen=True, kw_only=True)
class ProductDiscontinued(Event):
    name: ClassVar[str] = "catalog.product_discontinued"

    product: str


@dataclass(frozen=True, kw_only=True)
class StockReceived(Event):
    name: ClassVar[str] = "catalog.stock_received"

    product: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class StockCorrected(Event):
    name: ClassVar[str] = "catalog.stock_corrected"

    product: str
    difference: int


@dataclass(frozen=True, kw_only=True)
class StockRanLow(Event):
    """The free pieces fell to the reorder level or below."""

    name: ClassVar[str] = "catalog.stock_ran_low"

    product: str
    available: int
