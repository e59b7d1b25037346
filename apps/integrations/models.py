"""Imports: the batch, the files that wait for it, and the rows it wrote."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.access.models import UnitRecord
from apps.kernel.classification import (
    Actor,
    Classification,
    DeleteBlob,
    File,
    FreeText,
    Generic,
    NotPersonal,
    Opaque,
    Part,
    Ref,
    Retention,
    Technical,
    Unlinked,
)

WAITING = Retention(anchor="created_at", keep="P7D", law="Art. 5(1)(e) GDPR", then="delete")
UNDOABLE = Retention(anchor="created_at", keep="P90D", law="Art. 5(1)(e) GDPR", then="delete")


class ImportBatch(UnitRecord):
    """One import of a legacy export into a unit. Its key stands in the audit entry of every row it wrote."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")
        REFUSED = "refused", _("refused: bad rows")
        UNDONE = "undone", _("undone")

    profile = models.CharField(_("profile"), max_length=100)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.UPLOADED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("requested by"),
        null=True,
        blank=True,
        related_name="+",
    )
    skip_bad = models.BooleanField(_("write the good rows when some are bad"), default=False)
    report = models.JSONField(_("report"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_count = models.PositiveIntegerField(_("created"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    bad_count = models.PositiveIntegerField(_("bad rows"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    work = models.UUIDField(_("job"), null=True, blank=True)

    classification = Classification(
        activity="integrations.imports",
        edges={"unit": Ref(), "requested_by": Actor("importer")},
        fields={
            "id created_at updated_at unit requested_by state skip_bad created_count changed_count bad_count "
            "finished_at undone_at work": Technical(),
            "profile": NotPersonal("name of a mapping profile"),
            "report": NotPersonal("counts, places and classes of values, never a personal value", reviewer="imports"),
        },
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["unit", "id"], name="import_batch_of_unit"),
            models.Index(fields=["unit", "-created_at"], name="import_batch_latest"),
        ]
        permissions = [
            ("confirm_importbatch", "Can confirm an import"),
            ("undo_importbatch", "Can undo an import"),
        ]

    def __str__(self) -> str:
        return f"{self.profile} · {self.pk}"


class ImportFile(UnitRecord):
    """A file that was uploaded for an import. It is deleted when the import has ended."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, verbose_name=_("import"), related_name="files")
    name = models.CharField(_("name"), max_length=100)
    content = models.FileField(_("content"), upload_to="imports/", max_length=200)
    size = models.PositiveBigIntegerField(_("bytes"))

    granted_through = "batch"
    classification = Classification(
        activity="integrations.imports",
        edges={"unit": Ref(), "batch": Part()},
        fields={
            "id created_at updated_at unit size": Technical(),
            "name": NotPersonal("name that the profile gives to the file", reviewer="imports"),
            "content": File("pd:Personal", erase=DeleteBlob()),
        },
        retention=WAITING,
        unlinked=Unlinked("a file of another system, read by nobody before it is imported", WAITING),
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("file of an import")
        verbose_name_plural = _("files of imports")
        constraints = [models.UniqueConstraint(fields=["batch", "name"], name="import_file_once")]
        indexes = [models.Index(fields=["unit", "id"], name="import_file_of_unit")]

    def __str__(self) -> str:
        return str(self.pk)


class ImportedRow(models.Model):
    """A row that an import created or changed, with what is needed to take it back."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, verbose_name=_("import"), related_name="rows")
    position = models.PositiveIntegerField(_("position"))
    model = models.CharField(_("model"), max_length=100)
    object = models.CharField(_("key"), max_length=40)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    created = models.BooleanField(_("created"))
    before = models.JSONField(_("values before"), null=True, blank=True, encoder=DjangoJSONEncoder)
    version = models.BigIntegerField(_("version after the import"))

    classification = Classification(
        activity="integrations.imports",
        edges={"batch": Ref(), "imported": Generic(ct="model", pk="object")},
        fields={
            "id batch created_at position model object created version": Technical(),
            "before": FreeText(erase=Opaque(), export="review"),
        },
        retention=UNDOABLE,
        unlinked=Unlinked("values of any table, kept for as long as the import can be undone", UNDOABLE),
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="imported_row_position")]
        indexes = [models.Index(fields=["model", "object"], name="imported_row_of_object")]

    def __str__(self) -> str:
        return f"{self.model} {self.object}"
