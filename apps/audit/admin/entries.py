"""The trail in the admin: a list to search, and an entry to read."""

from datetime import datetime
from typing import Any, cast

import auditlog.admin  # noqa: F401  (registers its own page first; ours takes its place)
import orjson
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter, TextFilter
from unfold.decorators import action

from apps.access.admin.base import RecordAdmin
from apps.access.admin.conflicts import Change, tell_changes
from apps.accounts.models import User
from apps.audit import timeline
from apps.audit.admin import moments, workplace
from apps.audit.admin.links import batch_link, linked, moment_link, record_link, request_link, subject_link
from apps.audit.admin.listing import PeriodFilter, TrailChangeList
from apps.audit.filters import FILTERS
from apps.audit.finding import found
from apps.audit.models import AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.formats import FORMATS, taken
from apps.audit.reports.lines import Form
from apps.kernel import reads
from apps.kernel.classification import classified_models
from apps.kernel.trail import Action

MOST_CHANGES = 20
MOST_DETAILS = 5_000
NOTHING = "–"
WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)


def exactly(entries: AuditEventQuerySet, name: str, value: str | None) -> AuditEventQuerySet:
    said = (value or "").strip()
    if not said:
        return entries
    try:
        return FILTERS[name](entries, said)
    except ValueError:
        return entries.none()


class ExactFilter(TextFilter):
    """Finds by the whole value, which is what the indexes hold."""

    def queryset(self, request: HttpRequest, entries: AuditEventQuerySet) -> AuditEventQuerySet:
        return exactly(entries, str(self.parameter_name), self.value())


class ActorFilter(ExactFilter):
    title = _("actor (e-mail or key)")
    parameter_name = "actor"


class ObjectFilter(ExactFilter):
    title = _("key of the record")
    parameter_name = "object"


class ModelFilter(DropdownFilter):
    title = _("kind of record")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = {model._meta.label_lower: capfirst(model._meta.verbose_name) for model in classified_models()}
        return sorted(kinds.items(), key=lambda kind: kind[1])

    def queryset(self, request: HttpRequest, entries: AuditEventQuerySet) -> AuditEventQuerySet:
        return exactly(entries, self.parameter_name, self.value())


class SubjectFilter(ExactFilter):
    title = _("person it is about (key)")
    parameter_name = "subject"


class RequestFilter(ExactFilter):
    title = _("request")
    parameter_name = "request"


class BatchFilter(ExactFilter):
    title = _("batch")
    parameter_name = "batch"


if admin.site.is_registered(AuditEvent):
    admin.site.unregister(AuditEvent)


