"""Counts of the trail by the hour, and from which figures on a day stands out."""

from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.models import Alert
from apps.kernel.classification import Classification, Linked, Owner, Ref, Retention, Technical
from apps.kernel.models import Record

KEPT = Retention(anchor="hour", keep="P180D", law="Art. 5(1)(e) and 6(1)(f) GDPR", then="delete")


class ActorHour(models.Model):
    """How much one actor did in one hour: counts, and not of what."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("actor"),
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    hour = models.DateTimeField(_("hour"))
    """Its first moment, of an hour as the clocks of `TIME_ZONE` show it."""
    acts = models.PositiveIntegerField(_("acts"), default=0)
    """Entries of what he did himself, not of a job that went on for him."""
    reads = models.PositiveBigIntegerField(_("records of people read"), default=0)
    exported = models.PositiveBigIntegerField(_("rows exported"), default=0)

    classification = Classification(
        activity="oversight.anomalies",
        edges={"actor": Owner("member of staff")},
        fields={
            "id actor hour": Technical(),
            "acts reads exported": Linked("pd:ServiceConsumptionBehavior", origin="observed"),
        },
        retention=KEPT,
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("hour of an actor")
        verbose_name_plural = _("hours of actors")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["actor", "hour"], name="oversight_actor_hour_once")]
        indexes = [models.Index(fields=["hour"], name="oversight_actor_by_hour")]

    def __str__(self) -> str:
        return str(self.pk)


class HourCount(models.Model):
    """How many entries of one action on one kind of record an hour had, whoever wrote them."""

    hour = models.DateTimeField(_("hour"))
    content_type = models.ForeignKey(
        "contenttypes.ContentType",
        models.DO_NOTHING,
        verbose_name=_("kind"),
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    action = models.PositiveSmallIntegerField(_("action"))
    entries = models.PositiveIntegerField(_("entries"))

    classification = Classification(
        activity="oversight.anomalies",
        edges={"content_type": Ref()},
        fields={"id hour content_type action entries": Technical()},
        retention=KEPT,
    )

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["hour", "content_type", "action"], name="oversight_hour_count_once")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CountedUntil(models.Model):
    """One row: how far into the sealed log the counts reach."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(_("position"), default=0)
    """The first position that is not counted."""

    classification = Classification(fields={"id sequence": Technical()})

    class Meta:
        verbose_name = _("place of the counts")
        verbose_name_plural = _("places of the counts")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="oversight_counts_have_one_place")]

    def __str__(self) -> str:
        return str(self.sequence)


class Threshold(Record):
    """From which figures on a day of somebody in this role stands out, where it is not as shipped."""

    RULES = (Alert.Rule.READS, Alert.Rule.HOURS, Alert.Rule.EXPORTS)

    role = models.ForeignKey(Group, models.CASCADE, verbose_name=_("role"), related_name="+")
    rule = models.CharField(_("rule"), max_length=10, choices=[(rule.value, rule.label) for rule in RULES])
    factor = models.DecimalField(
        _("factor"),
        max_digits=6,
        decimal_places=1,
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(Decimal(1000))],
        help_text=_("How many spreads above what is usual; at unusual hours: seen on fewer than one in so many days."),
    )
    floor = models.PositiveIntegerField(
        _("floor"), help_text=_("As many records, rows or acts in a day never stand out.")
    )

    classification = Classification(
        activity="oversight.anomalies",
        edges={"role": Ref()},
        fields={"id created_at updated_at role rule factor floor": Technical()},
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        default_permissions = ("view", "add", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["role", "rule"],
                name="oversight_threshold_once",
                violation_error_message=_("This role has a threshold of this rule already. Change that one."),
            ),
            models.CheckConstraint(condition=Q(factor__gte=1), name="oversight_threshold_factor_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.role} · {self.get_rule_display()}"
