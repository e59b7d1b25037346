"""Who calls the API: a person by his own token, a partner by an OAuth token, or a browser by its session."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.access.models import ObjectGrant
from apps.access.organisation import VERSION
from apps.access.roles import VALID, take_roles
from apps.accounts import services
from apps.accounts.models import ApiToken, User
from apps.kernel.planning import planned_once

# One statement says everything about the caller, so that nothing of it needs to be remembered between two requests.
_NOT_ASKED = {"password", "last_login", "stamp", "created_at", "updated_at"}
_USER = [field.attname for field in User._meta.concrete_fields if field.attname not in _NOT_ASKED]
_GRANTS = ObjectGrant.__subclasses__()
_GRANTED = [
    f"ARRAY(SELECT a.permission_id FROM {grants._meta.db_table} a WHERE a.user_id = u.id AND {VALID} GROUP BY 1)"  # noqa: S608
    for grants in _GRANTS
]
_CALLER = f"""
SELECT {", ".join(f"u.{name}" for name in _USER)}, {VERSION}, a.role_id, a.unit_id, {", ".join(_GRANTED)}, {{token}}
FROM {{tables}}
LEFT JOIN access_assignment a ON a.user_id = u.id AND {VALID}
WHERE u.is_active AND {{key}} = %(digest)s AND {{live}}
"""  # noqa: S608
_PERSON = _CALLER.format(
    token="t.id, t.scopes, t.expires_at, used.used_at",  # noqa: S106
    tables="accounts_apitoken t JOIN accounts_user u ON u.id = t.user_id"
    " LEFT JOIN accounts_tokenuse used ON used.token_id = t.id",
    key="t.digest",
    live="t.revoked_at IS NULL AND t.expires_at > %(now)s",
)
_PARTNER = _CALLER.format(
    token="client.client_id, t.scope, client.scopes",  # noqa: S106
    tables="oauth2_provider_accesstoken t JOIN accounts_application client ON client.id = t.application_id"
    " JOIN accounts_user u ON u.id = client.user_id",
    key="t.token_checksum",
    live="t.expires > %(now)s",
)


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

    def authenticate(self, request: Request) -> tuple[User, ApiToken | OAuthToken] | None:
        if "access_token" in request.query_params:
            raise AuthenticationFailed(_("A token belongs into the Authorization header, never into the address."))
        scheme, _space, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self._person(key) if key.startswith(ApiToken.PREFIX) else self._partner(key)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def _person(self, key: str) -> tuple[User, ApiToken]:
        user, (token_id, scopes, expires_at, used_at) = _caller(_PERSON, key)
        token = ApiToken(id=token_id, user=user, scopes=scopes, expires_at=expires_at)
        services.note_use(token, last=used_at)
        return user, token

    def _partner(self, key: str) -> tuple[User, OAuthToken]:
        user, (client_id, scope, registered) = _caller(_PARTNER, key)
        return user, OAuthToken(client_id=client_id, scopes=frozenset(scope.split()) & frozenset(registered))


def _caller(statement: str, key: str) -> tuple[User, tuple[Any, ...]]:
    """The active user behind a live token, with his roles, and what there is to know about the token."""
    with planned_once(), connection.cursor() as cursor:
        cursor.execute(statement, {"digest": ApiToken.digest_of(key), "now": timezone.now()})
        rows = cursor.fetchall()
    if not rows:
        raise InvalidToken
    known = len(_USER)
    user = User.from_db(connection.alias, _USER, rows[0][:known])
    take_roles(user, rows[0][known], [row[known + 1 : known + 3] for row in rows])
    token = known + 3 + len(_GRANTS)
    user._granted = dict(zip(_GRANTS, rows[0][known + 3 : token], strict=True))
    return user, rows[0][token:]


class SessionAuthentication(authentication.SessionAuthentication):
    """The cookie of a signed-in browser, with CSRF enforced by DRF on every change."""
