"""What deleting a row would take along, and what stands in its way, counted without reading it all."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import CASCADE, PROTECT, RESTRICT, ForeignObjectRel, Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.access.lists import COUNTED

if TYPE_CHECKING:
    from apps.access.admin.base import RecordAdmin

NAMED = 5


class Deletion(NamedTuple):
    """What Django's pages ask of `get_deleted_objects`."""

    to_delete: list[str]
    model_count: dict[str, str]
    perms_needed: set[str]
    protected: list[str]


def deletion_of(model_admin: "RecordAdmin", request: HttpRequest, rows: Iterable[Model]) -> Deletion:
    rows = list(rows)
    found = Deletion([model_admin.caption(row) for row in rows], {}, set(), [])
    if not all(model_admin.has_delete_permission(request, row) for row in rows):
        found.perms_needed.add(str(model_admin.opts.verbose_name))
    for relation in model_admin.opts.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.on_delete in {CASCADE, PROTECT, RESTRICT}:
            _look_at(model_admin, request, relation, rows, found)
    return found


def _look_at(
    model_admin: "RecordAdmin", request: HttpRequest, relation: Any, rows: list[Model], found: Deletion
) -> None:
    related = relation.related_model
    theirs = related._base_manager.filter(**{f"{relation.field.name}__in": rows}).order_by()
    count = theirs[: COUNTED + 1].count()
    if not count:
        return
    page = model_admin.admin_site._registry.get(related)
    if relation.on_delete is not CASCADE:
        names = _names(page, request, {f"{relation.field.name}__in": rows})
        found.protected.append(_sentence(str(related._meta.verbose_name_plural), count, names))
        return
    found.model_count[str(related._meta.verbose_name_plural)] = _number(count)
    if page is not None and not page.has_delete_permission(request):
        found.perms_needed.add(str(related._meta.verbose_name))


def _names(page: Any, request: HttpRequest, condition: dict[str, Any]) -> list[str]:
    """The first of them that the reader may see."""
    if page is None or not page.has_view_permission(request):
        return []
    seen: QuerySet[Any] = page.get_queryset(request).filter(**condition).order_by("pk")
    return [page.named(row) for row in seen[:NAMED]]


def _sentence(kind: str, count: int, names: list[str]) -> str:
    said = f"{_number(count)} {kind}"
    if not names:
        return said
    listed = ", ".join(names)
    return (
        f"{said}: {listed}"
        if count == len(names)
        else _("%(said)s, such as %(listed)s") % {"said": said, "listed": listed}
    )


def _number(count: int) -> str:
    return number_format(min(count, COUNTED), force_grouping=True) + ("+" if count > COUNTED else "")
