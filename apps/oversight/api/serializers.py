from typing import Any

from rest_framework import serializers

from apps.access.api.base import StrictSerializer, VerbSerializer
from apps.accounts.models import User
from apps.audit.reports.formats import FORMATS
from apps.audit.reports.kinds import KINDS
from apps.oversight.models import ReportDefinition, ReportRun


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.SlugField()
    title = serializers.CharField()
    type = serializers.CharField(source="type.name")
    help = serializers.CharField(source="type.help")
    required = serializers.BooleanField()


class KindSerializer(serializers.Serializer[Any]):
    kind = serializers.SlugField(source="slug")
    title = serializers.CharField()
    answers = serializers.CharField()
    parameters = ParameterSerializer(many=True)


class ReportDefinitionSerializer(StrictSerializer):
    """`parameters` are the answers to what the kind asks for; an e-mail address is kept as the key of its user."""

    kind = serializers.ChoiceField(choices=[(slug, slug) for slug in KINDS])
    format = serializers.ChoiceField(choices=[(slug, slug) for slug in FORMATS])
    parameters = serializers.DictField(child=serializers.CharField(max_length=300), required=False)
    recipients = serializers.PrimaryKeyRelatedField(many=True, required=False, queryset=User.objects.all())

    class Meta:
        model = ReportDefinition
        fields = [
            "id",
            "title",
            "kind",
            "parameters",
            "format",
            "period",
            "since",
            "until",
            "schedule",
            "due_at",
            "owner",
            "recipients",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["due_at", "owner", "created_at", "updated_at"]


class ReportRunSerializer(StrictSerializer):
    job = serializers.PrimaryKeyRelatedField(source="work", read_only=True)
    state = serializers.CharField(source="work.state", read_only=True, default=None, allow_null=True)
    done = serializers.IntegerField(source="work.done", read_only=True, default=None, allow_null=True)
    total = serializers.IntegerField(source="work.total", read_only=True, default=None, allow_null=True)
    step = serializers.CharField(source="work.note", read_only=True, default=None, allow_null=True)
    error = serializers.CharField(source="work.last_error", read_only=True, default=None, allow_null=True)
    size = serializers.IntegerField(source="file.size", read_only=True, default=None, allow_null=True)
    expires_at = serializers.DateTimeField(source="file.expires_at", read_only=True, default=None, allow_null=True)

    class Meta:
        model = ReportRun
        fields = [
            "id",
            "definition",
            "due_at",
            "since",
            "until",
            "format",
            "requested_by",
            "job",
            "state",
            "done",
            "total",
            "step",
            "error",
            "entries",
            "size",
            "expires_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class RunSerializer(VerbSerializer):
    """A saved report says everything itself."""
