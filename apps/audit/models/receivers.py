from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.utils.translation import gettext_lazy as _

from apps.audit.models.log import AuditCheckpoint
from apps.kernel.classification import Classification, NotPersonal, Technical
from apps.kernel.models import Record


class ReceiverQuerySet(models.QuerySet["Receiver"]):
    def with_waiting(self) -> Self:
        """Adds `waiting_since`: when the first thing was sealed that the receiver has not got."""
        later = AuditCheckpoint.objects.filter(id__gt=OuterRef("position")).order_by("id")
        longer = AuditCheckpoint.objects.filter(size__gt=OuterRef("position")).order_by("size", "id")
        return self.annotate(
            waiting_since=Case(
                When(what=Receiver.What.CHECKPOINTS, then=Subquery(later.values("signed_at")[:1])),
                default=Subquery(longer.values("signed_at")[:1]),
            )
        )


class Receiver(Record):
    """How far a receiver has come. Who it is stands in a file outside the database."""

    class What(models.TextChoices):
        CHECKPOINTS = "checkpoints", _("checkpoints")
        ENTRIES = "entries", _("entries")

    name = models.CharField(_("name"), max_length=40)
    what = models.CharField(_("receives"), max_length=11, choices=What)
    position = models.BigIntegerField(_("position"), default=0)
    """The key of the last checkpoint that it has taken, or how many entries."""
    last_success_at = models.DateTimeField(_("last success"), null=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)
    last_refusal = models.CharField(_("last refusal"), max_length=200, blank=True)

    waiting_since: datetime | None

    classification = Classification(
        activity="platform.audit",
        fields={
            "id created_at updated_at name what position": Technical(),
            "last_success_at failing_since attempts next_attempt_at": Technical(),
            "last_refusal": NotPersonal("a sentence of our own about a machine", reviewer="audit"),
        },
        erase_row="keep",
    )
    objects = ReceiverQuerySet.as_manager()

    class Meta:
        verbose_name = _("receiver")
        verbose_name_plural = _("receivers")
        constraints = [
            models.UniqueConstraint(fields=["name", "what"], name="audit_receiver_once"),
            models.CheckConstraint(condition=Q(position__gte=0), name="audit_receiver_position_not_negative"),
            models.CheckConstraint(
                condition=Q(attempts=0, failing_since=None, next_attempt_at=None, last_refusal="")
                | Q(attempts__gt=0, failing_since__isnull=False, next_attempt_at__isnull=False) & ~Q(last_refusal=""),
                name="audit_receiver_fails_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.name
