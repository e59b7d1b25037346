"""The history tab of a record: what happened to it and to its children, the newest first."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from apps.access.admin.base import RecordAdmin, show_history
from apps.accounts.models import User
from apps.audit import timeline
from apps.audit.admin.paging import newest, page_of
from apps.audit.family import MOST, Kin, deleted
from apps.audit.models import ACTIONS, AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel import reads
from apps.kernel.trail import Action

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
    gone: set[str]


@show_history
def history(model_admin: RecordAdmin, request: HttpRequest, row: Model) -> HttpResponse:
    """Whoever may see the record may see this."""
    children = _children(model_admin, request, row)
    own = ContentType.objects.get_for_model(row)
    form = Narrow(request.GET, [own, *(each.kind for each in children)])
    entries = _narrowed(_entries(row, own, children), form).prefetch_related("actor")
    page, older = page_of(entries, request)
    told = timeline.narrate(page, reader=cast("User", request.user))
    about = {"history": row._meta.label_lower, "object": str(row.pk)}
    reads.show(AuditEvent, [entry.pk for entry in page], door="history", filters=about)
    reads.show(type(row), [row.pk], door="history")
    for each in children:
        reads.show(each.kind.model_class(), each.names, door="history", filters={})
    names = {key: name for each in children for key, name in each.names.items()}
    trail = admin.site._registry.get(AuditEvent)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("History: %(row)s") % {"row": row},
        "opts": model_admin.opts,
        "object": row,
        "form": form,
        "entries": [(each, names.get(each.told.event.object_pk, "")) for each in told if each.told.tells_something],
        "own": own.pk,
        "older": older,
        "newest": newest(request),
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
            names = {str(each.pk): cast("Any", inline).caption(each) for each in rows[:MOST]}
            found.append(Children(kind, names, deleted(Kin(inline.model, parent.name), [str(row.pk)], MOST)))
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
