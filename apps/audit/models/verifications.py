from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import Classification, Retention, Technical
from apps.kernel.models import Record


class Verification(Record):
    """What a look at the whole log found; the row's own time is that of its end."""

    entries = models.PositiveBigIntegerField(_("sealed entries"))
    checkpoints = models.PositiveBigIntegerField(_("checkpoints"))
    unsealed = models.PositiveBigIntegerField(_("entries without a seal"))
    position = models.PositiveBigIntegerField(_("first bad position"), null=True)
    kind = models.CharField(_("what was done"), max_length=20, blank=True)

    classification = Classification(
        activity="platform.audit",
        fields={"id created_at updated_at entries checkpoints unsealed position kind": Technical()},
        retention=Retention(anchor="created_at", keep="P3Y", law="Art. 5(2) GDPR", then="delete"),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("verification of the log")
        verbose_name_plural = _("verifications of the log")
        default_permissions = ()
        get_latest_by = "created_at"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position=None, kind="") | models.Q(position__isnull=False) & ~models.Q(kind=""),
                name="audit_verification_names_kind_and_place",
            ),
        ]
        indexes = [models.Index(fields=["-created_at"], name="audit_verification_by_time")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_intact(self) -> bool:
        return self.position is None
