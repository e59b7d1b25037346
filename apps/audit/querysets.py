from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F
from django.db.models.fields.tuple_lookups import TupleLessThan

if TYPE_CHECKING:
    from apps.accounts.models import User


class AuditEventQuerySet(models.QuerySet[Any]):
    def of(self, row: models.Model) -> Self:
        """What happened to this row."""
        kind = ContentType.objects.get_for_model(row, for_concrete_model=True)
        return self.filter(content_type=kind, object_pk=str(row.pk))

    def by(self, actor: "User | UUID | str") -> Self:
        return self.filter(actor=getattr(actor, "pk", actor))

    def between(self, since: datetime | None, until: datetime | None) -> Self:
        """From `since` on and before `until`; `None` leaves that side open."""
        queryset = self if since is None else self.filter(timestamp__gte=since)
        return queryset if until is None else queryset.filter(timestamp__lt=until)

    def newest_first(self) -> Self:
        return self.order_by("-timestamp", "-id")

    def before(self, moment: datetime, number: int) -> Self:
        """Older than this place of `newest_first`. Months after it are left out by the time alone."""
        return self.filter(TupleLessThan((F("timestamp"), F("id")), (moment, number)), timestamp__lte=moment)
