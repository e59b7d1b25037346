"""What every endpoint stands on: rows one may see, verbs one may do, bodies taken literally."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.db import models, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.decorators import action as drf_action
from rest_framework.mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.access.api.filters import StrictFilterBackend, refuse_unknown_parameters
from apps.access.api.pagination import KeysetPagination
from apps.access.models import Unit, UnitRecord
from apps.access.querysets import UnitRecordQuerySet
from apps.access.version import RowVersion
from apps.kernel.errors import StaleRecord
from apps.kernel.trail import Action, record

__all__ = ["KeysetPagination", "ReadOnlyRecordViewSet", "ReadOnlyUnitViewSet", "RecordViewSet", "UnitViewSet"]

VERBS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
}


def action(
    *, verb: str, detail: bool = True, methods: tuple[str, ...] = ("post",), **kwargs: Any
) -> Callable[..., Any]:
    """A verb as a sub-path. It asks for the permission `<app>.<verb>_<model>`."""
    return drf_action(detail=detail, methods=list(methods), verb=verb, **kwargs)


class VisibleRelatedField(serializers.PrimaryKeyRelatedField):
    """A reference to a row that the caller may see; any other row does not exist for him."""

    def get_queryset(self) -> QuerySet[Any] | None:
        queryset = super().get_queryset()
        if isinstance(queryset, UnitRecordQuerySet):
            return queryset.visible_to(self.context["request"].user)
        return queryset


class StrictSerializer(serializers.ModelSerializer[Any]):
    """Takes the body literally: a field it does not know or does not write is an error, and nothing is stored."""

    serializer_related_field = VisibleRelatedField

    def columns(self) -> list[str]:
        """The fields that a table of such rows has for the caller."""
        return [name for name, field in self.fields.items() if not field.write_only]

    def get_validators(self) -> list[Any]:
        """None: what is unique is said by the database, without a race and without a query in advance."""
        return []

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> tuple[Any, Any]:
        return extra_kwargs, {}

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class VerbSerializer(serializers.Serializer[Any]):
    """The input of a verb, as literal as a resource's."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


def refuse_unknown(serializer: Any, body: Any) -> None:
    if not isinstance(body, Mapping):
        return
    errors: dict[str, list[serializers.ErrorDetail]] = {}
    for name in body:
        field = serializer.fields.get(name)
        if field is None:
            errors[name] = [serializers.ErrorDetail(_("There is no such field."), code="unknown_field")]
        elif field.read_only:
            errors[name] = [serializers.ErrorDetail(_("This field is read-only."), code="read_only_field")]
    if errors:
        raise serializers.ValidationError(errors)


class AccessView(GenericViewSet[Any]):
    """A view with a policy: the model's permissions for the usual actions, `<verb>_<model>` for a verb."""

    verb: str | None = None
    detail: bool | None = None
    lookup_value_regex = "[0-9a-fA-F-]{36}"
    ordering: str = "pk"
    ordering_fields: tuple[str, ...] = ()

    def required_permission(self) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{self.verb or VERBS[self.action]}_{meta.model_name}"

    @property
    def model(self) -> type[models.Model]:
        return cast("type[models.Model]", self.queryset.model)

    def opened_by_grants(self) -> bool:
        """Whether a caller without the role may still ask, because single rows were granted to him."""
        return False

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().annotate(row_version=RowVersion())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever may not see or change the row is told so before the body is looked at."""
        super().initial(request, *args, **kwargs)
        refuse_unknown_parameters(request, self.known_parameters())
        if self.detail and self.action and request.method not in SAFE_METHODS:
            self.row = self._row()
            self._check_version(self.row)

    def known_parameters(self) -> set[str]:
        """What may stand behind the question mark."""
        if self.detail or self.request.method not in SAFE_METHODS:
            return set()
        paging = {"cursor", "page_size"} if self.action == "list" else set()
        ordering = {"ordering"} if self.ordering_fields else set()
        return StrictFilterBackend().names(self) | paging | ordering

    def get_object(self) -> Any:
        """The row; one that is about to change is locked, and is still the one that the caller read."""
        return self._row() if self.request.method in SAFE_METHODS else self.row

    def _row(self) -> Any:
        try:
            return super().get_object()
        except (ValueError, TypeError) as error:
            raise Http404 from error

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().filter_queryset(queryset)
        if self.detail and self.request.method not in SAFE_METHODS:
            return queryset.select_for_update(of=("self",))
        return queryset

    def wish(self) -> dict[str, Any]:
        """What the caller says with a verb, once it is valid."""
        serializer = self.get_serializer(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, row: models.Model, *, status_code: int = status.HTTP_200_OK) -> Response:
        """The resource as it now stands, with its new version."""
        fresh = AccessView.get_queryset(self).get(pk=row.pk)
        response = Response(self.resource_serializer(fresh).data, status=status_code)
        response["ETag"] = self._etag(fresh)
        return response

    def resource_serializer(self, row: models.Model) -> serializers.BaseSerializer[Any]:
        return type(self).serializer_class(row, context=self.get_serializer_context())

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A change is one transaction: a refusal at any point leaves nothing behind."""
        if request.method in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
        if response.status_code == status.HTTP_403_FORBIDDEN:
            record(
                Action.REFUSED, model=self.model._meta.label_lower, details={"permission": self.required_permission()}
            )
        return response

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if self.request.method not in SAFE_METHODS:
            transaction.set_rollback(True)
        return response

    def _check_version(self, row: models.Model) -> None:
        said = self.request.headers.get("If-Match")
        if said is not None and said != "*" and self._etag(row) not in {tag.strip() for tag in said.split(",")}:
            raise StaleRecord(etag=self._etag(row))

    @staticmethod
    def _etag(row: Any) -> str:
        return f'"{row.row_version}"'


