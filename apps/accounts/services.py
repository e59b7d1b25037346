"""What happens to people's accounts and keys."""

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import get_access_token_model

from apps.accounts.events import UserActivated, UserDeactivated, UserInvited
from apps.accounts.models import ApiToken, Application, User
from apps.accounts.scopes import all_scopes
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.kernel.trail import Action, Entry, record, write

LONGEST_TOKEN = timedelta(days=366)
USE_IS_NOTED_EVERY = timedelta(minutes=1)
DEACTIVATION = Objections("accounts.deactivate")
"""Upper apps may mind that a user is deactivated: the last administrator stays."""


class UnknownScope(BusinessError):
    """There is no such scope. Choose from the list of scopes."""

    code = "unknown_scope"


class TokenLivesTooLong(BusinessError):
    """A token lives a year at most and expires in the future. Choose another day."""

    code = "token_lives_too_long"


class Inactive(BusinessError):
    """This user is deactivated. Activate the user first."""

    code = "inactive_user"


class AddressTaken(BusinessError):
    """Somebody has this e-mail address already. Choose another."""

    code = "address_taken"


def _known(scopes: Iterable[str]) -> list[str]:
    wanted, known = list(dict.fromkeys(scopes)), all_scopes()
    unknown = [scope for scope in wanted if scope not in known]
    if unknown:
        raise UnknownScope(unknown=unknown)
    return wanted


@transaction.atomic
def invite(*, email: str, name: str = "") -> User:
    """A person without a password: he sets one by the link that is sent to him."""
    email = User.objects.normalize_email(email).lower()
    if User.objects.filter(email__iexact=email).exists():
        raise AddressTaken
    user = User.objects.create_user(email, None, name=name)
    publish(UserInvited(user=str(user.pk)))
    return user


@transaction.atomic
def deactivate(user: User) -> User:
    user = User.objects.select_for_update().get(pk=user.pk)
    DEACTIVATION.check(user)
    user.is_active = False
    user.save(update_fields=["is_active", "updated_at"])
    end_sessions(user)
    revoke_all_tokens(user)
    publish(UserDeactivated(user=str(user.pk)))
    return user


@transaction.atomic
def activate(user: User) -> User:
    """The person may sign in again; tokens that were revoked stay revoked."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.is_active = True
    user.save(update_fields=["is_active", "updated_at"])
    publish(UserActivated(user=str(user.pk)))
    return user


@transaction.atomic
def end_sessions(user: User) -> None:
    """Sign the user out everywhere, at the next request of every process."""
    user.stamp = uuid.uuid4()
    user.save(update_fields=["stamp", "updated_at"])
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()


@transaction.atomic
def issue_token(user: User, *, name: str, scopes: Iterable[str], expires_at: datetime) -> tuple[ApiToken, str]:
    """The token and its key, which is nowhere kept."""
    if not user.is_active:
        raise Inactive
    if not timezone.now() < expires_at <= timezone.now() + LONGEST_TOKEN:
        raise TokenLivesTooLong
    key = ApiToken.PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, digest=ApiToken.digest_of(key), scopes=_known(scopes), expires_at=expires_at
    )
    record(
        Action.TOKEN_ISSUED,
        model="accounts.apitoken",
        objects=[token.pk],
        details={"scopes": token.scopes, "expires_at": token.expires_at},
    )
    return token, key


@transaction.atomic
def revoke_token(token: ApiToken) -> ApiToken:
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at", "updated_at"])
        record(Action.TOKEN_REVOKED, model="accounts.apitoken", objects=[token.pk])
    return token


@transaction.atomic
def revoke_all_tokens(user: User) -> None:
    """Every key of this user: the personal ones, and the running ones of his OAuth client."""
    revoked = [token.pk for token in user.api_tokens.live().select_for_update()]
    ApiToken.objects.filter(pk__in=revoked).update(revoked_at=timezone.now())
    of_clients = get_access_token_model().objects.filter(application__user=user)
    clients = list(of_clients.values_list("application", flat=True).distinct())
    of_clients.delete()
    gone = {"accounts.apitoken": revoked, "accounts.application": clients}
    write([Entry(Action.TOKEN_REVOKED, model, keys) for model, keys in gone.items() if keys])


def note_use(token: ApiToken, *, last: datetime | None) -> None:
    """Remember that the token is in use, at most once a minute. `last` is what was noted before."""
    now = timezone.now()
    if last is not None and last >= now - USE_IS_NOTED_EVERY:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_tokenuse AS known (token_id, used_at) VALUES (%s, %s)"
            " ON CONFLICT (token_id) DO UPDATE SET used_at = excluded.used_at WHERE known.used_at < %s",
            [token.pk, now, now - USE_IS_NOTED_EVERY],
        )


@transaction.atomic
def register_application(*, name: str, scopes: Iterable[str]) -> tuple[Application, str]:
    """A partner's client with the service user it acts as, and the secret, which is nowhere kept."""
    secret = generate_client_secret()
    application = Application(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
        scopes=_known(scopes),
    )
    application.user = User.objects.create_user(
        f"service-{application.pk}@services.invalid", None, kind=User.Kind.SERVICE, name=name
    )
    application.save()
    return application, secret


@transaction.atomic
def rotate_secret(application: Application) -> tuple[Application, str]:
    """A new secret; the old one and every token that it got are dead at once."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    secret = generate_client_secret()
    application.client_secret = secret
    application.save(update_fields=["client_secret", "updated"])
    get_access_token_model().objects.filter(application=application).delete()
    record(Action.TOKEN_REVOKED, model="accounts.application", objects=[application.pk])
    return application, secret


@transaction.atomic
def set_scopes(application: Application, *, scopes: Iterable[str]) -> Application:
    """Running tokens are narrowed at once: what is no longer registered opens nothing."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    application.scopes = _known(scopes)
    application.save(update_fields=["scopes", "updated"])
    return application


@transaction.atomic
def credentials_changed(user: User) -> None:
    """A new password or second factor ends what the old one opened: sessions and tokens."""
    end_sessions(user)
    revoke_all_tokens(user)
