from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api.base import AccessView, ReadOnlyRecordViewSet, action
from apps.kernel.rendering import JSONRenderer
from apps.kernel.writers import WRITERS
from apps.reports import services
from apps.reports.api.serializers import AskSerializer, ExportSerializer, ReportSerializer, RunSerializer
from apps.reports.models import Export
from apps.reports.registry import Report, reports_for
from apps.reports.tables import NoSuchTable

POLL_AFTER = "1"
KINDS = [writer.content_type.partition(";")[0] for writer in WRITERS.values()]


class OwnExport(BasePermission):
    """One's own exports, of what the token lets one read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated)

    def has_object_permission(self, request: Request, view: APIView, obj: Export) -> bool:
        return request.auth is None or request.auth.allows(obj.model.split(".")[0], write=False)


class FileRenderer(JSONRenderer):
    """A file has the type that was asked for when it was made, so any `Accept` will do; refusals are JSON."""

    media_type = "*/*"


class ExportViewSet(ReadOnlyRecordViewSet):
    """A list as a file: ask, follow the job, take the file until it expires."""

    queryset = Export.objects.select_related("file")
    serializer_class = ExportSerializer
    permission_classes = (OwnExport,)
    http_method_names = ["get", "head", "post"]
    filterset_fields = ("source", "format")
    ordering = "-pk"

    def required_permission(self) -> str:
        """None of its own: the list that is exported asks for its permission."""
        return ""

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(requested_by=self.request.user.pk)

    def get_serializer_class(self) -> Any:
        return AskSerializer if self.action == "create" else ExportSerializer

    @extend_schema(request=AskSerializer, responses={202: ExportSerializer})
    def create(self, request: Request) -> Response:
        wish = self.wish()
        return asked_for(self, Export.Source.RESOURCE, wish["resource"], wish["query"], wish["format"])

    @extend_schema(responses={(200, *KINDS): OpenApiTypes.BINARY})
    @action(verb="view", methods=("get",), renderer_classes=(FileRenderer,))
    def file(self, request: Request, pk: str) -> FileResponse:
        export = self.get_object()
        content = services.download(export, now=timezone.now())
        return FileResponse(
            content, as_attachment=True, filename=export.file.name, content_type=export.file.content_type
        )


class ReportViewSet(AccessView):
    """Reports that the domains declare: each one holds the rows that the caller may see."""

    queryset = Export.objects.all()
    serializer_class = ReportSerializer
    permission_classes = (OwnExport,)
    filter_backends = ()

    def required_permission(self) -> str:
        """None of its own: each report asks for the permission of its rows."""
        return ""

    def known_parameters(self) -> set[str]:
        return set()

    def mine(self) -> list[Report]:
        auth = self.request.auth
        return [
            report
            for report in reports_for(self.request.user)  # type: ignore[arg-type]
            if auth is None or auth.allows(report.model._meta.app_label, write=False)
        ]

    @extend_schema(responses={200: ReportSerializer(many=True)})
    def list(self, request: Request) -> Response:
        """List the reports that the caller may run."""
        return Response({"results": self.get_serializer(self.mine(), many=True).data, "next": None, "previous": None})

    @extend_schema(request=RunSerializer, responses={202: ExportSerializer})
    @action(verb="view", detail=False, url_path=r"(?P<name>[a-z0-9-]+)/runs", serializer_class=RunSerializer)
    def runs(self, request: Request, name: str) -> Response:
        """Run a report."""
        if name not in {report.slug for report in self.mine()}:
            raise Http404
        return asked_for(self, Export.Source.REPORT, name, "", self.wish()["format"])


def asked_for(view: Any, source: str, name: str, query: str, form: str) -> Response:
    """202 with the address of the job. What is wrong with the list's parameters stands below `/query`."""
    request = view.request
    try:
        export = services.ask_for_export(
            source=source, name=name, query=query, format=form, by=request.user, auth=request.auth
        )
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"query": error.detail}) from error
    except NoSuchTable as error:
        unknown = serializers.ErrorDetail(str(error), code="does_not_exist")
        raise serializers.ValidationError({"resource": [unknown]}) from error
    document = ExportSerializer(export, context=view.get_serializer_context()).data
    headers = {"Location": reverse("work-detail", args=[export.work_id]), "Retry-After": POLL_AFTER}
    return Response(document, status=status.HTTP_202_ACCEPTED, headers=headers)
