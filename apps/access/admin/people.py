from typing import Any, cast

from allauth.account.forms import ResetPasswordForm
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.access import services
from apps.access.admin.base import RecordAdmin, StaffRequest, each_row
from apps.accounts import services as accounts
from apps.accounts.models import User


@admin.register(User)
class UserAdmin(RecordAdmin):
    """People are invited and set their own passwords; nobody chooses one for somebody else."""

    icon = "person"
    list_display = ("email", "name", "kind", "is_active", "last_login")
    list_filter = ("is_active", "kind")
    search_fields = ("email", "name")
    fields = ("email", "name", "kind", "is_active", "last_login", "created_at", "updated_at")
    readonly_fields = ("kind", "is_active", "last_login")
    ordering = ("email",)
    actions = ("deactivate", "activate", "sign_out", "send_link")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seen = services.people_seen_by(cast("User", request.user))
        return super().get_queryset(request).filter(pk__in=seen.values("pk"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["email"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        by = request.user
        stronger = isinstance(obj, User) and isinstance(by, User) and not services.may_manage(by, obj)
        return not stronger and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if change:
            User.objects.filter(pk=obj.pk).update(name=obj.name)
            return
        made = accounts.invite(email=obj.email, name=obj.name)
        obj.pk, obj._state.adding = made.pk, False
        self._send(request, made)
        messages.info(request, _("A link to set a password has been sent."))

    @each_row(verb="deactivate", title=_("Deactivate"), reason=True, when=lambda user: user.is_active)
    def deactivate(self, request: StaffRequest, user: User, *, reason: str) -> None:
        services.deactivate(user, by=request.user, reason=reason)

    @each_row(verb="deactivate", title=_("Activate again"), reason=True, when=lambda user: not user.is_active)
    def activate(self, request: StaffRequest, user: User, *, reason: str) -> None:
        services.activate(user, by=request.user, reason=reason)

    @each_row(verb="sign_out", title=_("End sessions and revoke tokens"), reason=True)
    def sign_out(self, request: StaffRequest, user: User, *, reason: str) -> None:
        services.sign_out(user, by=request.user, reason=reason)

    @each_row(verb="add", title=_("Send a link to set a password"))
    def send_link(self, request: StaffRequest, user: User) -> None:
        services.check_managed(request.user, user)
        self._send(request, user)

    def _send(self, request: HttpRequest, user: User) -> None:
        form = ResetPasswordForm({"email": user.email})
        if form.is_valid():
            form.save(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An autocomplete offers people who can still sign in."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        return (found.filter(is_active=True) if "autocomplete" in request.path else found), distinct
