from typing import Any, cast

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import ReadOnlyRecordViewSet, RecordViewSet, action
from apps.audit import alerts, holds
from apps.audit.api.filters import AuditEventFilter
from apps.audit.api.serializers import (
    AlertSerializer,
    AnswerSerializer,
    AuditEventSerializer,
    LegalHoldSerializer,
)
from apps.audit.models import Alert, AuditEvent, LegalHold
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.formats import FORMATS, taken
from apps.audit.reports.lines import Form
from apps.kernel import reads

CONTENT_TYPES = [FORMATS[form].content_type for form in ("csv", "jsonl")]


class AuditEventViewSet(ReadOnlyRecordViewSet):
    """The audit trail. Reading it leaves an entry of its own."""

    queryset = AuditEvent.objects.prefetch_related("actor")
    serializer_class = AuditEventSerializer
    filterset_class = AuditEventFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering = "-timestamp"
    ordering_fields = ("timestamp",)
    telling_nothing = ("model", "request", "batch")

    @extend_schema(responses={(200, content_type): OpenApiTypes.BINARY for content_type in CONTENT_TYPES})
    def report(self, request: Request, form: Form) -> StreamingHttpResponse:
        """Take every entry that meets the filters as a file."""
        entries = self.filter_queryset(AuditEvent.objects.all())
        said = reads.filters_said(AuditEvent, request.query_params.dict(), self.telling_nothing)
        response = StreamingHttpResponse(
            taken(cast("AuditEventQuerySet", entries), form, said), content_type=FORMATS[form].content_type
        )
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response


class AlertViewSet(ReadOnlyRecordViewSet):
    """What somebody must look into and answer in writing. Nobody answers an alert about his own work."""

    queryset = Alert.objects.all()
    serializer_class = AlertSerializer
    filterset_fields = ("state", "rule", "actor")
    ordering = "-created_at"
    ordering_fields = ("created_at",)

    @action(verb="decide", serializer_class=AnswerSerializer)
    def explain(self, request: Request, pk: str) -> Response:
        """Say what it was."""
        answered = alerts.explain_alert(self.get_object(), **self.wish(), by=request.user, now=timezone.now())
        return self.answer(answered)

    @action(verb="decide", serializer_class=AnswerSerializer)
    def escalate(self, request: Request, pk: str) -> Response:
        """Hand it on, and say to whom and why."""
        answered = alerts.escalate_alert(self.get_object(), **self.wish(), by=request.user, now=timezone.now())
        return self.answer(answered)


class LegalHoldViewSet(RecordViewSet):
    """What is not pruned although its period is over. It is released with a reason, and never changed."""

    queryset = LegalHold.objects.all()
    serializer_class = LegalHoldSerializer
    http_method_names = ["get", "head", "post"]
    filterset_fields = {"released_at": ["isnull"]}
    ordering = "-created_at"
    ordering_fields = ("created_at",)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = holds.set_hold(by=self.request.user, **serializer.validated_data)

    @action(verb="release", serializer_class=AnswerSerializer)
    def release(self, request: Request, pk: str) -> Response:
        """Let go what it held; the next pruning takes it when its period is over."""
        released = holds.release_hold(self.get_object(), **self.wish(), by=request.user, now=timezone.now())
        return self.answer(released)
