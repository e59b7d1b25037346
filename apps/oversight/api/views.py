from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.http import FileResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import AccessView, ReadOnlyRecordViewSet, RecordViewSet, action
from apps.audit.reports.formats import FORMATS
from apps.audit.reports.kind import WrongParameters
from apps.audit.reports.kinds import KINDS
from apps.kernel.rendering import JSONRenderer
from apps.oversight import reporting
from apps.oversight.api.serializers import (
    KindSerializer,
    ReportDefinitionSerializer,
    ReportRunSerializer,
    RunSerializer,
)
from apps.oversight.models import ReportDefinition, ReportRun

POLL_AFTER = "1"
CONTENT_TYPES = sorted({form.content_type.partition(";")[0] for form in FORMATS.values()})
OF_THE_PERIOD = {"since", "until"}
INCONSISTENT = "inconsistent"
"""Code of members that are right each by itself."""


class FileRenderer(JSONRenderer):
    """A file has the type that was saved with its report, so any `Accept` will do; refusals are JSON."""

    media_type = "*/*"


class KindViewSet(AccessView):
    """The kinds of reports, the question that each one answers, and what it asks for."""

    queryset = ReportDefinition.objects.all()
    serializer_class = KindSerializer
    filter_backends = ()

    def known_parameters(self) -> set[str]:
        return set()

    @extend_schema(responses={200: KindSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """List the kinds of reports."""
        kinds = self.get_serializer(KINDS.values(), many=True).data
        return Response({"results": kinds, "next": None, "previous": None})


class ReportDefinitionViewSet(RecordViewSet):
    """Saved reports: a question to the audit trail, for which period, in which form, when and for whom."""

    queryset = ReportDefinition.objects.prefetch_related("recipients")
    serializer_class = ReportDefinitionSerializer
    filterset_fields = ("kind", "schedule", "owner")
    ordering_fields = ("created_at",)

    def perform_create(self, serializer: Any) -> None:
        values = dict(serializer.validated_data)
        recipients = values.pop("recipients", [])
        definition = ReportDefinition(owner=self.request.user, **values)  # type: ignore[misc]
        serializer.instance = self._saved(definition, recipients)

    def perform_update(self, serializer: Any) -> None:
        values = dict(serializer.validated_data)
        recipients = values.pop("recipients", None)
        for name, value in values.items():
            setattr(serializer.instance, name, value)
        serializer.instance = self._saved(serializer.instance, recipients)

    def _saved(self, definition: ReportDefinition, recipients: Any) -> ReportDefinition:
        """What is wrong with an answer stands below `/parameters`, what does not go together at `/period`."""
        try:
            return reporting.save(definition, recipients=recipients, now=timezone.now())
        except WrongParameters as refusal:
            raise serializers.ValidationError(self._told(refusal, definition.parameters)) from refusal
        except ModelValidationError as refusal:
            together = [ErrorDetail(sentence, code=INCONSISTENT) for sentence in refusal.messages]
            raise serializers.ValidationError({"period": together}) from refusal

    def _told(self, refusal: WrongParameters, given: dict[str, str]) -> dict[str, Any]:
        """Each sentence with its code: not there, not said, or at odds with another member."""
        told: dict[str, Any] = {}
        for name, sentence in refusal.said.items():
            if name in OF_THE_PERIOD:
                told[name] = [ErrorDetail(sentence, code=INCONSISTENT)]
            else:
                code = "does_not_exist" if given.get(name) else "required"
                told.setdefault("parameters", {})[name] = [ErrorDetail(sentence, code=code)]
        return told

    @extend_schema(responses={202: ReportRunSerializer})
    @action(verb="run", serializer_class=RunSerializer)
    def run(self, request: Request, pk: str) -> Response:
        """Have a saved report made now. Follow the job; the run has the file."""
        self.wish()
        run = reporting.run_now(self.get_object(), by=request.user, now=timezone.now())  # type: ignore[arg-type]
        document = ReportRunSerializer(run, context=self.get_serializer_context()).data
        headers = {"Location": reverse("work-detail", args=[run.work_id]), "Retry-After": POLL_AFTER}
        return Response(document, status=status.HTTP_202_ACCEPTED, headers=headers)


class ReportRunViewSet(ReadOnlyRecordViewSet):
    """Reports as they were made, when they were due or when somebody asked. A file is kept for two weeks."""

    queryset = ReportRun.objects.select_related("work", "file")
    serializer_class = ReportRunSerializer
    filterset_fields = ("definition",)
    ordering = "-pk"

    @action(verb="cancel")
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a report that is being made, also one that was due."""
        self.wish()
        return self.answer(reporting.cancel(self.get_object()))

    @extend_schema(responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES})
    @action(verb="download", methods=("get",), renderer_classes=(FileRenderer,))
    def file(self, request: Request, pk: str) -> FileResponse:
        """Take the file of a report that was made."""
        run = self.get_object()
        content = reporting.download(run, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        return FileResponse(content, as_attachment=True, filename=run.file.name, content_type=run.file.content_type)
