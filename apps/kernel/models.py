from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class Record(models.Model):
    """A row with a key that says when it was made (UUIDv7, RFC 9562) and nothing about whom it concerns."""

    id = models.UUIDField(_("key"), primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True
