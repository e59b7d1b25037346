"""How long entries are kept and why, and the holds that keep some for longer."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from apps.access.admin.base import RecordAdmin, StaffRequest, each_row
from apps.accounts.models import User
from apps.audit import holds
from apps.audit.models import KeepingPeriod, LegalHold
from apps.kernel import reads
from apps.kernel.classification import classified_models
from apps.kernel.durations import in_words


def kind(label: str) -> str:
    """What people call records of this kind; one that is no longer installed is named by its label."""
    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except LookupError:
        return label


def _called(user: User | None) -> str:
    if user is None:
        return "–"
    reads.show(User, [user.pk], door="name")
    return user.name or user.email


@admin.register(KeepingPeriod)
class KeepingPeriodAdmin(RecordAdmin):
    """Declared in the code, so nothing is changed here."""

    icon = "hourglass_bottom"
    list_display = ("entries_about", "kept_for", "law")
    list_before_template = "admin/audit/periods.html"
    ordering = ("model",)
    fields = ("entries_about", "kept_for", "law", "updated_at")
    readonly_fields = ("entries_about", "kept_for")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("entries about"))
    def entries_about(self, period: KeepingPeriod) -> str:
        return kind(period.model) if period.model else _("everything else")

    @admin.display(description=gettext_lazy("kept for"))
    def kept_for(self, period: KeepingPeriod) -> str:
        return in_words(period.keep)


class StandingFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("standing", gettext_lazy("standing")), ("released", gettext_lazy("released"))]

    def queryset(self, request: HttpRequest, rows: QuerySet[LegalHold]) -> QuerySet[LegalHold]:
        return rows.filter(released_at__isnull=self.value() == "standing") if self.value() else rows


@admin.register(LegalHold)
class LegalHoldAdmin(RecordAdmin):
    """A hold is set and released, each with a reason, and never changed."""

    icon = "gavel"
    empty = gettext_lazy("A data-protection officer sets holds, each with a reason.")
    list_display = ("covers", "where_it_stands", "created_at", "who_set_it")
    list_filter = (StandingFilter,)
    list_select_related = ("set_by", "released_by")
    list_before_template = "admin/audit/no_holds.html"
    ordering = ("-created_at", "pk")
    fields = ("model", "object_pk", "subject", "first_on", "last_on", "reason")
    told = (*fields, "who_set_it", "created_at", "released_at", "who_released_it", "release_reason")
    readonly_fields = ("who_set_it", "who_released_it")
    actions = ("release",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields if obj is None else self.told

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "model":
            labels = sorted((kind(model._meta.label_lower), model._meta.label_lower) for model in classified_models())
            choices = [("", _("every kind")), *((label, f"{name} ({label})") for name, label in labels)]
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name), choices=choices, required=False, widget=UnfoldAdminSelectWidget
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in HELP:
            field.help_text = HELP[db_field.name]
        return field

    def save_model(self, request: StaffRequest, obj: Any, form: Any, change: bool) -> None:  # type: ignore[override]  # noqa: FBT001
        made = holds.set_hold(by=request.user, **{name: form.cleaned_data[name] for name in self.fields})
        obj.pk, obj._state.adding = made.pk, False

    @admin.display(description=gettext_lazy("holds entries"))
    def covers(self, hold: LegalHold) -> str:
        return self.caption(hold)

    def caption(self, row: LegalHold) -> str:
        said = [
            row.model and _("about %(kind)s") % {"kind": kind(row.model)},
            row.object_pk and _("of the record %(key)s") % {"key": row.object_pk},
            row.subject and _("of the person %(key)s") % {"key": row.subject},
            row.first_on and _("from %(day)s") % {"day": date_format(row.first_on)},
            row.last_on and _("to %(day)s") % {"day": date_format(row.last_on)},
        ]
        return ", ".join(part for part in said if part) or _("of every kind and time")

    @admin.display(description=gettext_lazy("set by"))
    def who_set_it(self, hold: LegalHold) -> str:
        return _called(hold.set_by)

    @admin.display(description=gettext_lazy("released by"))
    def who_released_it(self, hold: LegalHold) -> str:
        return _called(hold.released_by)

    @display(description=gettext_lazy("state"), label={"standing": "warning", "released": "info"})
    def where_it_stands(self, hold: LegalHold) -> tuple[str, str]:
        return ("released", _("released")) if hold.is_released else ("standing", _("standing"))

    @each_row(verb="release", title=gettext_lazy("Release"), reason=True, when=lambda hold: not hold.is_released)
    def release(self, request: StaffRequest, hold: LegalHold, *, reason: str) -> LegalHold:
        return holds.release_hold(hold, reason=reason, by=request.user, now=timezone.now())


HELP = {
    "object_pk": gettext_lazy("The long key in the address of its page. What you leave empty narrows nothing."),
    "subject": gettext_lazy("Key of a person's record: entries about it, and what its owner did."),
    "first_on": gettext_lazy("The first day on which the entries were written."),
    "last_on": gettext_lazy("The last day on which they were written."),
    "reason": gettext_lazy("Which case, and who asked for it. It stands in the audit trail."),
}
