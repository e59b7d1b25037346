from typing import Any

from auditlog.models import AbstractLogEntry
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.classification import (
    Actor,
    Classification,
    FreeText,
    Generic,
    Identifier,
    Linked,
    NotPersonal,
    Opaque,
    Ref,
    Retention,
    Secret,
    Technical,
)
from apps.kernel.models import Record
from apps.kernel.trail import Action

ACTIONS = [
    (Action.CREATE, _("created")),
    (Action.UPDATE, _("changed")),
    (Action.DELETE, _("deleted")),
    (Action.ACCESS, _("read")),
    (Action.EXPORT, _("exported")),
    (Action.LOGIN, _("signed in")),
    (Action.LOGOUT, _("signed out")),
    (Action.LOGIN_FAILED, _("failed to sign in")),
    (Action.REFUSED, _("was refused")),
    (Action.TOKEN_ISSUED, _("token issued")),
    (Action.TOKEN_REVOKED, _("token revoked")),
    (Action.REDACTED, _("redacted")),
    (Action.DDL, _("changed the schema")),
    (Action.OPERATED, _("decided about background work")),
]


class TransactionIdField(models.BigIntegerField):
    """PostgreSQL's `xid8`, which never wraps and tells the sealer which transactions are over."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: str | int | None, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:  # noqa: FBT001, FBT002
        """As text: PostgreSQL compares `xid8` with no number."""
        return None if value is None else str(value)


class AuditEvent(AbstractLogEntry):
    """One thing that happened to one row, or one act that changed none. Written by the database alone.

    The table is partitioned by month, so its key there is (id, timestamp); `id` alone is unique. Keys into other
    tables have no constraint: an entry outlives what it names.
    """

    object_id = None
    object_repr = None
    serialized_data = None
    changes_text = None
    remote_port = None
    actor_email = None

    id = models.BigAutoField(_("number"), primary_key=True)
    timestamp = models.DateTimeField(_("time"), editable=False)
    txid = TransactionIdField(_("transaction"), editable=False)
    action = models.PositiveSmallIntegerField(_("action"), choices=ACTIONS)
    content_type = models.ForeignKey(
        "contenttypes.ContentType",
        models.DO_NOTHING,
        verbose_name=_("kind"),
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    object_pk = models.CharField(_("key of the record"), max_length=255, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    """`{field: [old, new]}` of fields that hold nothing personal; `[null, null]` for a secret that changed."""
    personal = models.JSONField(_("personal changes"), default=dict)
    """`{field: [salt, old, new]}` of personal fields: the part of the entry that can be erased."""
    additional_data = models.JSONField(_("details"), default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        verbose_name=_("actor"),
        null=True,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    source = models.CharField(_("source"), max_length=100)
    cid = models.CharField(_("request"), max_length=64, blank=True)
    remote_addr = models.GenericIPAddressField(_("address"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    batch = models.CharField(_("batch"), max_length=64, blank=True)
    unit = models.ForeignKey(
        "access.Unit",
        models.DO_NOTHING,
        verbose_name=_("unit"),
        null=True,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    subject = models.UUIDField(_("subject"), null=True)
    """Key of the person's record that the row is about, or of the record it is a part of."""
    db_user = models.CharField(_("database login"), max_length=63)
    application_name = models.CharField(_("application"), max_length=63, blank=True)

    classification = Classification(
        activity="platform.audit",
        edges={
            "content_type": Ref(),
            "object": Generic(ct="content_type", pk="object_pk"),
            "about": Generic(ct="", pk="subject"),
            "actor": Actor("who did it"),
            "unit": Ref(),
        },
        fields={
            "id timestamp action content_type object_pk actor batch unit subject": Technical(),
            "source cid": Technical(about="actor"),
            "txid db_user application_name": Technical(export="omit"),
            "changes": NotPersonal(
                "fields that are not personal", reviewer="audit: the triggers split by classification"
            ),
            "additional_data": NotPersonal("keys and counts", reviewer="audit"),
            "personal": Linked("pd:Communication", origin="observed", about="any", erase=Opaque(), export="review"),
            "remote_addr": Identifier("pd:IPAddress", origin="observed", about="actor"),
            "reason": FreeText(about="any", export="review"),
        },
        erase_row="keep",
    )
    objects = AuditEventQuerySet.as_manager()

    class Meta(AbstractLogEntry.Meta):
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-timestamp", "-id"]
        permissions = [("report_auditevent", "Can write reports of the audit trail")]
        indexes = [
            models.Index(fields=["timestamp", "id"], name="audit_by_time"),
            models.Index(fields=["content_type", "object_pk", "timestamp"], name="audit_by_object"),
            models.Index(fields=["actor", "timestamp"], name="audit_by_actor", condition=models.Q(actor__isnull=False)),
            models.Index(fields=["unit", "timestamp"], name="audit_by_unit", condition=models.Q(unit__isnull=False)),
            models.Index(fields=["subject"], name="audit_by_subject", condition=models.Q(subject__isnull=False)),
            models.Index(fields=["cid"], name="audit_by_request", condition=~models.Q(cid="")),
            models.Index(fields=["batch"], name="audit_by_batch", condition=~models.Q(batch="")),
            models.Index(fields=["txid", "id"], name="audit_by_transaction"),
            GinIndex(
                OpClass("changes", name="jsonb_path_ops"), name="audit_deleted_by_value", condition=models.Q(action=2)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class AuditLeaf(models.Model):
    """One sealed entry: the exact bytes that were hashed, at its place in the log. Written once."""

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


class Alert(Record):
    """Something about the trail that somebody must look into and answer in writing."""

    class Rule(models.TextChoices):
        VERIFY = "verify", _("The log does not verify")
        KEY = "key", _("The key of the seal cannot be used")
        SINK = "sink", _("A receiver of checkpoints is silent")
        OUTSIDE = "outside", _("Somebody wrote past the application")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        EXPLAINED = "explained", _("explained")
        ESCALATED = "escalated", _("escalated")

    rule = models.CharField(_("what"), max_length=10, choices=Rule)
    about = models.CharField(_("about"), max_length=100, blank=True)
    """Which one, where a rule speaks of several: a receiver's name, a database login."""
    details = models.JSONField(_("details"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField(_("reason"), blank=True, max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    classification = Classification(
        activity="platform.audit",
        edges={"decided_by": Actor("who answered for it")},
        fields={
            "id created_at updated_at rule about state decided_by decided_at": Technical(),
            "details": NotPersonal("positions, counts and names of receivers", reviewer="audit"),
            "reason": FreeText(about="any", export="review"),
        },
        retention=Retention(anchor="created_at", keep="P3Y", law="Art. 5(2) GDPR", then="delete"),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        permissions = [("decide_alert", _("Can answer an alert"))]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "about"], condition=models.Q(state="open"), name="audit_alert_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") | ~models.Q(reason=""),
                name="audit_alert_answered_in_writing",
                violation_error_message=_("An alert is answered with a reason."),
            ),
        ]
        indexes = [models.Index(fields=["state", "-created_at"], name="audit_alert_by_state")]

    def __str__(self) -> str:
        return self.get_rule_display()
