"""What people ask for about their data, and by when it is answered."""

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.files.models import StoredFile
from apps.kernel.classification import (
    Actor,
    Classification,
    FreeText,
    NotPersonal,
    Ref,
    Retention,
    ScrubKnown,
    Technical,
    Unlinked,
)
from apps.kernel.models import Record

PROOF = Retention(
    anchor="finished_at", fallback="created_at", keep="P3Y", law="Art. 5(2) GDPR; limitation of claims", then="delete"
)


class PrivacyRequestQuerySet(models.QuerySet[Any]):
    def unanswered(self) -> Self:
        return self.filter(state__in=PrivacyRequest.UNANSWERED)


class PrivacyRequest(Record):
    """A person's wish under Art. 15 GDPR, from its receipt to its answer."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("access (Art. 15)")

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        RUNNING = "running", _("being gathered")
        READY = "ready", _("ready to be handed over")
        DELIVERED = "delivered", _("handed over")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("not fetched in time")

    UNANSWERED = (State.RECEIVED, State.RUNNING, State.READY, State.FAILED)
    GATHERED = (State.RECEIVED, State.RUNNING, State.FAILED)
    """States in which the package may still be made."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.ACCESS)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    subjects = models.JSONField(_("records of the person"), default=list)
    """Keys such as `customers.contact:018f…`: each row that is this person, as the officer found them."""
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("due on"))
    rule = models.CharField(_("rule of the deadline"), max_length=30)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("opened by"), null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    work = models.UUIDField(_("job"), null=True, blank=True)
    package = models.OneToOneField(
        StoredFile, models.SET_NULL, verbose_name=_("package"), null=True, blank=True, related_name="+"
    )
    rows = models.PositiveIntegerField(_("records found"), default=0)
    redacted = models.PositiveIntegerField(_("values of other people"), default=0)
    withheld = models.PositiveIntegerField(_("texts withheld for review"), default=0)
    missing = models.PositiveIntegerField(_("files missing in the storage"), default=0)
    reason = models.CharField(_("reason of its end"), max_length=500, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    classification = Classification(
        activity="privacy.requests",
        edges={"asked_by": Actor("data protection officer"), "package": Ref()},
        fields={
            "id created_at updated_at kind state received_on due_on rule asked_by work package": Technical(),
            "rows redacted withheld missing finished_at": Technical(),
            "subjects": NotPersonal("keys of records, nothing of what stands in them", reviewer="privacy"),
            "note reason": FreeText(about="any", erase=ScrubKnown(), export="review"),
        },
        unlinked=Unlinked("the request outlives the person's rows, as the proof that it was answered", PROOF),
        retention=PROOF,
        erase_row="keep",
        trail="accountability-3y",
    )
    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests of people")
        permissions = [
            ("cancel_privacyrequest", _("Can cancel a request")),
            ("download_privacyrequest", _("Can fetch the package of a request")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(due_on__gte=F("received_on")), name="privacy_request_due_after_receipt"),
            models.CheckConstraint(
                condition=Q(state__in=("received", "running", "ready", "failed"), finished_at=None)
                | Q(state__in=("delivered", "cancelled", "expired"), finished_at__isnull=False),
                name="privacy_request_finished_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("ready", "delivered")) | Q(package__isnull=False),
                name="privacy_request_ready_has_package",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="privacy_request_by_clock"),
            models.Index(fields=["work"], condition=Q(work__isnull=False), name="privacy_request_of_work"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_answered(self) -> bool:
        return self.state not in self.UNANSWERED

    def days_left(self, today: date) -> int:
        """Below zero when the day has passed."""
        return (self.due_on - today).days
