from rest_framework import serializers

from apps.access.api.base import UnitSerializer, VerbSerializer
from tests.sample.models import Deal, Line, Person


class PersonSerializer(UnitSerializer):
    class Meta:
        model = Person
        fields = ["id", "unit", "number", "name", "email", "created_at", "updated_at"]


class DealSerializer(UnitSerializer):
    class Meta:
        model = Deal
        fields = ["id", "unit", "number", "buyer", "agent", "total", "closed_at"]
        read_only_fields = ["closed_at"]


class LineSerializer(UnitSerializer):
    class Meta:
        model = Line
        fields = ["id", "unit", "deal", "what", "quantity"]


class CloseSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=200)
