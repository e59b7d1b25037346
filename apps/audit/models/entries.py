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
    Technical,
)
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
    (Action.PRUNED, _("pruned")),
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
        permissions = [
            ("report_auditevent", "Can write reports of the audit trail"),
            ("redact_auditevent", "Can erase personal values of the audit trail"),
        ]
        indexes = [
            models.Index(fields=["timestamp", "id"], name="audit_by_time"),
            models.Index(fields=["object_pk", "timestamp", "id"], name="audit_object_in_time"),
            models.Index(fields=["content_type", "timestamp", "id"], name="audit_model_in_time"),
            # Creations and changes are what most entries are: those of a period are found along its time.
            models.Index(
                fields=["action", "timestamp", "id"],
                name="audit_action_in_time",
                condition=models.Q(action__gte=2),
            ),
            models.Index(
                fields=["actor", "timestamp", "id"],
                name="audit_actor_in_time",
                condition=models.Q(actor__isnull=False),
            ),
            models.Index(
                fields=["unit", "timestamp", "id"], name="audit_unit_in_time", condition=models.Q(unit__isnull=False)
            ),
            models.Index(
                fields=["subject", "timestamp", "id"],
                name="audit_subject_in_time",
                condition=models.Q(subject__isnull=False),
            ),
            models.Index(fields=["cid", "timestamp", "id"], name="audit_request_in_time", condition=~models.Q(cid="")),
            models.Index(
                fields=["batch", "timestamp", "id"], name="audit_batch_in_time", condition=~models.Q(batch="")
            ),
            models.Index(fields=["txid", "id"], name="audit_by_transaction"),
            GinIndex(
                OpClass("additional_data", name="jsonb_path_ops"),
                name="audit_shown_by_row",
                condition=models.Q(action__in=(3, 4)),
            ),
            models.Index(
                fields=["txid", "id"],
                name="audit_to_watch",
                condition=models.Q(source="database") | models.Q(action=12),
            ),
            GinIndex(
                OpClass("changes", name="jsonb_path_ops"), name="audit_deleted_by_value", condition=models.Q(action=2)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
