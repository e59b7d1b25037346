from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.access import services
from apps.access.admin.base import RecordAdmin, StaffRequest, VersionedForm, each_row
from apps.access.models import Assignment, Unit
from apps.access.querysets import UnitQuerySet
from apps.accounts.models import User
from apps.kernel import reads


class UnitForm(VersionedForm):
    reason = forms.CharField(label=_("Reason for the move"), max_length=500, required=False)

    class Meta:
        model = Unit
        fields = ("name", "slug", "parent")


@admin.register(Unit)
class UnitAdmin(RecordAdmin):
    icon = "account_tree"
    form = UnitForm
    list_display = ("name", "path", "parent")
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    ordering = ("path",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast("UnitQuerySet", super().get_queryset(request)).permitted(request.user, "access.view_unit")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["slug", "path"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """A new unit and a move are decisions of the service."""
        if not change:
            made = services.create_unit(name=obj.name, slug=obj.slug, parent=obj.parent)
            obj.pk, obj.path, obj._state.adding = made.pk, made.path, False
            return
        if "parent" in form.changed_data:
            if not request.user.has_perm("access.move_unit", Unit.objects.get(pk=obj.pk)):
                raise services.OutsideYourUnits
            services.move_unit(obj, below=obj.parent, reason=form.cleaned_data["reason"])
        Unit.objects.filter(pk=obj.pk).update(name=obj.name)


@admin.register(Group)
class RoleAdmin(RecordAdmin):
    """Roles are declared in code; here one reads what they allow."""

    icon = "shield_person"
    title = _("Roles")
    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name", "allows")
    readonly_fields = ("name", "allows")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("allows"))
    def allows(self, role: Group) -> SafeString:
        names = role.permissions.order_by("content_type__app_label", "codename")
        rows = names.values_list("content_type__app_label", "name")
        return format_html_join("", "<div>{}: {}</div>", rows)


class AssignmentForm(VersionedForm):
    reason = forms.CharField(label=_("Reason"), max_length=500)

    class Meta:
        model = Assignment
        fields = ("user", "role", "unit", "valid_from", "valid_until")


@admin.register(Assignment)
class AssignmentAdmin(RecordAdmin):
    """An assignment is given and ended, never edited: the trail tells who decided what."""

    icon = "assignment_ind"
    title = _("Holders of roles")
    form = AssignmentForm
    list_display = ("user_email", "role", "unit", "valid_from", "valid_until")
    list_select_related = ("user", "role", "unit")
    list_filter = ("role", "unit")
    search_fields = ("user__email",)
    autocomplete_fields = ("user", "role", "unit")
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        units = Unit.objects.permitted(request.user, "access.view_assignment")
        return super().get_queryset(request).filter(unit__in=units.values("pk"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        made = services.assign_role(
            obj.user,
            role=obj.role.name,
            unit=obj.unit,
            by=request.user,
            reason=form.cleaned_data["reason"],
            valid_from=obj.valid_from,
            valid_until=obj.valid_until,
        )
        obj.pk, obj._state.adding = made.pk, False

    @admin.display(description=_("user"), ordering="user__email")
    def user_email(self, assignment: Assignment) -> str:
        reads.show(User, [assignment.user_id], door="name")
        return assignment.user.email

    @each_row(verb="end", title=_("End at once"), reason=True)
    def end(self, request: StaffRequest, assignment: Assignment, *, reason: str) -> None:
        services.end_assignment(assignment, by=request.user, reason=reason)
