from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import RecordAdmin
from apps.audit.models import Receiver
from apps.audit.receivers.configuration import Target
from apps.audit.receivers.delivery import SILENCE, silent_since

COLOURS = {"complete": "success", "waiting": "info", "failing": "warning", "silent": "danger", "gone": "info"}


@admin.register(Receiver)
class ReceiverAdmin(RecordAdmin):
    """Who outside has which checkpoints and entries."""

    icon = "outgoing_mail"
    empty = _("Nobody outside gets checkpoints. Name receivers in the file of AUDIT_RECEIVERS_FILE.")
    list_display = ("name", "kind", "what", "standing", "last_success_at", "last_refusal")
    ordering = ("name", "pk")
    fields = (
        "name",
        "kind",
        "what",
        "state",
        "position",
        "last_success_at",
        "waiting",
        "failing_since",
        "attempts",
        "next_attempt_at",
        "last_refusal",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).with_waiting()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=_("kind"))
    def kind(self, receiver: Receiver) -> str:
        target = _target(receiver)
        return target.kind if target else ""

    @display(description=_("state"), label=COLOURS)
    def standing(self, receiver: Receiver) -> tuple[str, str]:
        return _standing(receiver, timezone.now())

    @display(description=_("state"))
    def state(self, receiver: Receiver) -> str:
        _colour, said = _standing(receiver, timezone.now())
        return said

    @display(description=_("waits since"))
    def waiting(self, receiver: Receiver) -> str:
        """When the first thing was sealed that it has not got."""
        since = receiver.waiting_since
        return date_format(timezone.localtime(since), "DATETIME_FORMAT") if since else ""


def _target(receiver: Receiver) -> Target | None:
    same = (
        target for target in settings.AUDIT_RECEIVERS if (target.name, target.what) == (receiver.name, receiver.what)
    )
    return next(same, None)


def _standing(receiver: Receiver, now: datetime) -> tuple[str, str]:
    target = _target(receiver)
    if target is None:
        return "gone", gettext("no longer in the file")
    since = silent_since(target, receiver)
    if since is not None and since <= now - SILENCE:
        return "silent", gettext("silent")
    if receiver.attempts:
        return "failing", gettext("failing")
    return ("waiting", gettext("on the way")) if receiver.waiting_since else ("complete", gettext("has everything"))
