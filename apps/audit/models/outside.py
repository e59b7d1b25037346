from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import Classification, Technical


class WatchedUntil(models.Model):
    """How far the trail was looked through for what was written past the application; there is one row."""

    id = models.PositiveSmallIntegerField(_("number"), primary_key=True, default=1)
    cluster = models.CharField(_("database cluster"), max_length=20, blank=True)
    txid = models.BigIntegerField(_("transaction"), default=0)
    """Everything below it was looked at. Transaction numbers start anew in another cluster."""
    event = models.BigIntegerField(_("entry"), default=0)

    classification = Classification(fields={"id cluster txid event": Technical()})

    class Meta:
        verbose_name = _("place of the watch")
        verbose_name_plural = _("places of the watch")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="audit_one_place_of_the_watch")]

    def __str__(self) -> str:
        return str(self.pk)