class ReadMixin(RetrieveModelMixin, ListModelMixin):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()  # type: ignore[attr-defined]
        response = Response(self.get_serializer(row).data)  # type: ignore[attr-defined]
        response["ETag"] = self._etag(row)  # type: ignore[attr-defined]
        return response


class WriteMixin(CreateModelMixin, UpdateModelMixin, DestroyModelMixin):
    """A domain calls its service in DRF's `perform_create` and `perform_update`, and leaves the row in
    `serializer.instance`.
    """

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        response = self.answer(serializer.instance, status_code=status.HTTP_201_CREATED)  # type: ignore[attr-defined]
        response["Location"] = request.build_absolute_uri(f"{request.path}{serializer.instance.pk}/")
        return response

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()  # type: ignore[attr-defined]
        serializer = self.get_serializer(row, data=request.data, partial=kwargs.get("partial", False))  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.answer(serializer.instance)  # type: ignore[attr-defined]


class UnitScopedView(AccessView):
    """Rows of units: invisible ones do not exist, and a new row lands in a unit where the caller may add it."""

    def get_queryset(self) -> QuerySet[Any]:
        return cast("UnitRecordQuerySet", super().get_queryset()).visible_to(self.request.user).select_related("unit")

    def opened_by_grants(self) -> bool:
        verb = self.verb or VERBS[self.action]
        granted = cast("UnitRecordQuerySet", self.model._default_manager.all()).granted_to(self.request.user, verb)
        return verb == "view" and granted is not None and self.model._default_manager.filter(granted).exists()

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        serializer.save(unit=self.target_unit(serializer.validated_data))

    def target_unit(self, values: dict[str, Any]) -> Unit:
        """The unit of the row's parent, the one the body names, or the only one in which the caller may add."""
        permitted = Unit.objects.permitted(self.request.user, self.required_permission())
        parent = cast("type[UnitRecord]", self.model).granted_through
        if parent:
            unit = cast("UnitRecord", values[parent]).unit
            if not permitted.filter(pk=unit.pk).exists():
                self.permission_denied(self.request)
            return unit
        if "unit" in values:
            return cast("Unit", values["unit"])
        choice = list(permitted[:2])
        if len(choice) != 1:
            raise serializers.ValidationError(
                {"unit": [serializers.ErrorDetail(_("Say which unit."), code="required")]}
            )
        return choice[0]


class UnitField(serializers.PrimaryKeyRelatedField):
    """The unit of a row: said once at creation, where the caller may add rows, and never changed by an edit."""

    def get_queryset(self) -> QuerySet[Any]:
        view = self.context["view"]
        return Unit.objects.permitted(self.context["request"].user, view.required_permission())


class UnitSerializer(StrictSerializer):
    """A resource whose rows belong to units. `Meta.fixed_fields` are said at creation and read-only afterwards."""

    unit = UnitField(required=False, queryset=Unit.objects.none())

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fixed = self.instance is not None or self.Meta.model.granted_through  # type: ignore[attr-defined]
        if fixed and "unit" in fields:
            fields["unit"] = serializers.PrimaryKeyRelatedField(read_only=True)
        if self.instance is not None:
            for name in getattr(self.Meta, "fixed_fields", ()):  # type: ignore[attr-defined]
                fields[name].read_only = True
        return fields


class UnitViewSet(UnitScopedView, WriteMixin, ReadMixin):
    """A resource whose rows belong to units."""


class ReadOnlyUnitViewSet(UnitScopedView, ReadMixin):
    """The same, to read and for verbs."""


class RecordViewSet(AccessView, WriteMixin, ReadMixin):
    """A resource of the platform whose rows belong to no unit: whoever holds the permission anywhere holds it."""


class ReadOnlyRecordViewSet(AccessView, ReadMixin):
    """The same, to read and for verbs."""
