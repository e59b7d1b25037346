"""What Django, allauth and the OAuth server tell us, entered into the audit trail."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from apps.accounts import services
from apps.accounts.adapters import attempted_email
from apps.accounts.models import User
from apps.kernel.trail import Action, record


def logged_in(user: User, **kwargs: Any) -> None:
    record(Action.LOGIN, model="accounts.user", objects=[user.pk])


def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(Action.LOGOUT, model="accounts.user", objects=[user.pk])


def login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """The entry names the account that was tried, if there is one, and never the text that was typed."""
    tried = attempted_email(request or HttpRequest(), credentials)
    known = User.objects.filter(email__iexact=tried).values_list("pk", flat=True)
    record(Action.LOGIN_FAILED, model="accounts.user", objects=list(known))


def client_got_token(token: Any, **kwargs: Any) -> None:
    record(
        Action.TOKEN_ISSUED,
        model="accounts.application",
        objects=[token.application_id],
        details={"scopes": token.scope.split(), "expires_at": token.expires},
    )


def credentials_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Everything that the old password or factor opened ends, except the session in which the change was made."""
    services.credentials_changed(user)
    if request.user.is_authenticated and request.user.pk == user.pk:
        update_session_auth_hash(request, user)
        UserSession.objects.create_from_request(request)
