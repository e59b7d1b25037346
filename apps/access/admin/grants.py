"""Permissions on single rows, given and taken back where one decides about access."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.access import services
from apps.access.admin.base import RecordAdmin, StaffRequest, VersionedForm, each_row
from apps.access.models import ObjectGrant, Unit
from apps.accounts.models import User
from apps.kernel import reads

DECIDES = {"view": "access.view_assignment", "add": "access.add_assignment", "end": "access.end_assignment"}


class GrantForm(VersionedForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def validate_unique(self) -> None:
        """Who grants again says how long it holds from now on."""


class GrantAdmin(RecordAdmin):
    """A domain registers its grants with this one. A grant is given and ended, never edited."""

    section = "access"
    form = GrantForm
    fields = ("user", "content_object", "permission", "valid_until", "reason")
    list_display = ("user_email", "right", "content_object", "valid_from", "valid_until")
    list_select_related = ("user", "permission", "content_object")
    search_fields = ("user__email",)
    autocomplete_fields = ("user", "content_object")
    actions = ("end",)

    def may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        unit = obj.content_object.unit if isinstance(obj, ObjectGrant) else None
        return verb in DECIDES and request.user.has_perm(DECIDES[verb], unit)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A row that the reader cannot see does not exist."""
        units = Unit.objects.permitted(request.user, DECIDES["view"])
        rows = self._rows()._default_manager.all().visible_to(request.user)  # type: ignore[attr-defined]
        return super().get_queryset(request).filter(content_object__in=rows.filter(unit__in=units.values("pk")))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields if obj is None else ("user", "content_object", "permission", "valid_from", "valid_until")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permission":
            possible = Permission.objects.filter(content_type=ContentType.objects.get_for_model(self._rows()))
            kwargs["queryset"] = possible.exclude(codename__startswith="add_").select_related("content_type")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: Any, obj: Any, form: Any, change: Any) -> None:
        given = services.grant(
            obj.user,
            permission=obj.permission.codename,
            row=obj.content_object,
            by=request.user,
            reason=form.cleaned_data["reason"],
            valid_until=obj.valid_until,
        )
        obj.pk, obj._state.adding = given.pk, False

    @admin.display(description=_("user"), ordering="user__email")
    def user_email(self, grant: ObjectGrant) -> str:
        reads.show(User, [grant.user_id], door="name")
        return grant.user.email

    @admin.display(description=_("permission"), ordering="permission__codename")
    def right(self, grant: ObjectGrant) -> str:
        return grant.permission.name

    @each_row(verb="end", title=_("End at once"), reason=True)
    def end(self, request: StaffRequest, grant: ObjectGrant, *, reason: str) -> None:
        row, permission = grant.content_object, grant.permission.codename
        services.revoke(grant.user, permission=permission, row=row, by=request.user, reason=reason)

    def _rows(self) -> type[Model]:
        return self.opts.get_field("content_object").related_model  # type: ignore[return-value]
