from typing import Any

from rest_framework import serializers

from apps.access.api.base import UnitSerializer, VerbSerializer, VisibleRelatedField
from apps.accounts.models import User
from apps.workforce.models import (
    Absence,
    Department,
    Employee,
    EmployeeTerritory,
    Position,
    Region,
    Territory,
)


class DepartmentSerializer(UnitSerializer):
    class Meta:
        model = Department
        fields = ["id", "unit", "name", "created_at", "updated_at"]


class PositionSerializer(UnitSerializer):
    class Meta:
        model = Position
        fields = ["id", "unit", "title", "created_at", "updated_at"]


class RegionSerializer(UnitSerializer):
    class Meta:
        model = Region
        fields = ["id", "unit", "number", "name", "created_at", "updated_at"]


class TerritorySerializer(UnitSerializer):
    class Meta:
        model = Territory
        fields = ["id", "unit", "number", "name", "region", "created_at", "updated_at"]


class EmployeeTerritorySerializer(UnitSerializer):
    class Meta:
        model = EmployeeTerritory
        fields = ["id", "unit", "employee", "territory", "created_at"]
        fixed_fields = ["employee", "territory"]


class EmployeeSerializer(UnitSerializer):
    """Without `view_hr_employee` in the employee's unit, only what is for everybody is there."""

    territories: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Employee
        fields = [
            *Employee.FOR_EVERYBODY,
            "courtesy_title",
            "reports_to",
            "email",
            "hired_on",
            "left_on",
            "birth_date",
            "address",
            "city",
            "region",
            "postal_code",
            "country",
            "home_phone",
            "mobile_phone",
            "notes",
            "user",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["left_on", "user"]
        fixed_fields = ["department", "position", "reports_to", "hired_on"]

    reserved = {"workforce.view_hr_employee": tuple(set(Meta.fields) - set(Employee.FOR_EVERYBODY))}


class AbsenceSerializer(UnitSerializer):
    class Meta:
        model = Absence
        fields = [
            "id",
            "unit",
            "employee",
            "kind",
            "starts_on",
            "ends_on",
            "state",
            "decided_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["state", "decided_at"]


class TransferSerializer(VerbSerializer):
    department = VisibleRelatedField(queryset=Department.objects.all())


class PromoteSerializer(VerbSerializer):
    position = VisibleRelatedField(queryset=Position.objects.all())


class AssignManagerSerializer(VerbSerializer):
    manager = VisibleRelatedField(queryset=Employee.objects.all(), allow_null=True)


class TerminateSerializer(VerbSerializer):
    last_day = serializers.DateField()
    successor = VisibleRelatedField(queryset=Employee.objects.all(), required=False)


class LinkAccountSerializer(VerbSerializer):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), allow_null=True)
    reason = serializers.CharField(max_length=500)


class ShortenSerializer(VerbSerializer):
    ends_on = serializers.DateField()
