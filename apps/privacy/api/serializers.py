from rest_framework import serializers

from apps.access.api.base import StrictSerializer, VerbSerializer
from apps.privacy.models import PrivacyRequest
from apps.privacy.services import MOST_SUBJECTS


class PrivacyRequestSerializer(StrictSerializer):
    """`subjects` are the rows that are the person, as in `customers.contact:018f…`."""

    subjects = serializers.ListField(
        child=serializers.CharField(max_length=150), min_length=1, max_length=MOST_SUBJECTS
    )
    job = serializers.UUIDField(source="work", read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(source="package.expires_at", read_only=True, default=None)

    class Meta:
        model = PrivacyRequest
        fields = (
            "id",
            "kind",
            "state",
            "subjects",
            "received_on",
            "due_on",
            "rule",
            "asked_by",
            "note",
            "job",
            "rows",
            "redacted",
            "withheld",
            "missing",
            "expires_at",
            "reason",
            "finished_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = tuple(set(fields) - {"subjects", "received_on", "note"})


class EndRequestSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=500)
