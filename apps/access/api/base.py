"""What every endpoint stands on: rows one may see, verbs one may do, bodies taken literally."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy, deepcopy
from functools import cache, cached_property, lru_cache
from typing import Any, cast
from uuid import UUID

from django.db import models, transaction
from django.db.models import CharField, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL
from django.http import Http404
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers, status
from rest_framework.decorators import action as drf_action
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.generics import get_object_or_404
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
from rest_framework.utils.serializer_helpers import BindingDict
from rest_framework.validators import UniqueValidator
from rest_framework.viewsets import GenericViewSet

from apps.access.api.filters import StrictFilterBackend, refuse_unknown_parameters
from apps.access.api.literal import refuse_unknown
from apps.access.api.pagination import KeysetPagination
from apps.access.api.rows import (
    ReadableSerializer,
    Shape,
    conceal,
    entity_tag,
    is_known,
    list_tag,
    shape_of,
    version_in,
)
from apps.access.models import Unit, UnitRecord
from apps.access.querysets import UnitRecordQuerySet
from apps.access.roles import roles_of
from apps.access.version import RowVersion
from apps.kernel import reads
from apps.kernel.classification import read_level
from apps.kernel.errors import BusinessError, StaleRecord
from apps.kernel.planning import planned_once
from apps.kernel.trail import Shown

__all__ = ["KeysetPagination", "ReadOnlyRecordViewSet", "ReadOnlyUnitViewSet", "RecordViewSet", "UnitViewSet"]

VERBS = {
    "list": "view",
    "retrieve": "view",
    "create": "add",
    "update": "change",
    "partial_update": "change",
    "destroy": "delete",
}


MOST_UNITS = 1_000
"""A query that names more of them is not kept in memory."""
NESTING = (
    serializers.BaseSerializer,
    serializers.DictField,
    serializers.ListField,
    serializers.ManyRelatedField,
)
"""Fields that other fields are bound to."""


class PreconditionRequired(APIException):
    """A change says which version of the row it was decided on, so that nobody's change is lost."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = gettext_lazy(
        "Read the row first and send its ETag as If-Match, or If-Match: * to write over any version."
    )
    default_code = "precondition_required"


def action(
    *, verb: str, detail: bool = True, methods: tuple[str, ...] = ("post",), **kwargs: Any
) -> Callable[..., Any]:
    """A verb as a sub-path. It asks for the permission `<app>.<verb>_<model>`."""
    kwargs.setdefault("serializer_class", VerbSerializer)
    return drf_action(detail=detail, methods=list(methods), verb=verb, **kwargs)


