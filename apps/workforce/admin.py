from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSingleDateWidget

from apps.access.admin.base import ChildInline, ReasonForm, UnitRecordAdmin, each_row
from apps.access.admin.filters import RecordFilter
from apps.accounts.models import User
from apps.workforce.models import (
    Absence,
    Department,
    Employee,
    EmployeeTerritory,
    Position,
    Region,
    Territory,
)
from apps.workforce.services import absences, accounts, employment


@admin.register(Department)
class DepartmentAdmin(UnitRecordAdmin):
    icon = "apartment"
    list_display = ("name", "unit", "created_at")
    list_filter = ("unit",)
    search_fields = ("name__istartswith",)
    ordering = ("name", "pk")


@admin.register(Position)
class PositionAdmin(UnitRecordAdmin):
    icon = "work"
    list_display = ("title", "unit", "created_at")
    list_filter = ("unit",)
    search_fields = ("title__istartswith",)
    ordering = ("title", "pk")


@admin.register(Region)
class RegionAdmin(UnitRecordAdmin):
    icon = "map"
    list_display = ("number", "name", "unit", "created_at")
    list_filter = ("unit",)
    search_fields = ("name__istartswith",)
    ordering = ("number", "pk")


@admin.register(Territory)
class TerritoryAdmin(UnitRecordAdmin):
    icon = "pin_drop"
    list_display = ("number", "name", "region", "unit", "created_at")
    list_filter = (("region", RecordFilter), "unit")
    list_select_related = ("region",)
    search_fields = ("name__istartswith",)
    autocomplete_fields = ("region",)
    ordering = ("number", "pk")


class TerritoryInline(ChildInline):
    model = EmployeeTerritory
    autocomplete_fields = ("territory",)


class AccountForm(ReasonForm):
    user = forms.EmailField(
        label=_("E-mail of the account"),
        required=False,
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("Left empty, the employee has no account any more."),
    )

    def clean_user(self) -> User | None:
        address = self.cleaned_data["user"]
        user = User.objects.filter(email__iexact=address).first() if address else None
        if address and user is None:
            raise forms.ValidationError(_("There is no account of this address."))
        return user


@admin.register(Employee)
class EmployeeAdmin(UnitRecordAdmin):
    """Columns, filters and search are by what everybody may know; the page adds the rest for HR."""

    icon = "badge"
    list_display = ("number", "last_name", "first_name", "position", "department")
    list_filter = (("department", RecordFilter), ("position", RecordFilter), "unit")
    list_select_related = ("position", "department")
    search_fields = ("number__istartswith", "last_name__istartswith")
    search_help_text = _("Beginning of the number or the last name")
    ordering = ("last_name", "pk")
    autocomplete_fields = ("department", "position", "reports_to")
    inlines = (TerritoryInline,)
    actions = ("link_account",)
    for_everybody = ("unit", "number", "first_name", "last_name", "title", "department", "position", "extension")
    for_hr = (
        "courtesy_title",
        "reports_to",
        "email",
        "hired_on",
        "left_on",
        "birth_date",
        "address",
        "city",
        "region",
        "postal_code",
        "country",
        "home_phone",
        "mobile_phone",
        "notes",
    )

    def caption(self, row: Employee) -> str:
        return f"{row.number} · {row.first_name} {row.last_name}"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        knows = request.user.has_perm("workforce.view_hr_employee", obj)
        fields = [*self.for_everybody, *(self.for_hr if knows else ())]
        return [*fields, "row_version"] if self._may_write(request, obj) else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        by_service = ("department", "position", "reports_to", "hired_on") if obj is not None else ()
        fixed = [*super().get_readonly_fields(request, obj), "left_on", *by_service]
        return [name for name in fixed if name in self.get_fields(request, obj)]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What a field held before is as confidential as what it holds."""
        employee = self.get_object(request, unquote(object_id))
        if employee is not None and not request.user.has_perm("workforce.view_hr_employee", employee):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who may not read the day of hiring cannot hire."""
        return super().has_add_permission(request) and request.user.has_perm("workforce.view_hr_employee")

    def save_model(self, request: HttpRequest, obj: Employee, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
        else:
            hired = employment.hire(**{name: form.cleaned_data[name] for name in form.fields if name != "row_version"})
            obj.pk, obj._state.adding = hired.pk, False

    @each_row(verb="link_account", title=_("Say which account is whose"), form=AccountForm)
    def link_account(self, request: HttpRequest, employee: Employee, *, user: User | None, reason: str) -> Employee:
        return accounts.link_account(employee, user=user, by=cast("User", request.user), reason=reason)


class ShortenForm(forms.Form):
    ends_on = forms.DateField(label=_("New last day"), widget=UnfoldAdminSingleDateWidget)


def is_requested(absence: Absence) -> bool:
    return absence.state == Absence.State.REQUESTED


def is_approved(absence: Absence) -> bool:
    return absence.state == Absence.State.APPROVED


def stands(absence: Absence) -> bool:
    return is_requested(absence) or is_approved(absence)


@admin.register(Absence)
class AbsenceAdmin(UnitRecordAdmin):
    icon = "event_busy"
    list_display = ("employee", "kind", "starts_on", "ends_on", "state")
    list_filter = ("state", "kind", ("employee", RecordFilter), "unit")
    date_hierarchy = "starts_on"
    list_select_related = ("employee",)
    search_fields = ("employee__number__istartswith",)
    autocomplete_fields = ("employee",)
    ordering = ("-starts_on", "pk")
    exclude = ("unit",)
    actions = ("approve", "reject", "withdraw", "shorten")

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:  # noqa: FBT001
        """Asking is the only way to write one here; afterwards it is decided by the actions."""
        words = {name: form.cleaned_data[name] for name in ("employee", "kind", "starts_on", "ends_on")}
        asked = absences.request_absence(**words)
        obj.pk, obj.unit, obj._state.adding = asked.pk, asked.unit, False

    @each_row(verb="approve", title=_("Approve"), when=is_requested)
    def approve(self, request: HttpRequest, absence: Absence) -> Absence:
        return absences.approve_absence(absence, by=cast("User", request.user), now=timezone.now())

    @each_row(verb="reject", title=_("Reject"), when=is_requested)
    def reject(self, request: HttpRequest, absence: Absence) -> Absence:
        return absences.reject_absence(absence, by=cast("User", request.user), now=timezone.now())

    @each_row(verb="withdraw", title=_("Withdraw"), when=stands)
    def withdraw(self, request: HttpRequest, absence: Absence) -> Absence:
        return absences.withdraw_absence(absence, today=timezone.localdate())

    @each_row(verb="shorten", title=_("Shorten"), form=ShortenForm, when=is_approved)
    def shorten(self, request: HttpRequest, absence: Absence, *, ends_on: date) -> Absence:
        return absences.shorten_absence(absence, ends_on=ends_on, by=cast("User", request.user))
