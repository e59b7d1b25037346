"""The sealed log: leaves, the tree above them, and the checkpoints that sign it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.kernel.classification import (
    Classification,
    NotPersonal,
    Secret,
    Technical,
)


class AuditLeaf(models.Model):
    """One sealed entry: the exact bytes that were hashed, at its place in the log. Written once.

    The line is empty once its period is over and it was pruned; the hash keeps its place.
    """

    sequence = models.BigIntegerField(_("position"), primary_key=True)
    event = models.BigIntegerField(_("entry"), unique=True)
    line = models.BinaryField(_("line"))
    hash = models.BinaryField(_("hash"), max_length=32)
    reason_salt = models.CharField(_("salt of the reason"), max_length=32, blank=True)
    address_salt = models.CharField(_("salt of the address"), max_length=32, blank=True)
    """The reason and the address are columns of the entry. Their salts are erased with them."""

    classification = Classification(
        fields={
            "sequence event hash": Technical(),
            "line": NotPersonal("keys, digests and what is not personal", reviewer="audit: written by leaves.py"),
            "reason_salt address_salt": Secret(export="omit"),
        },
    )

    class Meta:
        verbose_name = _("sealed entry")
        verbose_name_plural = _("sealed entries")

    def __str__(self) -> str:
        return str(self.sequence)


class AuditTile(models.Model):
    """256 neighbouring hashes of one level of the tree, written once when all of them are known.

    A hash of level `n` covers 256 ** n leaves (the tiles of C2SP `tlog-tiles`).
    """

    level = models.PositiveSmallIntegerField(_("level"))
    index = models.BigIntegerField(_("index"))
    hashes = models.BinaryField(_("hashes"), max_length=8192)

    classification = Classification(fields={"id level index hashes": Technical()})

    class Meta:
        verbose_name = _("tile of the tree")
        verbose_name_plural = _("tiles of the tree")
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="audit_tile_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class AuditCheckpoint(models.Model):
    """A signed statement of how long the log is and what its root is, also when nothing was added."""

    size = models.BigIntegerField(_("entries"))
    signed_at = models.DateTimeField(_("signed at"))
    note = models.TextField(_("note"))
    cluster = models.CharField(_("database cluster"), max_length=20)
    txid = models.BigIntegerField(_("transaction"), default=0)
    event = models.BigIntegerField(_("entry"), default=0)
    """How far the sealer has come: everything up to this entry of this transaction, in the order of (txid, id), is
    sealed. Transaction numbers start anew in another cluster.
    """

    classification = Classification(
        fields={
            "id size signed_at cluster txid event": Technical(),
            "note": NotPersonal("a size, a hash, a moment and signatures", reviewer="audit: written by notes.py"),
        },
    )

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        indexes = [models.Index(fields=["size", "id"], name="audit_checkpoint_by_size")]

    def __str__(self) -> str:
        return str(self.size)
