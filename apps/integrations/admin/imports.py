"""Imports for people without a shell."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.base import File
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.access.admin.base import UnitRecordAdmin, VersionedForm, each_row
from apps.events.models import Work
from apps.integrations import services
from apps.integrations.imports.profile import load_profile, shipped_profiles
from apps.integrations.imports.undo import undo_import
from apps.integrations.models import ImportBatch

SHOWN = 500
State = ImportBatch.State
TO_CHECK = (State.UPLOADED, State.CHECKED, State.REFUSED)


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one field."""

    widget = FilesInput

    def clean(self, value: Any, initial: Any = None) -> list[File]:
        return [super(FilesField, self).clean(file, initial) for file in value or [None]]


class UploadForm(VersionedForm):
    profile = forms.ChoiceField(label=_("profile"))
    files = FilesField(label=_("files"), help_text=_("The CSV files that the profile names, or one zip of them."))

    class Meta:
        model = ImportBatch
        fields = ("profile", "unit")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, load_profile(name).title) for name in shipped_profiles()]
        self.fields["profile"].choices = choices  # type: ignore[attr-defined]


@admin.register(ImportBatch)
class ImportBatchAdmin(UnitRecordAdmin):
    """Upload, look at what the check found, confirm, undo. The steps are services, so a page cannot skip one."""

    icon = "upload_file"
    list_display = ("created_at", "profile", "state", "created_count", "bad_count")
    list_filter = ("state", "unit")
    ordering = ("-created_at",)
    list_select_related = ("unit",)
    fields = (
        "profile",
        "unit",
        "state",
        "requested_by",
        "created_count",
        "changed_count",
        "bad_count",
        "finished_at",
        "undone_at",
    )
    actions = ("check_files", "confirm", "confirm_good", "undo")
    change_form_outer_before_template = "integrations/import.html"

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return super().get_form(request, obj, change=change, **(kwargs if obj else {**kwargs, "form": UploadForm}))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return super().get_fields(request, obj) if obj else ("profile", "unit", "files")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A batch is changed by its steps alone."""
        return False

    def save_model(self, request: HttpRequest, obj: ImportBatch, form: Any, change: bool) -> None:  # noqa: FBT001
        said = form.cleaned_data
        batch = services.open_import(
            profile=said["profile"],
            unit=said["unit"],
            files=said["files"],
            user=request.user,  # type: ignore[arg-type]
        )
        services.check_import(batch)
        obj.pk = batch.pk

    def response_add(
        self, request: HttpRequest, obj: ImportBatch, post_url_continue: str | None = None
    ) -> HttpResponse:
        self.message_user(request, _("The files are here, and their check has begun. Reload the page to follow it."))
        return HttpResponseRedirect(reverse("admin:integrations_importbatch_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        told = {"batch": batch, **_told(batch)} if isinstance(batch, ImportBatch) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @each_row(verb="add", title=_("Check"), when=lambda batch: batch.state in TO_CHECK or services.has_stopped(batch))
    def check_files(self, request: HttpRequest, batch: ImportBatch) -> ImportBatch:
        return services.check_import(batch)

    @each_row(
        verb="confirm", title=_("Import"), when=lambda batch: batch.state == State.CHECKED and not batch.bad_count
    )
    def confirm(self, request: HttpRequest, batch: ImportBatch) -> ImportBatch:
        return services.confirm_import(batch)

    @each_row(
        verb="confirm",
        title=_("Import the good rows only"),
        when=lambda batch: batch.state == State.CHECKED and batch.bad_count,
    )
    def confirm_good(self, request: HttpRequest, batch: ImportBatch) -> ImportBatch:
        return services.confirm_import(batch, skip_bad=True)

    @each_row(verb="undo", title=_("Undo"), reason=True, when=lambda batch: batch.state == State.DONE)
    def undo(self, request: HttpRequest, batch: ImportBatch, *, reason: str) -> None:
        undo_import(batch, user=request.user)  # type: ignore[arg-type]


def _told(batch: ImportBatch) -> dict[str, Any]:
    """What the page of an import shows beside its fields."""
    rows = batch.report.get("bad_rows", [])
    return {
        "models": batch.report.get("models", {}),
        "refusal": batch.report.get("detail", ""),
        "bad_rows": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "job": Work.objects.filter(pk=batch.work).first() if batch.work else None,
    }
