"""Everyone who acts: a person who signs in, or the service behind a partner's OAuth client."""

import hashlib
import unicodedata
import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from guardian.mixins import GuardianUserMixin
from oauth2_provider.models import AbstractApplication
from uuid_utils.compat import uuid7

from apps.kernel.classification import (
    Blank,
    Classification,
    FreeText,
    Identifier,
    Linked,
    NotPersonal,
    Owner,
    Part,
    Personal,
    RandomUnique,
    Ref,
    Retention,
    Secret,
    Technical,
)
from apps.kernel.models import Record


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Record, AbstractBaseUser, GuardianUserMixin, PermissionsMixin):
    """A person or a service. Nobody is a superuser: every right comes from a role or a grant."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        SERVICE = "service", _("service")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON)
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    stamp = models.UUIDField(_("stamp"), default=uuid.uuid4, editable=False)
    """Part of what a session is verified against: a new stamp ends every session at its next request."""

    _roles: Any
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    classification = Classification(
        activity="platform.accounts",
        fields={
            "id created_at updated_at kind is_active is_superuser stamp": Technical(),
            "email": Identifier(
                "pd:EmailAddress", normalise=str.casefold, erase=RandomUnique("@erased.invalid"), rectify="staff"
            ),
            "name": Personal("pd:Name", erase=Blank(), rectify="self"),
            "password": Secret(erase=Blank()),
            "last_login": Linked("pd:ServiceConsumptionBehavior", origin="observed"),
            "groups user_permissions": NotPersonal("always empty: roles are assignments"),
        },
        edges={"groups": Ref(), "user_permissions": Ref()},
        retention=Retention(anchor="updated_at", keep="P3Y", law="Art. 5(2) GDPR", then="erase"),
        erase_row="anonymise",
        trail="accountability-3y",
    )
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [
            ("deactivate_user", "Can deactivate a user and activate him again"),
            ("sign_out_user", "Can end the sessions and tokens of a user"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="user_nobody_is_superuser"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.kind == self.Kind.PERSON

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and unicodedata.normalize("NFKC", raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        return super().check_password(raw_password and unicodedata.normalize("NFKC", raw_password))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's own, with the stamp beside the password."""
        return salted_hmac(
            "apps.accounts.models.User.session", f"{self.password}{self.stamp}", secret=secret, algorithm="sha256"
        ).hexdigest()


class ApiTokenQuerySet(models.QuerySet[Any]):
    def live(self, at: datetime | None = None) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=at or timezone.now())


class ApiToken(Record):
    """A person's own key to the API. Only its digest is stored; the key itself is shown once."""

    PREFIX = "stw_"

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("user"), related_name="api_tokens")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    classification = Classification(
        activity="platform.accounts",
        edges={"user": Owner("holder of a token")},
        fields={
            "id created_at updated_at user scopes expires_at revoked_at": Technical(),
            "name": FreeText(erase=Blank(), rectify="self"),
            "digest": Secret(erase=RandomUnique()),
        },
        retention=Retention(
            anchor="revoked_at", fallback="expires_at", keep="P1Y", law="Art. 5(1)(e) GDPR", then="delete"
        ),
        erase_row="delete",
    )
    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        permissions = [("revoke_apitoken", "Can revoke an API token of anybody")]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_token_of_user")]

    def __str__(self) -> str:
        return str(self.pk)

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    def allows(self, label: str, write: bool) -> bool:  # noqa: FBT001
        """Whether the scopes of this token cover reading (or writing) the domain. A role is needed besides."""
        return f"{label}:{'write' if write else 'read'}" in self.scopes


class TokenUse(models.Model):
    """When a token was last used: apart from the token, so that using one changes no row of the audit trail."""

    token = models.OneToOneField(
        ApiToken, models.CASCADE, verbose_name=_("token"), primary_key=True, related_name="use"
    )
    used_at = models.DateTimeField(_("used at"))

    classification = Classification(
        activity="platform.accounts",
        edges={"token": Part()},
        fields={"token": Technical(), "used_at": Linked("pd:ServiceConsumptionBehavior", origin="observed")},
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("use of a token")
        verbose_name_plural = _("uses of tokens")

    def __str__(self) -> str:
        return str(self.pk)


class Application(AbstractApplication):
    """A partner's OAuth client. It acts as its service user, within the scopes registered here."""

    id = models.UUIDField(_("key"), primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(User, models.PROTECT, verbose_name=_("service user"), related_name="application")
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes"), default=list, blank=True)

    classification = Classification(
        activity="platform.accounts",
        edges={"user": Ref()},
        fields={
            (
                "id created updated client_id client_type authorization_grant_type hash_client_secret scopes user "
                "skip_authorization algorithm registration_source cimd_expires_at"
            ): Technical(),
            "redirect_uris post_logout_redirect_uris allowed_origins": NotPersonal(
                "addresses of a partner's software", reviewer="accounts"
            ),
            "name": NotPersonal("name of a partner's software"),
            "client_secret": Secret(erase=Blank()),
        },
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("OAuth application")
        verbose_name_plural = _("OAuth applications")
        permissions = [("rotate_application", "Can rotate the secret of an OAuth application")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(authorization_grant_type="client-credentials", client_type="confidential"),
                name="application_is_a_confidential_service",
            ),
            models.CheckConstraint(condition=models.Q(hash_client_secret=True), name="application_secret_is_hashed"),
        ]

    def __str__(self) -> str:
        return self.client_id

    def is_usable(self, request: Any) -> bool:
        return self.user.is_active
