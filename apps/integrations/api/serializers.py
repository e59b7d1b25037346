from typing import Any

from django.conf import settings
from rest_framework import serializers

from apps.access.api.base import StrictSerializer, UnitField, VerbSerializer
from apps.access.models import Unit
from apps.events.models import PublishedEvent, Work
from apps.integrations.models import ImportBatch


class ImportSerializer(StrictSerializer):
    files = serializers.SlugRelatedField(many=True, read_only=True, slug_field="name")
    job = serializers.UUIDField(source="work", read_only=True, allow_null=True)
    report = serializers.SerializerMethodField()

    class Meta:
        model = ImportBatch
        fields = [
            "id",
            "created_at",
            "unit",
            "profile",
            "state",
            "requested_by",
            "skip_bad",
            "files",
            "created_count",
            "changed_count",
            "bad_count",
            "report",
            "job",
            "finished_at",
            "undone_at",
        ]
        read_only_fields = fields

    def get_report(self, batch: ImportBatch) -> dict[str, Any]:
        """Counts by model and file; the bad rows have a page of their own."""
        return {key: value for key, value in batch.report.items() if key != "bad_rows"}


class BadRowSerializer(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField()
    column = serializers.CharField()
    model = serializers.CharField()
    field = serializers.CharField()
    value_class = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()


class BadRowsSerializer(serializers.Serializer[Any]):
    results = BadRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class UploadSerializer(VerbSerializer):
    """A multipart form: the profile, the unit and one part `file` for each CSV file, or one zip of all."""

    profile = serializers.CharField(max_length=100)
    unit = UnitField(queryset=Unit.objects.none())
    file = serializers.ListField(
        child=serializers.FileField(), allow_empty=False, max_length=settings.DATA_UPLOAD_MAX_NUMBER_FILES
    )


class ConfirmSerializer(VerbSerializer):
    skip_bad = serializers.BooleanField(default=False)


class JobSerializer(StrictSerializer):
    error = serializers.CharField(source="last_error", read_only=True)
    result = serializers.SerializerMethodField()

    class Meta:
        model = Work
        fields = [
            "id",
            "created_at",
            "kind",
            "name",
            "state",
            "unit",
            "requested_by",
            "done",
            "total",
            "note",
            "attempts",
            "max_attempts",
            "due_at",
            "started_at",
            "finished_at",
            "cancel_asked",
            "error",
            "result",
        ]
        read_only_fields = fields

    def get_result(self, work: Work) -> dict[str, Any]:
        """Links and refusals are for the person who asked; whoever watches sees the counts."""
        return work.result if work.requested_by == self.context["request"].user.pk else work.counts


class EventSerializer(StrictSerializer):
    class Meta:
        model = PublishedEvent
        fields = ["id", "created_at", "name", "aggregate", "unit", "payload"]
        read_only_fields = fields
