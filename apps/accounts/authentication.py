"""Who calls the API: a person by his own token, a partner by an OAuth token, or a browser by its session."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_access_token_model
from rest_framework import authentication
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import services
from apps.accounts.models import ApiToken

if TYPE_CHECKING:
    from apps.accounts.models import User

AccessToken = get_access_token_model()


@dataclass(frozen=True)
class OAuthToken:
    """What the access token of a partner's client allows."""

    client_id: str
    scopes: frozenset[str]

    def allows(self, label: str, write: bool) -> bool:  # noqa: FBT001
        return f"{label}:{'write' if write else 'read'}" in self.scopes


class InvalidToken(AuthenticationFailed):
    """One answer for every reason, so that it tells nothing about a token."""

    default_detail = _("This token is unknown, has expired or was revoked. Get a new one.")
    default_code = "invalid_token"


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer`: a key that begins with `stw_` is a person's, any other is an OAuth token."""

    def authenticate(self, request: Request) -> "tuple[User, ApiToken | OAuthToken] | None":
        if "access_token" in request.query_params:
            raise AuthenticationFailed(_("A token belongs into the Authorization header, never into the address."))
        scheme, _space, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self._person(key) if key.startswith(ApiToken.PREFIX) else self._partner(key)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def _person(self, key: str) -> "tuple[User, ApiToken]":
        digest = ApiToken.digest_of(key)
        token = ApiToken.objects.live().select_related("user").filter(digest=digest).first()
        if token is None or not constant_time_compare(token.digest, digest) or not token.user.is_active:
            raise InvalidToken
        services.note_use(token)
        return token.user, token

    def _partner(self, key: str) -> "tuple[User, OAuthToken]":
        token = (
            AccessToken.objects.select_related("application__user")
            .filter(token_checksum=ApiToken.digest_of(key), expires__gt=timezone.now())
            .first()
        )
        if token is None or not token.application.user.is_active:
            raise InvalidToken
        scopes = frozenset(token.scope.split()) & frozenset(token.application.scopes)
        return token.application.user, OAuthToken(client_id=token.application.client_id, scopes=scopes)


class SessionAuthentication(authentication.SessionAuthentication):
    """The cookie of a signed-in browser, with CSRF enforced by DRF on every change."""