def as_key(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


class VisibleRelatedField(serializers.PrimaryKeyRelatedField):
    """A reference to a row that the caller may see; any other row does not exist for him."""

    def get_queryset(self) -> QuerySet[Any] | None:
        queryset = super().get_queryset()
        if isinstance(queryset, UnitRecordQuerySet):
            return queryset.visible_to(self.context["request"].user)
        return queryset

    def found(self, said: Iterable[Any]) -> dict[UUID, models.Model]:
        """The rows that these values refer to, read by one statement."""
        keys = {key for value in said if (key := as_key(value))}
        queryset = self.get_queryset()
        return queryset.in_bulk(keys) if keys and queryset is not None else {}

    def to_internal_value(self, data: Any) -> Any:
        """Of many rows, what they refer to has been read before."""
        if "found" not in self.context:
            return super().to_internal_value(data)
        row = self.context["found"][self.field_name].get(as_key(data))
        if row is None:
            self.fail("does_not_exist", pk_value=data)
        return row


@cache
def _fields_of(serializer_class: "type[StrictSerializer]", is_change: bool) -> dict[str, Any]:  # noqa: FBT001
    """What `get_fields` says of a new row or of a change, built once: most of a write would be spent on it."""
    return serializer_class(serializer_class.Meta.model() if is_change else None).get_fields()


class StrictSerializer(ReadableSerializer):
    """Takes the body literally: a field it does not know or does not write is an error, and nothing is stored."""

    serializer_related_field = VisibleRelatedField

    @cached_property
    def fields(self) -> BindingDict:  # type: ignore[override]
        """Those of the class, copied for this serializer, which they are bound to."""
        bound = BindingDict(self)
        for name, field in _fields_of(type(self), self.instance is not None).items():
            bound[name] = deepcopy(field) if isinstance(field, NESTING) else copy(field)
        return bound

    def columns(self) -> list[str]:
        """The fields that a table of such rows has for the caller."""
        reader = self.context["request"].user
        never = {name for held, names in self.reserved.items() if not reader.has_perm(held) for name in names}
        return [name for name, field in self.fields.items() if not field.write_only and name not in never]

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        if "validators" in options:
            options["validators"] = [rule for rule in options["validators"] if not isinstance(rule, UniqueValidator)]
        return kind, options

    def get_validators(self) -> list[Any]:
        """None: what is unique is said by the database, without a race and without a query in advance."""
        return []

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> tuple[Any, Any]:
        return extra_kwargs, {}

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class VerbSerializer(serializers.Serializer[Any]):
    """The input of a verb, as literal as a resource's. A verb that needs nothing but the row takes this one."""

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


@lru_cache(maxsize=500)
def _rows_of(view: "type[AccessView]", columns: tuple[str, ...]) -> QuerySet[Any]:
    """Every row of a view with its version, as a query to go on from: building it anew takes as long as running it."""
    rows = view.queryset.annotate(row_version=RowVersion(*shape_of(view.serializer_class).children))
    return rows.values(*columns) if columns else rows


class AccessView(GenericViewSet[Any]):
    """A view with a policy: the model's permissions for the usual actions, `<verb>_<model>` for a verb."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    verb: str | None = None
    detail: bool | None = None
    lookup_value_regex = "[0-9a-fA-F-]{36}"
    ordering: str = "pk"
    ordering_fields: tuple[str, ...] = ()
    search_fields: tuple[str, ...] = ()
    visible_is_permitted = False
    """Whether `get_queryset` holds exactly the rows that the caller may view: a single one needs no question then."""
    columns: tuple[str, ...] = ()
    """Read instead of whole rows."""
    telling_nothing: tuple[str, ...] = ()
    """Filters that are no fields and whose values tell nothing about anybody, so that the trail may keep them."""

    def required_permission(self) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.{self.verb or VERBS[self.action]}_{meta.model_name}"

    @property
    def model(self) -> type[models.Model]:
        return cast("type[models.Model]", self.queryset.model)

    def opened_by_grants(self) -> bool:
        """Whether a caller without the role may still ask, because single rows were granted to him."""
        return False

    @property
    def shape(self) -> Shape:
        return shape_of(cast("type[ReadableSerializer]", type(self).serializer_class))

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The fields that the answer has, unless the reader may not see one."""
        try:
            return self.shape.asked(self.request.query_params.get("fields"))
        except ValueError as error:
            raise serializers.ValidationError({"fields": [str(error)]}) from error

    def get_queryset(self) -> QuerySet[Any]:
        return _rows_of(type(self), self.columns).all()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever may not see or change the row is told so before the body is looked at."""
        super().initial(request, *args, **kwargs)
        if str(request.method).lower() not in self.http_method_names:
            self.http_method_not_allowed(request)
        if request.query_params and self.action not in {None, "metadata"}:
            refuse_unknown_parameters(request, self.known_parameters())
        if self.detail and self.action and request.method not in SAFE_METHODS:
            self.row = self._row()
            self._check_version(self.row)

    def known_parameters(self) -> set[str]:
        """What may stand behind the question mark."""
        if self.request.method not in SAFE_METHODS:
            return set()
        if self.detail:
            return {"fields"} if self.action == "retrieve" else set()
        paging = {"cursor", "page_size", "count", "fields"} if self.action == "list" else set()
        ordering = {"ordering"} if self.ordering_fields else set()
        search = {"search"} if self.search_fields else set()
        return {*StrictFilterBackend().filters(self)} | paging | ordering | search

    def get_object(self) -> Any:
        """The row; one that is about to change is locked, and is still the one that the caller read."""
        return self._row() if self.request.method in SAFE_METHODS else self.row

    def _row(self) -> Any:
        try:
            with planned_once():
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
        with planned_once():
            fresh = _rows_of(type(self), self._columns_asked()).get(pk=row.pk)
        shown = self._shown([fresh])[0]
        return Response(shown, status=status_code, headers={"ETag": self._tag(fresh, shown)})

    def _tag(self, row: Any, shown: dict[str, Any]) -> str:
        return entity_tag(_version(row)[1], self.shape.names if self.shape.follows_versions else shown)

    def _columns_asked(self) -> tuple[str, ...]:
        """Those that the answer needs; none where something else is shown, too, which takes whole rows."""
        if not self.shape.columns.issuperset(self.asked):
            return ()
        unit = ("unit",) if self.shape.reserved else ()
        places = (name.lstrip("-") for name in (self.ordering, *self.ordering_fields))
        return tuple(dict.fromkeys((*self.asked, "row_version", *unit, *("id" if p == "pk" else p for p in places))))

    def _shown(self, rows: Sequence[Any]) -> Sequence[dict[str, Any]]:
        if rows and isinstance(rows[0], dict):
            shown = [{name: row[name] for name in self.asked} for row in rows]
            if self.shape.reserved:
                for row, part in zip(rows, shown, strict=True):
                    conceal(self.shape.reserved, part, row["unit"], self.request.user)
            return shown
        serializer = self.resource_serializer(rows, many=True)
        for name in set(self.shape.names) - set(self.asked):
            del serializer.child.fields[name]
        return serializer.data

    def resource_serializer(self, shown: Any, **options: Any) -> Any:
        return cast("Any", type(self).serializer_class)(shown, context=self.get_serializer_context(), **options)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A change is one transaction: a refusal at any point leaves nothing behind."""
        if request.method in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        self._note_refusal(exc)
        response = super().handle_exception(exc)
        if self.request.method not in SAFE_METHODS:
            transaction.set_rollback(True)
        return response

    def _note_refusal(self, exc: Exception) -> None:
        match exc:
            case Http404() if self.detail:
                reads.refuse_if_there(self.model, self.kwargs.get("pk"))
            case PermissionDenied():
                reads.refuse(permission=self.required_permission())
            case BusinessError(about_access=True):
                reads.refuse(code=exc.code)

    def _check_version(self, row: models.Model) -> None:
        said = self.request.headers.get("If-Match")
        if said is None and self.verb is None:
            raise PreconditionRequired
        if said not in {None, "*"} and str(row.row_version) not in {version_in(tag) for tag in said.split(",")}:
            raise StaleRecord(etag=self._tag(row, self.resource_serializer(row).data))


def _version(row: Any) -> tuple[Any, Any]:
    return (row["id"], row["row_version"]) if isinstance(row, dict) else (row.pk, row.row_version)


class ReadMixin(RetrieveModelMixin, ListModelMixin):
    """Answers that the reader's own cache may keep and ask for again: 304 without a body while nothing has changed."""

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.columns = self._columns_asked()
        rows = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(rows.prefetch_related(None))
        said = reads.filters_said(self.model, request.query_params.dict(), self.telling_nothing)
        self._note(page, rows, door="list", filters=said)
        basis = [_version(row) for row in page] if self.shape.follows_versions else self._shown(page)
        tag = list_tag(basis, self.asked, self.paginator.around())
        return self._unless_known(tag, lambda: self.get_paginated_response(self._shown(page)))

    def retrieve(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self._one()
        tag = entity_tag(_version(row)[1], self.asked if self.shape.follows_versions else self._shown([row])[0])
        return self._unless_known(tag, lambda: Response(self._shown([row])[0]))

    def _one(self: Any) -> Any:
        """The row. Where its entry can be told in advance, the statement that finds it writes it, too."""
        if not self.visible_is_permitted:
            row = self.get_object()
            self._note([row], None, door="record")
            return row
        self.columns = self._columns_asked()
        rows, key, level = self.filter_queryset(self.get_queryset()), as_key(self.kwargs["pk"]), read_level(self.model)
        if level == "values" and self.shape.reserved:
            row = get_object_or_404(rows.prefetch_related(None), pk=key)
            self._note([row], rows, door="record")
            return row
        if level != "none":
            entry = reads.entry_of(self.model, Shown("record", None, self.asked, {str(key): None}))
            rows = rows.annotate(entry=RawSQL(*entry.call(), output_field=CharField()))  # noqa: S611
        with planned_once():
            row = get_object_or_404(rows, pk=key)
        self._note_nested([row])
        return row

    def _note(self: Any, found: Sequence[Any], rows: QuerySet[Any] | None, **said: Any) -> None:
        """What was read before, and what stands inside of it: its statement takes the entry along."""
        reads.show(self.model, [_version(row)[0] for row in found], fields=self._fields_in(found), **said)
        if rows is not None and rows._prefetch_related_lookups:
            with reads.riding():
                prefetch_related_objects(found, *rows._prefetch_related_lookups)
        self._note_nested(found)

    def _note_nested(self: Any, found: Sequence[Any]) -> None:
        """Each class of rows that stands inside of these."""
        for name in set(self.shape.nested).intersection(self.asked):
            inside = [child for row in found for child in getattr(row, name).all()]
            if inside:
                reads.show(type(inside[0]), [child.pk for child in inside], door="children", filters={})

    def _fields_in(self: Any, found: Sequence[Any]) -> Sequence[str]:
        """The fields that the reader sees of at least one of these rows."""
        hidden: set[str] = set()
        for permission, names in self.shape.reserved.items():
            permitted = roles_of(self.request.user).units(permission)
            if all((row["unit"] if isinstance(row, dict) else row.unit_id) not in permitted for row in found):
                hidden.update(names)
        return [name for name in self.asked if name not in hidden]

    def _unless_known(self: Any, tag: str, answer: Callable[[], Response]) -> Response:
        response = Response(status=304) if is_known(tag, self.request.headers.get("If-None-Match")) else answer()
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
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


@lru_cache(maxsize=200)
def _rows_in(view: type[AccessView], columns: tuple[str, ...], units: frozenset[UUID], of: int) -> QuerySet[Any]:
    """What roles in these units show, as a query to go on from."""
    return cast("UnitRecordQuerySet", _rows_of(view, columns)).visible_in(units, of=of)


class UnitScopedView(AccessView):
    """Rows of units: invisible ones do not exist, and a new row lands in a unit where the caller may add it."""

    visible_is_permitted = True

    def get_queryset(self) -> QuerySet[Any]:
        meta, roles, user = self.model._meta, roles_of(self.request.user), self.request.user
        units = roles.units(f"{meta.app_label}.view_{meta.model_name}")
        rows = cast("UnitRecordQuerySet", super().get_queryset())
        if len(units) <= MOST_UNITS and (roles.covers_all(units) or not rows.is_granted_to(user, "view")):
            return _rows_in(type(self), self.columns, units, len(roles.organisation.paths)).all()
        return rows.visible_to(user)

    def opened_by_grants(self) -> bool:
        verb = self.verb or VERBS[self.action]
        rows = cast("UnitRecordQuerySet", self.model._default_manager.all())
        return verb == "view" and rows.is_granted_to(self.request.user, verb)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        serializer.save(unit=self.target_unit(serializer.validated_data))

    def target_unit(self, values: dict[str, Any]) -> Unit:
        """The unit of the row's parent, the one the body names, or the only one in which the caller may add."""
        roles = roles_of(self.request.user)
        permitted = roles.units(self.required_permission())
        parent = cast("type[UnitRecord]", self.model).granted_through
        if parent:
            key = cast("UnitRecord", values[parent]).unit_id
            if key not in permitted:
                self.permission_denied(self.request)
            return roles.unit(key)
        if "unit" in values:
            return cast("Unit", values["unit"])
        if len(permitted) != 1:
            raise serializers.ValidationError(
                {"unit": [serializers.ErrorDetail(_("Say which unit."), code="required")]}
            )
        return roles.unit(*permitted)


class UnitField(serializers.PrimaryKeyRelatedField):
    """The unit of a row: said once at creation, where the caller may add rows, and never changed by an edit."""

    def get_queryset(self) -> QuerySet[Any]:
        return Unit.objects.permitted(self.context["request"].user, self.context["view"].required_permission())

    def to_internal_value(self, data: Any) -> Unit:
        """Known from the caller's roles, so nothing is asked of the database."""
        roles = roles_of(self.context["request"].user)
        key = as_key(data)
        if key is None:
            self.fail("incorrect_type", data_type=type(data).__name__)
        if key not in roles.units(self.context["view"].required_permission()):
            self.fail("does_not_exist", pk_value=data)
        return roles.unit(key)


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
