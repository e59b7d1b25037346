"""Everyone who acts: a person who signs in, or the service behind a partner's OAuth client."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from guardian.mixins import GuardianUserMixin

from apps.kernel.classification import (
    Blank,
    Classification,
    Identifier,
    Linked,
    NotPersonal,
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

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    classification = Classification(
        activity="platform.accounts",
        fields={
            "id created_at updated_at kind is_active is_superuser": Technical(),
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
    )
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="user_nobody_is_superuser"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.kind == self.Kind.PERSON
