from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import Classification, Technical
from apps.kernel.trail import Action


class RefusalCount(models.Model):
    """How often somebody was refused, or failed to sign in, within a minute: the first times are entries, the others
    become one.
    """

    who = models.CharField(_("who"), max_length=36, blank=True)
    """Key of whoever was refused, or of the account that was tried; empty for everybody whom nobody knows."""
    action = models.PositiveSmallIntegerField(_("action"), default=Action.REFUSED, db_default=Action.REFUSED)
    minute = models.DateTimeField(_("minute"))
    count = models.PositiveIntegerField(_("count"))

    classification = Classification(fields={"id who action minute count": Technical()})

    class Meta:
        verbose_name = _("count of refusals")
        verbose_name_plural = _("counts of refusals")
        constraints = [models.UniqueConstraint(fields=["minute", "who", "action"], name="audit_refusals_of_a_minute")]

    def __str__(self) -> str:
        return str(self.pk)
