from typing import Any, cast

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import ReadOnlyRecordViewSet
from apps.audit.api.filters import AuditEventFilter
from apps.audit.api.serializers import AuditEventSerializer
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.report import CONTENT_TYPES, Form, taken
from apps.kernel.trail import Action, record


def _filters(request: Request) -> dict[str, str]:
    """What was asked for, without the place in the list and without e-mail addresses."""
    return {name: str(said) for name, said in request.query_params.items() if name != "cursor" and "@" not in said}


class AuditEventViewSet(ReadOnlyRecordViewSet):
    """The audit trail. Reading it leaves an entry of its own."""

    queryset = AuditEvent.objects.prefetch_related("actor")
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering = "-timestamp"
    ordering_fields = ("timestamp",)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        record(Action.ACCESS, model="audit.auditevent", details={"filters": _filters(request)})
        return response

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        record(Action.ACCESS, model="audit.auditevent", objects=[self.kwargs["pk"]])
        return response

    @extend_schema(responses={(200, content_type): OpenApiTypes.BINARY for content_type in CONTENT_TYPES.values()})
    def report(self, request: Request, form: Form) -> StreamingHttpResponse:
        """Take every entry that meets the filters as a file."""
        entries = self.filter_queryset(AuditEvent.objects.all())
        response = StreamingHttpResponse(
            taken(cast("AuditEventQuerySet", entries), form, _filters(request)), content_type=CONTENT_TYPES[form]
        )
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response
