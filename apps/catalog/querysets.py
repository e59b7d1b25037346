from datetime import date
from typing import Self

from django.db.models import F

from apps.access.querysets import UnitRecordQuerySet


class ProductQuerySet(UnitRecordQuerySet):
    def on_sale(self) -> Self:
        return self.filter(is_discontinued=False)

    def to_reorder(self) -> Self:
        """Products on sale of which too few are free or on their way."""
        coming = F("stock__on_hand") - F("stock__reserved") + F("stock__on_order")
        return self.on_sale().filter(stock__isnull=False).annotate(coming=coming).filter(coming__lte=F("reorder_level"))


class PriceQuerySet(UnitRecordQuerySet):
    def valid_on(self, day: date) -> Self:
        """One price per product and currency: the latest that had begun."""
        return (
            self.filter(valid_from__lte=day)
            .order_by("product", "currency", "-valid_from")
            .distinct("product", "currency")
        )


class StockQuerySet(UnitRecordQuerySet):
    def short(self) -> Self:
        """Stock at or below the product's reorder level."""
        return self.filter(on_hand__lte=F("reserved") + F("product__reorder_level"))
