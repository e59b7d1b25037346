from datetime import datetime
from typing import Self

from apps.access.querysets import UnitRecordQuerySet


class CustomerQuerySet(UnitRecordQuerySet):
    def active(self) -> Self:
        return self.filter(status="active")

    def not_closed(self) -> Self:
        return self.exclude(status="closed")

    def untouched_since(self, moment: datetime) -> Self:
        """Active customers that nobody changed after this moment."""
        return self.active().filter(updated_at__lt=moment)
