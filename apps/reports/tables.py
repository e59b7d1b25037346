"""A table to take away: its headings, its rows, and who may have it, for each place where one can ask for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
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
NATIVE = (serializers.DecimalField, serializers.DateField, serializers.DateTimeField)
"""Their cells keep their type, so that a spreadsheet can count with them."""

Cells = Sequence[Any]


class NoSuchTable(BusinessError):
    """There is no list or report of this name."""

    code = "no_such_table"


@dataclass(frozen=True, kw_only=True)
class Table:
    model: str
    names: Sequence[str]
    headings: Sequence[str]
    rows: QuerySet[Any]
    cells: Callable[[Any], Cells]

    def __iter__(self) -> Iterator[Cells]:
        """Row by row from the server's cursor, so that memory stays flat."""
        return map(self.cells, self.rows.iterator(chunk_size=CHUNK))


def table_of(source: str, name: str, query: str, user: User, auth: Any = None) -> Table:
    """The table that this user may have now; what he may not ask is refused before a row is read."""
    return SOURCES[source](name, QueryDict(query), user, auth)


def _asked(query: QueryDict, user: User) -> HttpRequest:
    request = HttpRequest()
    request.method = "GET"
    request.GET, request.user = query, user
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
    return _serialised(view, rows)


def _serialised(view: Any, rows: QuerySet[Any]) -> Table:
    serializer = view.get_serializer()
    fields = [serializer.fields[column] for column in serializer.columns()]
    native = [isinstance(field, NATIVE) for field in fields]

    def cells(row: Any) -> Cells:
        shown = serializer.to_representation(row)
        return [
            field.get_attribute(row) if keep and field.field_name in shown else shown.get(field.field_name)
            for field, keep in zip(fields, native, strict=True)
        ]

    return Table(
        model=rows.model._meta.label_lower,
        names=serializer.columns(),
        headings=[str(field.label) for field in fields],
        rows=rows,
        cells=cells,
    )


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
        names=list(report.columns),
        headings=list(report.columns),
        rows=report.values(visible),
        cells=list,
    )


SOURCES = {Export.Source.RESOURCE: _resource, Export.Source.REPORT: _report}
