from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.kernel.classification import Classification, Linked, NotPersonal, Owner, Retention, Technical
from apps.kernel.models import Record


class NoticeQuerySet(models.QuerySet[Any]):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def of(self, user: User) -> Self:
        return self.filter(user=user)


class Notice(Record):
    """A sentence for one person about something that waits for him. It names keys and numbers, never another person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("for"), related_name="notices")
    about = models.UUIDField(_("about"))
    sentence = models.CharField(_("notice"), max_length=300)
    path = models.CharField(_("where"), max_length=300, blank=True)
    """The page of this installation on which to act."""
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    mailed_at = models.DateTimeField(_("mailed at"), null=True, blank=True)

    classification = Classification(
        activity="platform.notifications",
        edges={"user": Owner("recipient")},
        fields={
            "id created_at updated_at user about path mailed_at": Technical(),
            "sentence": NotPersonal("a fixed sentence with keys and numbers", reviewer="notifications"),
            "read_at": Linked("pd:ServiceConsumptionBehavior", origin="observed"),
        },
        retention=Retention(anchor="created_at", keep="P1Y", law="Art. 5(1)(e) GDPR", then="delete"),
        erase_row="delete",
    )
    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        permissions = [("read_notice", _("Can mark a notice as read"))]
        constraints = [
            models.UniqueConstraint(
                fields=["about", "user"], condition=models.Q(read_at=None), name="notice_one_unread_about_one_thing"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notice_of_user_in_time"),
            models.Index(fields=["created_at"], condition=models.Q(mailed_at=None), name="notice_to_be_mailed"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
