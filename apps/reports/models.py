"""What somebody asked for in bulk: tables to take away, and one verb done to many rows."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.events.models import Work
from apps.files.models import StoredFile
from apps.kernel.classification import (
    Actor,
    Blank,
    Classification,
    FreeText,
    NotPersonal,
    Ref,
    Retention,
    Technical,
    Unlinked,
)
from apps.kernel.models import Record

KEPT_A_WEEK = Retention(anchor="created_at", keep="P7D", law="Art. 5(1)(e) GDPR", then="delete")


class Export(Record):
    """A table that somebody asked for. It is made in the background, of the rows that he may see then."""

    class Source(models.TextChoices):
        RESOURCE = "resource", _("list of the API")
        LIST = "list", _("list of the admin")
        REPORT = "report", _("report")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel (XLSX)"
        JSONL = "jsonl", "JSON Lines"

    source = models.CharField(_("source"), max_length=10, choices=Source)
    name = models.CharField(_("name"), max_length=100)
    """A resource (`customers`), the label of a model, or the slug of a report."""
    model = models.CharField(_("model"), max_length=100)
    query = models.TextField(_("query"), blank=True)
    """The parameters of the list as they stand in an address. A filter may name a person."""
    format = models.CharField(_("format"), max_length=10, choices=Format)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("requested by"), related_name="+"
    )
    work = models.OneToOneField(
        Work, models.SET_NULL, verbose_name=_("job"), null=True, blank=True, related_name="export"
    )
    file = models.OneToOneField(
        StoredFile, models.SET_NULL, verbose_name=_("file"), null=True, blank=True, related_name="+"
    )
    rows = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)
    rights = models.CharField(_("mark of the rights"), max_length=40, blank=True)
    """Under which its rows were read."""

    classification = Classification(
        activity="platform.exports",
        edges={"requested_by": Actor("requester"), "work": Ref(), "file": Ref()},
        fields={
            "id created_at updated_at source name model format requested_by work file rows rights": Technical(),
            "query": FreeText(erase=Blank(), export="review"),
        },
        retention=KEPT_A_WEEK,
        unlinked=Unlinked("what a list was filtered by, gone with the export", KEPT_A_WEEK),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(fields=["requested_by", "-created_at"], name="export_of_requester"),
            models.Index(fields=["created_at"], name="export_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class BulkAction(Record):
    """One verb of the admin, done to many rows in the background by the person who chose them."""

    model = models.CharField(_("model"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    """Name of the action in the model's admin."""
    keys = models.JSONField(_("keys"))
    answers = models.TextField(_("answers"), blank=True)
    """What was answered before it began, such as the reason, as a form sends it."""
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("requested by"), related_name="+"
    )
    work = models.OneToOneField(
        Work, models.SET_NULL, verbose_name=_("job"), null=True, blank=True, related_name="bulk_action"
    )

    classification = Classification(
        activity="platform.bulk-actions",
        edges={"requested_by": Actor("requester"), "work": Ref()},
        fields={
            "id created_at updated_at model action requested_by work": Technical(),
            "keys": NotPersonal("random keys", reviewer="reports"),
            "answers": FreeText(erase=Blank(), export="review"),
        },
        retention=KEPT_A_WEEK,
        unlinked=Unlinked("a reason for many rows, which each row's entry in the trail carries too", KEPT_A_WEEK),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        indexes = [models.Index(fields=["created_at"], name="bulk_action_by_age")]

    def __str__(self) -> str:
        return f"{self.action} {self.pk}"
