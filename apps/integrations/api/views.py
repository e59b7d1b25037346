from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import UUIDFilter
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api.base import ReadOnlyRecordViewSet, ReadOnlyUnitViewSet, action
from apps.access.api.filters import StrictFilterSet
from apps.access.version import RowVersion
from apps.events import services as work_services
from apps.events.models import PublishedEvent, Work
from apps.integrations import services
from apps.integrations.api.serializers import (
    BadRowsSerializer,
    ConfirmSerializer,
    EventSerializer,
    ImportSerializer,
    JobSerializer,
    UploadSerializer,
)
from apps.integrations.imports.undo import undo_import
from apps.integrations.models import ImportBatch
from apps.integrations.querysets import feed_of, jobs_of
from apps.kernel.parsing import StrictJSONParser

POLL_AFTER = "1"


class ImportViewSet(ReadOnlyUnitViewSet):
    """Upload, check, confirm, undo."""

    queryset = ImportBatch.objects.prefetch_related("files")
    serializer_class = ImportSerializer
    filterset_fields = ("state", "profile", "unit")
    parser_classes = (MultiPartParser,)
    ordering = "-created_at"
    ordering_fields = ("created_at",)

    @extend_schema(request=UploadSerializer, responses={201: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Upload files to import."""
        wish = UploadSerializer(data=request.data, context=self.get_serializer_context())
        wish.is_valid(raise_exception=True)
        said = wish.validated_data
        batch = services.open_import(profile=said["profile"], unit=said["unit"], files=said["file"], user=request.user)
        return self.answer(batch, status_code=status.HTTP_201_CREATED)

    @extend_schema(responses={202: ImportSerializer})
    @action(verb="add", parser_classes=(StrictJSONParser,))
    def check(self, request: Request, pk: str) -> Response:
        self.wish()
        return self._under_way(services.check_import(self.get_object()))

    @extend_schema(responses={202: ImportSerializer})
    @action(verb="confirm", serializer_class=ConfirmSerializer, parser_classes=(StrictJSONParser,))
    def confirm(self, request: Request, pk: str) -> Response:
        return self._under_way(services.confirm_import(self.get_object(), **self.wish()))

    @action(verb="undo", parser_classes=(StrictJSONParser,))
    def undo(self, request: Request, pk: str) -> Response:
        self.wish()
        batch = self.get_object()
        undo_import(batch, user=request.user)
        return self.answer(batch)

    @extend_schema(responses=BadRowsSerializer)
    @action(verb="view", methods=("get",), url_path="bad-rows")
    def bad_rows(self, request: Request, pk: str) -> Response:
        """List the rows of an import that are wrong."""
        return Response({"results": self.get_object().report.get("bad_rows", []), "next": None, "previous": None})

    def _under_way(self, batch: ImportBatch) -> Response:
        """202 with the address of the job."""
        response = self.answer(batch, status_code=status.HTTP_202_ACCEPTED)
        response["Location"] = reverse("work-detail", args=[batch.work])
        response["Retry-After"] = POLL_AFTER
        return response


class OwnRule(BasePermission):
    """Anybody signed in, within what the token allows; the rows are those of `jobs_of` and `feed_of`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        write = request.method not in SAFE_METHODS
        return request.auth is None or any(request.auth.allows(label, write) for label in view.scopes)  # type: ignore[attr-defined]


class JobRule(OwnRule):
    """A job that one sees may be cancelled or run again by who asked for it, and by a role that says so."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_authenticated)

    def has_object_permission(self, request: Request, view: APIView, obj: Work) -> bool:
        verb = view.verb or "view"  # type: ignore[attr-defined]
        return jobs_of(request.user, verb).filter(pk=obj.pk).exists()  # type: ignore[arg-type]


class JobViewSet(ReadOnlyRecordViewSet):
    """Background work that one asked for, or that a role lets one watch: progress, result, cancel, retry."""

    queryset = Work.objects.all()
    serializer_class = JobSerializer
    permission_classes = (JobRule,)
    scopes = ("events", "integrations")
    filterset_fields = ("state", "name", "kind")
    ordering = "-pk"

    def required_permission(self) -> str:
        """None: one's own jobs need no role."""
        return ""

    def get_queryset(self) -> QuerySet[Any]:
        visible = jobs_of(self.request.user)  # type: ignore[arg-type]
        if not OwnRule().has_permission(self.request, self):
            visible = visible.filter(requested_by=self.request.user.pk)
        return super().get_queryset().filter(pk__in=visible.values("pk"))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        if response.data["finished_at"] is None:
            response["Retry-After"] = POLL_AFTER
        return response

    @action(verb="cancel")
    def cancel(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(work_services.cancel(self.get_object()))

    @action(verb="retry")
    def retry(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(work_services.retry(self.get_object()))


class EventFilter(StrictFilterSet):
    """`after` is the key of the last event that the caller has."""

    after = UUIDFilter(field_name="pk", lookup_expr="gt")

    class Meta:
        model = PublishedEvent
        fields = ("name", "aggregate", "unit")


class EventViewSet(ReadOnlyRecordViewSet):
    """What happened, in order, without gaps: read to the end, keep the last key and ask for what is `after` it."""

    queryset = PublishedEvent.objects.all()
    serializer_class = EventSerializer
    permission_classes = (OwnRule,)
    filterset_class = EventFilter

    def required_permission(self) -> str:
        """None of its own: an event is seen by those who may view its domain in its unit."""
        return ""

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple({permission.split(".")[0] for permission in self.request.user.get_all_permissions()})

    def get_queryset(self) -> QuerySet[Any]:
        auth = self.request.auth
        feed = feed_of(self.request.user, lambda label: auth is None or auth.allows(label, write=False))  # type: ignore[arg-type]
        return feed.annotate(row_version=RowVersion())
