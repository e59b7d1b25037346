"""Reports that are kept: what they ask, when they are made and for whom, and each time that one was."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.events.models import Work
from apps.files.models import StoredFile
from apps.kernel.classification import (
    Actor,
    Blank,
    Classification,
    FreeText,
    NotPersonal,
    Owner,
    Part,
    Ref,
    Retention,
    Technical,
    Unlinked,
)
from apps.kernel.models import Record


class ReportDefinition(Record):
    """A question to the trail with its answers, its period and its form; made when somebody asks or when it is due."""

    class Period(models.TextChoices):
        FIXED = "fixed", _("from one moment to another")
        DAY = "day", _("the day before")
        WEEK = "week", _("the week before")
        MONTH = "month", _("the month before")

    class Schedule(models.TextChoices):
        NONE = "none", _("when somebody asks")
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every Monday")
        MONTHLY = "monthly", _("on the first of every month")

    title = models.CharField(_("title"), max_length=100)
    kind = models.CharField(_("kind"), max_length=30)
    """Slug of a kind in `apps.audit.reports.kinds`."""
    parameters = models.JSONField(_("answers"), default=dict, blank=True)
    format = models.CharField(_("format"), max_length=10)
    period = models.CharField(_("period"), max_length=10, choices=Period, default=Period.FIXED)
    since = models.DateTimeField(_("from"), null=True, blank=True)
    until = models.DateTimeField(_("until before"), null=True, blank=True)
    schedule = models.CharField(_("made"), max_length=10, choices=Schedule, default=Schedule.NONE)
    due_at = models.DateTimeField(_("next due"), null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"), related_name="+")
    """Under whose rights it is made when it is due."""
    recipients = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="Recipient",
        verbose_name=_("recipients"),
        related_name="+",
        blank=True,
    )

    classification = Classification(
        activity="oversight.reports",
        edges={"owner": Actor("owner of a report"), "recipients": Ref()},
        fields={
            "id created_at updated_at kind format period since until schedule due_at owner recipients": Technical(),
            "title": FreeText(erase=Blank(), export="review"),
            "parameters": NotPersonal("keys, and words that no person has", reviewer="oversight: read by their types"),
        },
        unlinked=Unlinked("what somebody called a report"),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("saved report")
        verbose_name_plural = _("saved reports")
        permissions = [("run_reportdefinition", _("Can have a saved report made"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(schedule="none", due_at=None) | (~Q(schedule="none") & Q(due_at__isnull=False)),
                name="report_due_when_scheduled",
            ),
            models.CheckConstraint(
                condition=Q(schedule="none") | ~Q(period="fixed"),
                name="report_scheduled_for_moving_period",
                violation_error_message=_("A fixed period is made once. Choose the day, week or month before."),
            ),
            models.CheckConstraint(
                condition=Q(period="fixed") | Q(since=None, until=None), name="report_moments_of_fixed_period"
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(until=None) | Q(since__lt=F("until")),
                name="report_period_ends_after_it_begins",
                violation_error_message=_("The period ends before it begins."),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="report_due"),
            models.Index(fields=["owner"], name="report_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Recipient(Record):
    """Somebody who is told when a report is ready."""

    definition = models.ForeignKey(ReportDefinition, models.CASCADE, verbose_name=_("saved report"), related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("recipient"), related_name="+")

    classification = Classification(
        activity="oversight.reports",
        edges={"definition": Ref(), "user": Owner("recipient of a report")},
        fields={"id created_at updated_at definition user": Technical()},
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("recipient of a report")
        verbose_name_plural = _("recipients of reports")
        constraints = [models.UniqueConstraint(fields=["definition", "user"], name="report_recipient_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ReportRun(Record):
    """One time that a report was made, or is being made."""

    definition = models.ForeignKey(
        ReportDefinition, models.CASCADE, verbose_name=_("saved report"), related_name="runs", db_index=False
    )
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    """The time of its schedule; empty when somebody asked for it."""
    since = models.DateTimeField(_("from"), null=True, blank=True)
    until = models.DateTimeField(_("until before"), null=True, blank=True)
    format = models.CharField(_("format"), max_length=10)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("asked for by"),
        null=True,
        blank=True,
        related_name="+",
    )
    work = models.OneToOneField(Work, models.SET_NULL, verbose_name=_("job"), null=True, blank=True, related_name="+")
    file = models.OneToOneField(
        StoredFile, models.SET_NULL, verbose_name=_("file"), null=True, blank=True, related_name="+"
    )
    entries = models.PositiveBigIntegerField(_("entries"), null=True, blank=True)

    classification = Classification(
        activity="oversight.reports",
        edges={"definition": Part(), "requested_by": Actor("requester"), "work": Ref(), "file": Ref()},
        fields={
            "id created_at updated_at definition due_at since until format requested_by work file entries": Technical()
        },
        retention=Retention(anchor="created_at", keep="P1Y", law="Art. 5(2) GDPR", then="delete"),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("report made")
        verbose_name_plural = _("reports made")
        permissions = [
            ("cancel_reportrun", _("Can stop a report that is being made")),
            ("download_reportrun", _("Can take a report that was made")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["definition", "due_at"], name="report_made_once_when_due"),
        ]
        indexes = [
            models.Index(fields=["definition", "-created_at"], name="report_runs_in_time"),
            models.Index(fields=["created_at"], name="report_run_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
