from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.access.admin.base import RecordAdmin, VersionedForm, each_row
from apps.accounts import services as accounts
from apps.accounts.models import ApiToken, Application, User
from apps.accounts.scopes import all_scopes
from apps.kernel import reads


class ApplicationForm(VersionedForm):
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=lambda: list(all_scopes().items()), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Application
        fields = ("name", "scopes")


@admin.register(Application)
class ApplicationAdmin(RecordAdmin):
    """A partner's client: its secret is shown once, when it is made and when it is rotated."""

    icon = "key"
    title = _("Partners' applications")
    form = ApplicationForm
    list_display = ("name", "client_id", "scopes", "created")
    search_fields = ("name", "client_id")
    fields = ("name", "scopes", "client_id", "user", "created", "updated")
    readonly_fields = ("client_id", "user", "created", "updated")
    actions = ("rotate",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if change:
            Application.objects.filter(pk=obj.pk).update(name=obj.name)
            accounts.set_scopes(obj, scopes=form.cleaned_data["scopes"])
            return
        made, secret = accounts.register_application(name=obj.name, scopes=form.cleaned_data["scopes"])
        obj.pk, obj.client_id, obj._state.adding = made.pk, made.client_id, False
        self._show(request, made, secret)

    @each_row(verb="rotate", title=_("Rotate the secret"))
    def rotate(self, request: HttpRequest, application: Application) -> None:
        self._show(request, *accounts.rotate_secret(application))

    def _show(self, request: HttpRequest, application: Application, secret: str) -> None:
        shown = _("The secret of %(client)s is shown this once: %(secret)s")
        messages.warning(request, shown % {"client": application.client_id, "secret": secret})


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """People make their tokens on their own page; here one sees which exist and ends them."""

    icon = "token"
    list_display = ("user_email", "name", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("user", "name", "scopes", "expires_at", "revoked_at", "created_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("user"))
    def user_email(self, token: ApiToken) -> str:
        reads.show(User, [token.user_id], door="name")
        return token.user.email

    @each_row(verb="revoke", title=_("Revoke"), when=lambda token: token.revoked_at is None)
    def revoke(self, request: HttpRequest, token: ApiToken) -> None:
        accounts.revoke_token(token)
