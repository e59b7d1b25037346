from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import (
    Actor,
    Classification,
    FreeText,
    Inferred,
    Keep,
    Owner,
    Retention,
    Technical,
)
from apps.kernel.models import Record


class Alert(Record):
    """Something about the trail that somebody must look into and answer in writing."""

    class Rule(models.TextChoices):
        VERIFY = "verify", _("The log does not verify")
        KEY = "key", _("The key of the seal cannot be used")
        SINK = "sink", _("A receiver of checkpoints is silent")
        OUTSIDE = "outside", _("Somebody wrote past the application")
        READS = "reads", _("Somebody read far more personal data than usual")
        HOURS = "hours", _("Somebody worked at unusual hours")
        EXPORTS = "exports", _("Somebody took far more rows away than usual")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        EXPLAINED = "explained", _("explained")
        ESCALATED = "escalated", _("escalated")

    rule = models.CharField(_("what"), max_length=10, choices=Rule)
    about = models.CharField(_("about"), max_length=100, blank=True)
    """Which one, where a rule speaks of several: a receiver's name, a database login, an actor's key and a day."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("actor"), null=True, related_name="+", db_index=False
    )
    """Whose work it is about, where it is about somebody's: he does not answer it."""
    details = models.JSONField(_("details"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField(_("reason"), blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    classification = Classification(
        activity="platform.audit",
        edges={"actor": Owner("whose work stood out"), "decided_by": Actor("who answered for it")},
        fields={
            "id created_at updated_at rule about actor state decided_by decided_at": Technical(),
            "details": Inferred("pd:ServiceConsumptionBehavior", origin="derived", erase=Keep("accountability-3y")),
            "reason": FreeText(about="any", export="review"),
        },
        retention=Retention(anchor="created_at", keep="P3Y", law="Art. 5(2) GDPR", then="delete"),
        erase_row="keep",
        trail="accountability-3y",
    )

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        permissions = [("decide_alert", _("Can answer an alert"))]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "about"], condition=models.Q(state="open"), name="audit_alert_open_once"
            ),
            models.UniqueConstraint(
                fields=["rule", "about"], condition=models.Q(actor__isnull=False), name="audit_alert_about_a_day_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") | ~models.Q(reason=""),
                name="audit_alert_answered_in_writing",
                violation_error_message=_("An alert is answered with a reason."),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-created_at"], name="audit_alert_by_state"),
            models.Index(fields=["actor", "-created_at"], name="audit_alert_by_actor"),
        ]

    def __str__(self) -> str:
        return self.get_rule_display()
