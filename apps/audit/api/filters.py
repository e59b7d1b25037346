from typing import Any

from django_filters import CharFilter, ChoiceFilter, IsoDateTimeFilter, UUIDFilter
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail, ValidationError

from apps.access.api.filters import StrictFilterSet
from apps.audit.filters import FILTERS
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

ACTIONS = [action.name.lower() for action in Action]


class AuditEventFilter(StrictFilterSet):
    """`since` is the first moment, `until` the first one after the period."""

    since = IsoDateTimeFilter(field_name="timestamp", lookup_expr="gte")
    until = IsoDateTimeFilter(field_name="timestamp", lookup_expr="lt")
    actor = CharFilter(method="apply")
    object = CharFilter(method="apply")
    model = CharFilter(method="apply")
    action = extend_schema_field({"type": "string", "enum": ACTIONS})(
        ChoiceFilter(choices=[(name, name) for name in ACTIONS], method="apply")
    )
    subject = UUIDFilter(method="apply")
    request = CharFilter(method="apply")
    unit = UUIDFilter(method="apply")
    batch = CharFilter(method="apply")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def apply(self, entries: AuditEventQuerySet, name: str, said: Any) -> AuditEventQuerySet:
        try:
            return FILTERS[name](entries, str(said))
        except ValueError as error:
            raise ValidationError({name: [ErrorDetail(str(error), code="does_not_exist")]}) from error
