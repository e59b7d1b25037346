"""From which figures on a day stands out, role by role. Every change says why."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.access.admin.base import RecordAdmin, VersionedForm, each_row
from apps.kernel.trail import because
from apps.oversight.anomalies.rules import SHIPPED
from apps.oversight.models import Threshold


class ThresholdForm(VersionedForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("It stands in the audit trail beside the change."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    class Meta:
        model = Threshold
        fields = ("role", "rule", "factor", "floor")


@admin.register(Threshold)
class ThresholdAdmin(RecordAdmin):
    icon = "tune"
    empty = _("Every role has the figures as shipped. Administrators and data-protection officers set others.")
    section = "audit"
    form = ThresholdForm
    list_display = ("role", "rule", "factor", "floor", "updated_at")
    list_filter = ("rule",)
    list_select_related = ("role",)
    list_before_template = "oversight/thresholds.html"
    ordering = ("role__name", "rule")
    fields = ("role", "rule", "factor", "floor", "reason")
    actions = ("take_back",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One is taken back with a reason."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["role", "rule"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        may_write = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        return [name for name in super().get_fields(request, obj) if name != "reason" or may_write]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shipped = [(rule.label, bounds) for rule, bounds in SHIPPED.items()]
        return super().changelist_view(request, {**(extra_context or {}), "shipped": shipped})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        with because(form.cleaned_data["reason"]):
            super().save_model(request, obj, form, change)

    @each_row(verb="change", title=_("Back to the figures as shipped"), reason=True)
    def take_back(self, request: HttpRequest, threshold: Threshold, *, reason: str) -> None:
        threshold.delete()
