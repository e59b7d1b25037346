"""The history tab of a record: what happened to it and to its children, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.access.admin.base import RecordAdmin, show_history
from apps.accounts.models import User
from apps.audit import timeline
from apps.audit.models import ACTIONS, AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action, record

ENTRIES_PER_PAGE = 50
MOST_CHILDREN = 500
TOLD = (Action.CREATE, Action.UPDATE, Action.DELETE, Action.EXPORT, Action.REDACTED)


class Narrow(forms.Form):
    """What of the history to show."""

    kind = forms.ModelChoiceField(
        ContentType.objects.none(),
        label=_("What"),
        required=False,
        empty_label=_("All"),
        widget=UnfoldAdminSelectWidget,
    )
    action = forms.TypedChoiceField(
        label=_("Action"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("All")), *((number, said) for number, said in ACTIONS if number in TOLD)],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: QueryDict, kinds: list[ContentType]) -> None:
        super().__init__(data)
        field = cast("forms.ModelChoiceField", self.fields["kind"])
        field.queryset = ContentType.objects.filter(pk__in=[kind.pk for kind in kinds])
        field.label_from_instance = lambda kind: kind.name  # type: ignore[method-assign]


@dataclass(frozen=True)
class Children:
    """Rows of one kind that stand on the page of their parent, or did."""

    kind: ContentType
    names: dict[str, str]
    gone: list[str]


@show_history
def history(model_admin: RecordAdmin, request: HttpRequest, row: Model) -> HttpResponse:
    """Whoever may see the record may see this."""
    children = _children(model_admin, request, row)
    own = ContentType.objects.get_for_model(row)
    form = Narrow(request.GET, [own, *(each.kind for each in children)])
    entries = _narrowed(_entries(row, own, children), form).prefetch_related("actor").order_by("-timestamp", "-id")
    page = list(_before(entries, request.GET.get("before", ""))[: ENTRIES_PER_PAGE + 1])
    told = timeline.tell(page[:ENTRIES_PER_PAGE], reader=cast("User", request.user))
    record(Action.ACCESS, model="audit.auditevent", details={"history": row._meta.label_lower, "object": str(row.pk)})
    names = {key: name for each in children for key, name in each.names.items()}
    trail = admin.site._registry.get(AuditEvent)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("History: %(row)s") % {"row": row},
        "opts": model_admin.opts,
        "object": row,
        "form": form,
        "entries": [(entry, names.get(entry.event.object_pk, "")) for entry in told if entry.tells_something],
        "own": own.pk,
        "older": _older(request, page),
        "reads_trail": isinstance(trail, RecordAdmin) and trail.has_view_permission(request),
    }
    return TemplateResponse(request, "admin/audit/history.html", context)


def _children(model_admin: RecordAdmin, request: HttpRequest, row: Model) -> list[Children]:
    """Those that this reader may see, with what they are called now."""
    found = []
    for inline in model_admin.get_inline_instances(request, row):
        if inline.has_view_permission(request, row):
            parent = inline.get_formset(request, row).fk
            rows = inline.get_queryset(request).filter(**{parent.name: row})
            kind = ContentType.objects.get_for_model(inline.model)
            names = {str(each.pk): cast("Any", inline).caption(each) for each in rows[:MOST_CHILDREN]}
            gone = AuditEvent.objects.filter(content_type=kind, action=Action.DELETE).filter(
                changes__contains={parent.name: [str(row.pk)]}
            )
            found.append(Children(kind, names, list(gone.values_list("object_pk", flat=True)[:MOST_CHILDREN])))
    return found


def _entries(row: Model, own: ContentType, children: list[Children]) -> AuditEventQuerySet:
    about = Q(content_type=own, object_pk=str(row.pk))
    for each in children:
        about |= Q(content_type=each.kind, object_pk__in=[*each.names, *each.gone])
    return AuditEvent.objects.filter(about)


def _narrowed(entries: AuditEventQuerySet, form: Narrow) -> AuditEventQuerySet:
    if not form.is_valid():
        raise BadRequest("A history is narrowed by what it offers.")
    if form.cleaned_data["kind"]:
        entries = entries.filter(content_type=form.cleaned_data["kind"])
    if form.cleaned_data["action"] is not None:
        entries = entries.filter(action=form.cleaned_data["action"])
    return entries


def _before(entries: AuditEventQuerySet, said: str) -> AuditEventQuerySet:
    if not said:
        return entries
    moment, number = _mark(said)
    return entries.filter(Q(timestamp__lt=moment) | Q(timestamp=moment, id__lt=number))


def _mark(said: str) -> tuple[datetime, int]:
    """`moment~number` of the last entry of a page."""
    moment, _tilde, number = said.partition("~")
    try:
        read = parse_datetime(moment)
    except ValueError as error:
        raise BadRequest("A page of the history is reached by its links.") from error
    if read is None or read.tzinfo is None or not number.isdecimal():
        raise BadRequest("A page of the history is reached by its links.")
    return read, int(number)


def _older(request: HttpRequest, page: list[AuditEvent]) -> str:
    if len(page) <= ENTRIES_PER_PAGE:
        return ""
    last, query = page[ENTRIES_PER_PAGE - 1], request.GET.copy()
    query["before"] = f"{last.timestamp.isoformat()}~{last.pk}"
    return f"?{query.urlencode()}"
