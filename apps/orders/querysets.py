from typing import Self

from apps.access.querysets import UnitRecordQuerySet


class OrderQuerySet(UnitRecordQuerySet):
    def open(self) -> Self:
        """Placed, and not yet delivered or ended."""
        return self.filter(status__in=["placed", "paid", "shipped"])

    def unshipped(self) -> Self:
        """Placed, and still in the house."""
        return self.filter(status__in=["placed", "paid"])

    def with_lines(self) -> Self:
        return self.prefetch_related("lines")