@admin.register(AuditEvent)
class AuditEventAdmin(RecordAdmin):
    icon = "manage_search"
    list_display = ("timestamp", "happened", "reason", "of_request")
    list_filter = (
        ("timestamp", PeriodFilter),
        ("action", ChoicesDropdownFilter),
        ActorFilter,
        ModelFilter,
        ObjectFilter,
        SubjectFilter,
        RequestFilter,
        BatchFilter,
        ("unit", RelatedDropdownFilter),
    )
    list_display_links = ("timestamp",)
    list_before_template = "admin/audit/period.html"
    search_fields = ("object_pk",)
    search_help_text = _("Number, key, or e-mail of an actor")
    telling_nothing = ("model", "request", "batch")
    ordering = ("-timestamp", "-id")
    fields = (
        "timestamp",
        "happened",
        "differences",
        "erased",
        "reason",
        "details",
        "record_timeline",
        "about",
        "of_request",
        "batches",
        "unit",
        "source",
        "remote_addr",
        "db_user",
        "application_name",
        "txid",
    )
    readonly_fields = fields
    actions_list = ("report_csv", "report_jsonl")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Read beside, not joined: an actor or a unit that is gone must not hide the entry."""
        return super().get_queryset(request).prefetch_related("actor", "unit")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_report_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "report")

    def get_urls(self) -> list[URLPattern]:
        moment = workplace.door(self, "moment/<str:label>/<path:key>/", "audit_moment", moments.show)
        return [*workplace.pages(self), moment, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[TrailChangeList]:
        return TrailChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        said = search_term.strip()
        return (found(cast("AuditEventQuerySet", queryset), said) if said else queryset), False

    def caption(self, row: AuditEvent) -> str:
        return _("Entry %(number)s") % {"number": number_format(row.pk, force_grouping=True)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        event: Any = super().get_object(request, object_id, from_field)
        if event is not None:
            [event.sentence] = timeline.narrate([event], reader=None)
        return event

    @admin.display(description=_("what happened"))
    def happened(self, event: Any) -> SafeString:
        return linked(event.sentence)

    @admin.display(description=_("changes"))
    def differences(self, event: Any) -> SafeString | str:
        said = event.sentence.told.differences
        return format_html_join("", "<p><b>{}</b>: {} → {}</p>", ((d.field, d.old, d.new) for d in said)) or NOTHING

    @admin.display(description=_("erased"))
    def erased(self, event: Any) -> str:
        return ", ".join(event.sentence.erased) or NOTHING

    @admin.display(description=_("details"))
    def details(self, event: Any) -> SafeString | str:
        said = ((capfirst(name), _plain(value)) for name, value in event.additional_data.items())
        return format_html_join("", "<p><b>{}</b>: {}</p>", said) or NOTHING

    @admin.display(description=_("record"))
    def record_timeline(self, event: AuditEvent) -> SafeString | str:
        if not event.object_pk:
            return NOTHING
        return format_html("{} · {}", record_link(event, event.object_pk), moment_link(event, _("before and after")))

    @admin.display(description=_("subject"))
    def about(self, event: AuditEvent) -> SafeString | str:
        return subject_link(event)

    @admin.display(description=_("request"))
    def of_request(self, event: AuditEvent) -> SafeString | str:
        return request_link(event, timeline.short(event.cid))

    @admin.display(description=_("batch"))
    def batches(self, event: AuditEvent) -> SafeString | str:
        return batch_link(event)

    @action(description=_("Report as CSV"), permissions=["report"], url_path="report-csv")
    def report_csv(self, request: HttpRequest) -> StreamingHttpResponse:
        return self._report(request, "csv")

    @action(description=_("Report as JSON Lines"), permissions=["report"], url_path="report-jsonl")
    def report_jsonl(self, request: HttpRequest) -> StreamingHttpResponse:
        return self._report(request, "jsonl")

    def _report(self, request: HttpRequest, form: Form) -> StreamingHttpResponse:
        """The entries of the filter that the list shows; the address carries it over."""
        entries = self.get_changelist_instance(request).get_queryset(request)
        plain = AuditEvent.objects.filter(pk__in=entries.order_by().values("pk"))
        said = reads.filters_said(AuditEvent, request.GET.dict(), self.telling_nothing)
        response = StreamingHttpResponse(taken(plain, form, said), content_type=FORMATS[form].content_type)
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response


def _plain(value: Any) -> str:
    """A redaction and a pruning may name a million keys or places."""
    if value in (None, "", {}, []):
        return NOTHING
    if isinstance(value, list):
        said = ", ".join(str(each) for each in value[:MOST_DETAILS])
    else:
        said = value if isinstance(value, str) else orjson.dumps(value).decode()
    return Truncator(said).chars(MOST_DETAILS)


@tell_changes
def changes_since(reader: User, row: Model, moment: datetime) -> list[Change]:
    """What happened to a row while somebody had it open, for the page that tells him so."""
    entries = AuditEvent.objects.of(row).between(moment, None).filter(action__in=WRITES).prefetch_related("actor")
    return [
        Change(
            who=told.who,
            at=told.event.timestamp,
            action=told.event.get_action_display(),
            fields={said.name: (said.field, said.old, said.new) for said in told.differences},
        )
        for told in timeline.tell(entries.order_by("-timestamp", "-id")[:MOST_CHANGES], reader=reader)
    ]
