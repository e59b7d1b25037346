"""The trail in the admin: a list to search, and an entry to read."""

from datetime import datetime

import auditlog.admin  # noqa: F401  (registers its own page first; ours takes its place)
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter, TextFilter
from unfold.decorators import action
from unfold.paginator import InfinitePaginator

from apps.access.admin.base import RecordAdmin, StaffRequest, each_row
from apps.access.admin.conflicts import Change, tell_changes
from apps.accounts.models import User
from apps.audit import alerts, timeline
from apps.audit.filters import FILTERS
from apps.audit.models import Alert, AuditEvent
from apps.audit.querysets import AuditEventQuerySet
from apps.audit.report import CONTENT_TYPES, Form, taken
from apps.kernel.trail import Action, record

MOST_CHANGES = 20
WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)


class ExactFilter(TextFilter):
    """Finds by the whole value, which is what the indexes hold."""

    def queryset(self, request: HttpRequest, entries: AuditEventQuerySet) -> AuditEventQuerySet:
        said = (self.value() or "").strip()
        if not said:
            return entries
        try:
            return FILTERS[str(self.parameter_name)](entries, said)
        except ValueError:
            return entries.none()


class ActorFilter(ExactFilter):
    title = _("actor (e-mail or key)")
    parameter_name = "actor"


class ObjectFilter(ExactFilter):
    title = _("key of the record")
    parameter_name = "object"


class ModelFilter(ExactFilter):
    title = _("kind, such as customers.customer")
    parameter_name = "model"


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
    list_display = ("timestamp", "who", "action", "what", "changed")
    list_filter = (
        ("timestamp", RangeDateTimeFilter),
        ("action", ChoicesDropdownFilter),
        ActorFilter,
        ModelFilter,
        ObjectFilter,
        RequestFilter,
        BatchFilter,
        ("unit", RelatedDropdownFilter),
    )
    list_display_links = ("timestamp",)
    paginator = InfinitePaginator
    ordering = ("-timestamp", "-id")
    fields = (
        "timestamp",
        "who",
        "action",
        "what",
        "object_pk",
        "differences",
        "additional_data",
        "reason",
        "source",
        "cid",
        "remote_addr",
        "batch",
        "unit",
        "subject",
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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        record(Action.ACCESS, model="audit.auditevent", details={"filters": _said(request)})
        return response

    def change_view(self, request: HttpRequest, object_id: str, *args: object, **kwargs: object) -> HttpResponse:
        response = super().change_view(request, object_id, *args, **kwargs)
        record(Action.ACCESS, model="audit.auditevent", objects=[object_id])
        return response

    @admin.display(description=_("who"))
    def who(self, event: AuditEvent) -> str:
        return timeline.who(event)

    @admin.display(description=_("what"))
    def what(self, event: AuditEvent) -> str:
        return timeline.kind_of(event).name

    @admin.display(description=_("fields"))
    def changed(self, event: AuditEvent) -> str:
        return ", ".join(timeline.pairs_of(event))

    @admin.display(description=_("changes"))
    def differences(self, event: AuditEvent) -> SafeString:
        [told] = timeline.tell([event], reader=None)
        return format_html_join("", "<p><b>{}</b>: {} → {}</p>", ((d.field, d.old, d.new) for d in told.differences))

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
        response = StreamingHttpResponse(taken(plain, form, _said(request)), content_type=CONTENT_TYPES[form])
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    icon = "notification_important"
    list_display = ("rule", "about", "state", "created_at", "decided_by")
    list_filter = ("state", "rule")
    ordering = ("-created_at", "pk")
    fields = ("rule", "about", "details", "state", "reason", "decided_by", "decided_at", "created_at")
    readonly_fields = fields
    list_select_related = ("decided_by",)
    actions = ("explain", "escalate")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @each_row(verb="decide", title=_("Explain"), reason=True)
    def explain(self, request: StaffRequest, alert: Alert, *, reason: str) -> Alert:
        return alerts.explain_alert(alert, reason=reason, by=request.user, now=timezone.now())

    @each_row(verb="decide", title=_("Escalate"), reason=True)
    def escalate(self, request: StaffRequest, alert: Alert, *, reason: str) -> Alert:
        return alerts.escalate_alert(alert, reason=reason, by=request.user, now=timezone.now())


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: str(said) for name, said in request.GET.items() if "@" not in said}


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
