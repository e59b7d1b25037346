"""Private files that the platform keeps for a while: what they are and how long they stay, never their content."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import RecordAdmin
from apps.files.models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(RecordAdmin):
    """Who took a file stands in its history. A file is fetched on the page of what it was made for."""

    icon = "folder_zip"
    list_display = ("created_at", "name", "purpose", "bytes", "where_it_is")
    list_filter = ("purpose",)
    ordering = ("-pk",)
    fields = (
        "name",
        "purpose",
        "content_type",
        "size",
        "sha256",
        "owner_label",
        "owner",
        "created_at",
        "expires_at",
        "taken_at",
        "deleted_at",
    )

    def caption(self, row: StoredFile) -> str:
        return row.name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=_("size"))
    def bytes(self, file: StoredFile) -> str:
        return filesizeformat(file.size)

    @display(
        description=_("where it is"), label={"kept": "success", "taken": "info", "expired": "warning", "gone": "info"}
    )
    def where_it_is(self, file: StoredFile) -> tuple[str, Any]:
        if file.deleted_at:
            return "gone", _("deleted")
        if file.taken_at:
            return "taken", _("taken, to be deleted")
        if file.expires_at <= timezone.now():
            return "expired", _("expired, to be deleted")
        return "kept", _("kept")
