"""Files that the platform keeps for a while: what they are, how long they stay, and that they are gone."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import (
    Classification,
    DeleteBlob,
    File,
    NotPersonal,
    Retention,
    Technical,
    Unlinked,
)
from apps.kernel.models import Record

FOLDER = "stored/"
UNTIL_EXPIRY = Retention(anchor="expires_at", keep="P0D", law="Art. 5(1)(e) GDPR", then="delete")


class StoredFileQuerySet(models.QuerySet[Any]):
    def kept(self) -> Self:
        return self.filter(deleted_at=None)

    def to_be_deleted(self, now: datetime) -> Self:
        """Expired, or handed over: nobody may open these any more."""
        return self.kept().filter(Q(expires_at__lte=now) | Q(taken_at__isnull=False))


class StoredFile(Record):
    """A private file with an end. It has no address: whoever may have it gets it from the page of its owner."""

    purpose = models.CharField(_("purpose"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    content = models.FileField(_("content"), upload_to=FOLDER, max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    owner_label = models.CharField(_("kind of owner"), max_length=100)
    owner = models.UUIDField(_("owner"))
    """The row for which the file was made, of the model `owner_label`."""
    expires_at = models.DateTimeField(_("expires at"))
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    """When the storage was seen to hold it no longer."""

    classification = Classification(
        activity="platform.files",
        fields={
            "id created_at updated_at content_type size owner_label owner expires_at taken_at deleted_at": Technical(),
            "purpose name": NotPersonal("given by the code that stores the file", reviewer="files"),
            "sha256": NotPersonal("digest of the content"),
            "content": File("pd:Personal", erase=DeleteBlob()),
        },
        unlinked=Unlinked("a finished file, delivered to whom it concerns and gone within days", UNTIL_EXPIRY),
        retention=UNTIL_EXPIRY,
        erase_row="delete",
    )
    objects = StoredFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(deleted_at__gte=F("created_at")), name="stored_file_deleted_after_made"
            )
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(deleted_at=None), name="stored_file_kept"),
            models.Index(fields=["owner"], name="stored_file_of_owner"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
