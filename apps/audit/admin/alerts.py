"""Alerts in the admin: what was found, by which rule, and the answer in writing."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import RecordAdmin, StaffRequest, each_row
from apps.accounts.models import User
from apps.audit import alerts
from apps.audit.models import Alert
from apps.kernel import reads

COLOURS = {Alert.State.OPEN: "danger", Alert.State.EXPLAINED: "success", Alert.State.ESCALATED: "warning"}
Story = Callable[[Alert], dict[str, Any]]
_stories: dict[str, tuple[str, Story]] = {}


def tells(*rules: Alert.Rule, template: str) -> Callable[[Story], Story]:
    """Registers what the page of such an alert says above its fields; called by the app that has the rule."""

    def register(story: Story) -> Story:
        _stories.update({rule.value: (template, story) for rule in rules})
        return story

    return register


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    icon = "notification_important"
    empty = _("What is found out of the ordinary stands here until somebody has answered it with a reason.")
    list_display = ("rule", "concerning", "where_it_stands", "created_at", "who_decided")
    list_filter = ("state", "rule")
    ordering = ("-created_at", "pk")
    fields = ("rule", "concerning", "details", "state", "reason", "who_decided", "decided_at", "created_at")
    readonly_fields = fields
    list_select_related = ("actor", "decided_by")
    actions = ("explain", "escalate")
    change_form_outer_before_template = "admin/audit/alert.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """Where a story tells the figures, they are not shown as they are stored."""
        told = obj is not None and obj.rule in _stories
        return [name for name in super().get_fields(request, obj) if not (told and name == "details")]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        alert = self.get_object(request, object_id)
        story = ""
        if isinstance(alert, Alert) and alert.rule in _stories:
            template, tell = _stories[alert.rule]
            story = render_to_string(template, tell(alert), request)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "story": story})

    def caption(self, row: Alert) -> str:
        return row.get_rule_display()

    @admin.display(description=_("decided by"))
    def who_decided(self, alert: Alert) -> str:
        if alert.decided_by is None:
            return "–"
        reads.show(User, [alert.decided_by_id], door="name")
        return alert.decided_by.name or alert.decided_by.email

    @admin.display(description=_("about"))
    def concerning(self, alert: Alert) -> str:
        if alert.actor is None:
            return alert.about or "–"
        reads.show(User, [alert.actor_id], door="name")
        who, day = alert.actor.name or alert.actor.email, parse_date(alert.details.get("day", ""))
        return f"{who} · {date_format(day)}" if day else who

    @display(description=_("state"), ordering="state", label=COLOURS)
    def where_it_stands(self, alert: Alert) -> tuple[str, str]:
        return alert.state, alert.get_state_display()

    @each_row(verb="decide", title=_("Explain"), reason=True, when=lambda alert: alert.state != Alert.State.EXPLAINED)
    def explain(self, request: StaffRequest, alert: Alert, *, reason: str) -> Alert:
        return alerts.explain_alert(alert, reason=reason, by=request.user, now=timezone.now())

    @each_row(verb="decide", title=_("Escalate"), reason=True, when=lambda alert: alert.state == Alert.State.OPEN)
    def escalate(self, request: StaffRequest, alert: Alert, *, reason: str) -> Alert:
        return alerts.escalate_alert(alert, reason=reason, by=request.user, now=timezone.now())
