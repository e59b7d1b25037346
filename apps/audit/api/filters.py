from django_filters import CharFilter, IsoDateTimeFilter
from rest_framework.exceptions import ValidationError

from apps.access.api.filters import StrictFilterSet
from apps.audit.filters import FILTERS
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet


class AuditEventFilter(StrictFilterSet):
    """`since` is the first moment, `until` the first one after the period."""

    since = IsoDateTimeFilter(field_name="timestamp", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="timestamp", lookup_expr="lt")
    actor = CharFilter(method="apply")
    object = CharFilter(method="apply")
    model = CharFilter(method="apply")
    action = CharFilter(method="apply")
    request = CharFilter(method="apply")
    unit = CharFilter(method="apply")
    batch = CharFilter(method="apply")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def apply(self, entries: AuditEventQuerySet, name: str, said: str) -> AuditEventQuerySet:
        try:
            return FILTERS[name](entries, said)
        except ValueError as error:
            raise ValidationError({name: [str(error)]}) from error
