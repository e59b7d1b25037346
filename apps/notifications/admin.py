from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.access.admin.base import RecordAdmin, each_row
from apps.notifications import services
from apps.notifications.models import Notice


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """Everybody's own notices, and nobody else's."""

    icon = "notifications"
    section = "start"
    list_display = ("sentence", "created_at", "read_at", "where")
    list_filter = (("read_at", admin.EmptyFieldListFilter),)
    ordering = ("-created_at",)
    actions = ("mark_read",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).of(request.user)

    def may(self, request: HttpRequest, verb: str, obj: Any = None) -> bool:
        return verb in {"view", "read"} and (obj is None or obj.user_id == request.user.pk)

    @admin.display(description=_("where"))
    def where(self, notice: Notice) -> str:
        return format_html('<a href="{}">{}</a>', notice.path, _("Open")) if notice.path else ""

    @each_row(verb="read", title=_("Mark as read"))
    def mark_read(self, request: HttpRequest, notice: Notice) -> Notice:
        return services.read(notice, now=timezone.now())
