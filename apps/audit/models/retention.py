"""How long entries are kept and why, and what may not be pruned although its period is over."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import (
    Actor,
    Classification,
    FreeText,
    Generic,
    NotPersonal,
    Retention,
    Technical,
)
from apps.kernel.models import Record

SAYS_SOMETHING = r"\S"


class KeepingPeriod(Record):
    """How long the entries of one model are kept, as its classification declares it. Written by each `migrate`."""

    model = models.CharField(_("kind"), max_length=100, unique=True, blank=True)
    """A label such as `orders.order`; empty: every model that says nothing else."""
    keep = models.CharField(_("kept for"), max_length=20)
    """An ISO 8601 duration, counted from the end of the month in which the entry was written."""
    law = models.CharField(_("why"), max_length=200)

    classification = Classification(
        fields={
            "id created_at updated_at model keep": Technical(),
            "law": NotPersonal("the law behind a period", reviewer="audit"),
        },
        trail="accountability-3y",
    )

    class Meta:
        verbose_name = _("period of the audit trail")
        verbose_name_plural = _("periods of the audit trail")
        constraints = [
            models.CheckConstraint(
                condition=Q(keep__regex=r"^P(?=.)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?$"),
                name="audit_period_is_a_duration",
            ),
            models.CheckConstraint(condition=Q(law__regex=SAYS_SOMETHING), name="audit_period_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.model or str(_("everything else"))


class LegalHoldQuerySet(models.QuerySet[Any]):
    def standing(self) -> Self:
        return self.filter(released_at=None)


class LegalHold(Record):
    """Entries that are not pruned until somebody says why they may be. What is left empty narrows nothing."""

    model = models.CharField(_("kind"), max_length=100, blank=True)
    """A label such as `customers.customer`."""
    object_pk = models.CharField(_("key of the record"), max_length=255, blank=True)
    subject = models.UUIDField(_("person"), null=True, blank=True)
    """Key of a person's record: entries about it and those of what its owner did."""
    first_on = models.DateField(_("from"), null=True, blank=True)
    last_on = models.DateField(_("to"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=2000)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("set by"), null=True, related_name="+"
    )
    released_at = models.DateTimeField(_("released at"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("released by"), null=True, related_name="+"
    )
    release_reason = models.TextField(_("reason of the release"), max_length=2000, blank=True)

    classification = Classification(
        activity="platform.audit",
        edges={
            "object": Generic(ct="model", pk="object_pk"),
            "about": Generic(ct="", pk="subject"),
            "set_by": Actor("who set the hold"),
            "released_by": Actor("who released the hold"),
        },
        fields={
            "id created_at updated_at model object_pk subject first_on last_on": Technical(),
            "set_by released_at released_by": Technical(),
            "reason release_reason": FreeText(about="any", export="review"),
        },
        retention=Retention(
            anchor="released_at", fallback="created_at", keep="P3Y", law="Art. 5(2) GDPR", then="delete"
        ),
        erase_row="keep",
        trail="accountability-3y",
    )
    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        permissions = [("release_legalhold", _("Can release a legal hold"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__regex=SAYS_SOMETHING),
                name="audit_hold_has_a_reason",
                violation_error_message=_("A hold is set with a reason."),
            ),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by=None, release_reason="")
                | Q(released_at__isnull=False, release_reason__regex=SAYS_SOMETHING),
                name="audit_hold_is_released_with_a_reason",
                violation_error_message=_("A hold is released with a reason."),
            ),
            models.CheckConstraint(
                condition=Q(last_on=None) | Q(first_on=None) | Q(last_on__gte=F("first_on")),
                name="audit_hold_ends_after_its_beginning",
                violation_error_message=_("The period ends before it begins."),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="audit_hold_by_time"),
            models.Index(fields=["model", "object_pk"], name="audit_hold_by_object"),
            models.Index(fields=["subject"], name="audit_hold_by_subject", condition=Q(subject__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.model or str(_("everything"))

    @property
    def is_released(self) -> bool:
        return self.released_at is not None
