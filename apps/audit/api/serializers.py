from typing import Any

from rest_framework import serializers

from apps.access.api.base import StrictSerializer, VerbSerializer
from apps.audit import timeline
from apps.audit.models import Alert, AuditEvent, LegalHold
from apps.kernel.trail import Action


class AuditEventSerializer(StrictSerializer):
    action = serializers.SerializerMethodField()
    model = serializers.SerializerMethodField()
    object = serializers.CharField(source="object_pk", read_only=True)
    actor = serializers.UUIDField(source="actor_id", read_only=True, allow_null=True)
    actor_name = serializers.SerializerMethodField()
    request = serializers.CharField(source="cid", read_only=True)
    address = serializers.IPAddressField(source="remote_addr", read_only=True, allow_null=True)
    unit = serializers.UUIDField(source="unit_id", read_only=True, allow_null=True)
    changes = serializers.SerializerMethodField()
    details = serializers.JSONField(source="additional_data", read_only=True)
    database_login = serializers.CharField(source="db_user", read_only=True)
    application = serializers.CharField(source="application_name", read_only=True)

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "timestamp",
            "action",
            "model",
            "object",
            "actor",
            "actor_name",
            "source",
            "request",
            "address",
            "reason",
            "batch",
            "unit",
            "subject",
            "changes",
            "details",
            "database_login",
            "application",
        ]
        read_only_fields = fields

    def get_action(self, event: AuditEvent) -> str:
        return Action(event.action).name.lower()

    def get_model(self, event: AuditEvent) -> str:
        kind = timeline.kind_of(event)
        return f"{kind.app_label}.{kind.model}"

    def get_actor_name(self, event: AuditEvent) -> str:
        return timeline.who(event)

    def get_changes(self, event: AuditEvent) -> dict[str, list[Any]]:
        return timeline.pairs_of(event)


class AlertSerializer(StrictSerializer):
    """`details` are the figures on which the rule decided: counts, limits and days."""

    class Meta:
        model = Alert
        fields = [
            "id",
            "rule",
            "about",
            "actor",
            "details",
            "state",
            "reason",
            "decided_by",
            "decided_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class AnswerSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=2000)


class LegalHoldSerializer(StrictSerializer):
    """What is left out narrows nothing: a hold that names nothing holds everything."""

    object = serializers.CharField(source="object_pk", max_length=255, required=False)

    class Meta:
        model = LegalHold
        fields = [
            "id",
            "model",
            "object",
            "subject",
            "first_on",
            "last_on",
            "reason",
            "set_by",
            "released_at",
            "released_by",
            "release_reason",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "set_by", "released_at", "released_by", "release_reason", "created_at", "updated_at"]
