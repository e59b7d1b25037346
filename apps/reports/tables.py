"""A table to take away: its headings, its rows, and who may have it, for each place where one can ask for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, PermissionDenied, ValidationError
from rest_framework.request import Request

from apps.access.routes import lists
from apps.accounts.models import User
from apps.kernel.errors import BusinessError, NotPermitted
from apps.reports.models import Export
from apps.reports.registry import report_of

CHUNK = 2_000
OF_PAGES = ("cursor", "page_size", "count")
OF_ADMIN_PAGES = (PAGE_VAR, ALL_VAR, ERROR_FLAG)
NATIVE = (serializers.DecimalField, serializers.DateField, serializers.DateTimeField)
"""Their cells keep their type, so that a spreadsheet can count with them."""

Cells = Sequence[Any]


class WrongQuery(BusinessError):
    """This list cannot be filtered like this. Open the list again and choose its filters there."""

    code = "wrong_query"


class NoSuchTable(BusinessError):
    """There is no list or report of this name."""

    code = "no_such_table"


@dataclass(frozen=True, kw_only=True)
class Table:
    model: str
    title: str
    names: Sequence[str]
    headings: Sequence[str]
    rows: QuerySet[Any]
    cells: Callable[[Any], Cells]

    def __iter__(self) -> Iterator[Cells]:
        """Row by row from the server's cursor, so that memory stays flat."""
        return map(self.cells, self.rows.iterator(chunk_size=CHUNK))


def table_of(source: str, name: str, query: str, user: User, auth: Any = None) -> Table:
    """The table that this user may have now; what he may not ask is refused before a row is read."""
    return SOURCES[Export.Source(source)](name, QueryDict(query), user, auth)


def _asked(query: QueryDict, user: User) -> HttpRequest:
    request = HttpRequest()
    request.method = "GET"
    request.GET, request.user = cast("Any", query), user
    return request


def _listing(name: str, query: QueryDict, user: User, auth: Any) -> Any:
    """The view behind the list, about to answer this user."""
    if name not in lists():
        raise NoSuchTable
    callback = lists()[name]
    request = Request(_asked(query, user))
    request.user, request.auth = user, auth
    view = callback.cls(**callback.initkwargs)
    view.request, view.args, view.kwargs, view.action, view.format_kwarg = request, (), {}, "list", None
    return view


def _resource(name: str, query: QueryDict, user: User, auth: Any) -> Table:
    view = _listing(name, query, user, auth)
    try:
        view.initial(view.request)
    except (PermissionDenied, NotAuthenticated) as error:
        raise NotPermitted from error
    if surplus := [parameter for parameter in OF_PAGES if parameter in query]:
        raise ValidationError({parameter: [_("An export has no pages: leave this out.")] for parameter in surplus})
    rows = view.filter_queryset(view.get_queryset())
    return _of_resource(view, rows, readable=False)


def _of_resource(view: Any, rows: QuerySet[Any], *, readable: bool) -> Table:
    """The columns of the API's resource; `readable` shows relations and choices as people know them."""
    serializer = view.get_serializer()
    fields = {name: serializer.fields[name] for name in serializer.columns() if name in view.asked}
    if view.shape.reserved or not view.shape.columns.issuperset(fields):
        cells = _serialised(serializer, fields, readable=readable)
    elif readable:
        cells = _attributes(fields)
    else:
        rows, cells = rows.values_list(*fields), list
    return Table(
        model=rows.model._meta.label_lower,
        title=str(rows.model._meta.verbose_name_plural),
        names=list(fields),
        headings=[str(field.label) for field in fields.values()],
        rows=rows,
        cells=cells,
    )


def _serialised(serializer: Any, fields: dict[str, Any], *, readable: bool) -> Callable[[Any], Cells]:
    """What the serializer makes of a row; what it leaves out of one stays empty there."""
    kept = {name: field for name, field in fields.items() if isinstance(field, NATIVE)}
    words = {name: read for name, field in fields.items() if readable and (read := _in_words(field))}

    def cells(row: Any) -> Cells:
        shown = serializer.to_representation(row)
        shown |= {name: field.get_attribute(row) for name, field in kept.items() if name in shown}
        shown |= {name: read(row) for name, read in words.items() if name in shown}
        return [shown.get(name) for name in fields]

    return cells


def _attributes(fields: dict[str, Any]) -> Callable[[Any], Cells]:
    readers = [_in_words(field) or attrgetter(name) for name, field in fields.items()]
    return lambda row: [read(row) for read in readers]


def _in_words(field: Any) -> Callable[[Any], Any] | None:
    """How people read this field of a row, where it is not the value itself."""
    name = field.source
    match field:
        case serializers.PrimaryKeyRelatedField():
            return lambda row: None if (related := getattr(row, name)) is None else str(related)
        case serializers.ManyRelatedField():
            return lambda row: ", ".join(str(related) for related in getattr(row, name).all())
        case serializers.ChoiceField():
            return lambda row: str(field.choices.get(getattr(row, name), getattr(row, name)))
    return None


def page_of(label: str) -> Any:
    """The admin of a model, by the model's label."""
    for model, page in admin.site._registry.items():
        if model._meta.label_lower == label:
            return page
    raise NoSuchTable


def _list(name: str, query: QueryDict, user: User, auth: Any) -> Table:
    """What the list of the admin shows, all pages of it: keys as people know them."""
    page = page_of(name)
    narrowed = query.copy()
    for parameter in OF_ADMIN_PAGES:
        narrowed.pop(parameter, None)
    request = _asked(narrowed, user)
    if not page.has_view_permission(request):
        raise NotPermitted
    try:
        rows = page.get_changelist_instance(request).queryset
    except (IncorrectLookupParameters, SuspiciousOperation) as error:
        raise WrongQuery from error
    resource = next((known for known, callback in lists().items() if callback.cls.queryset.model is page.model), None)
    if resource is None:
        return _displayed(page, request, rows)
    to_one = [field.name for field in page.opts.concrete_fields if field.is_relation]
    view = _listing(resource, QueryDict(), user, None)
    return _of_resource(view, rows.select_related(*to_one), readable=True)


def _displayed(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> Table:
    names = [str(name) for name in page.get_list_display(request)]

    def cells(row: Any) -> Cells:
        return [_seen(*lookup_field(name, row, page)) for name in names]

    return Table(
        model=rows.model._meta.label_lower,
        title=str(page.opts.verbose_name_plural),
        names=names,
        headings=[capfirst(str(label_for_field(name, page.model, page))) for name in names],
        rows=rows,
        cells=cells,
    )


def _seen(field: Any, attribute: Any, value: Any) -> Any:
    if field is not None and field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, SafeString):
        return strip_tags(value)
    return str(value) if isinstance(value, Model) else value


def _report(name: str, query: QueryDict, user: User, auth: Any) -> Table:
    report = report_of(name)
    if report is None:
        raise NoSuchTable
    label = report.permission.split(".", 1)[0]
    if not user.has_perm(report.permission) or (auth is not None and not auth.allows(label, write=False)):
        raise NotPermitted
    if query:
        raise ValidationError({parameter: [_("A report takes no parameters.")] for parameter in query})
    visible = report.model._default_manager.all().visible_to(user, report.demands)
    return Table(
        model=report.model._meta.label_lower,
        title=report.slug,
        names=list(report.columns),
        headings=list(report.columns),
        rows=report.values(visible),
        cells=list,
    )


SOURCES = {Export.Source.RESOURCE: _resource, Export.Source.LIST: _list, Export.Source.REPORT: _report}
