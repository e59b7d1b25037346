from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from apps.access.api.base import StrictSerializer, VerbSerializer
from apps.reports.models import Export


class ExportSerializer(StrictSerializer):
    resource = serializers.CharField(source="name", read_only=True)
    job = serializers.PrimaryKeyRelatedField(source="work", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(source="file.expires_at", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Export
        fields = ["id", "created_at", "source", "resource", "format", "job", "rows", "size", "expires_at"]
        read_only_fields = fields


class AskSerializer(VerbSerializer):
    """A list by the name in its address, narrowed by the parameters that the list itself takes."""

    resource = serializers.CharField(max_length=100)
    query = serializers.DictField(child=serializers.CharField(max_length=500, allow_blank=True), default=dict)
    format = serializers.ChoiceField(choices=Export.Format.choices)

    def validate_query(self, query: dict[str, str]) -> str:
        asked = QueryDict(mutable=True)
        asked.update(query)
        return asked.urlencode()


class ReportSerializer(serializers.Serializer[Any]):
    name = serializers.SlugField(source="slug")
    title = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())


class RunSerializer(VerbSerializer):
    format = serializers.ChoiceField(choices=Export.Format.choices)
