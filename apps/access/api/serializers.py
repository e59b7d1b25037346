from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.access.api.base import StrictSerializer, VerbSerializer
from apps.access.models import Assignment, Unit, UnitRecord
from apps.accounts.models import User


class UnitSerializer(StrictSerializer):
    class Meta:
        model = Unit
        fields = ("id", "name", "slug", "path", "parent", "created_at", "updated_at")
        read_only_fields = ("path", "created_at", "updated_at")

    def get_fields(self) -> dict[str, Any]:
        """Where a unit stands is changed by moving it; its short name is part of every path below."""
        fields = super().get_fields()
        if self.instance is not None:
            for name in ("slug", "parent"):
                fields[name].read_only = True
        else:
            fields["parent"].required, fields["parent"].allow_null = True, False
        return fields


class MoveSerializer(VerbSerializer):
    below = serializers.PrimaryKeyRelatedField(queryset=Unit.objects.all())
    reason = serializers.CharField(max_length=500)


class ReasonSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=500)


class UserSerializer(StrictSerializer):
    class Meta:
        model = User
        fields = ("id", "email", "name", "kind", "is_active", "last_login", "created_at", "updated_at")
        read_only_fields = ("kind", "is_active", "last_login", "created_at", "updated_at")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["email"].read_only = self.instance is not None
        return fields


class RoleSerializer(StrictSerializer):
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Group
        fields = ("id", "name", "permissions")
        read_only_fields = fields

    def get_permissions(self, role: Group) -> list[str]:
        return sorted(f"{held.content_type.app_label}.{held.codename}" for held in role.permissions.all())


class AssignmentSerializer(StrictSerializer):
    role = serializers.SlugRelatedField(slug_field="name", queryset=Group.objects.all())
    reason = serializers.CharField(max_length=500, write_only=True)

    class Meta:
        model = Assignment
        fields = (
            "id",
            "user",
            "role",
            "unit",
            "valid_from",
            "valid_until",
            "granted_by",
            "reason",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("granted_by", "created_at", "updated_at")
        validators = ()


class GrantSerializer(serializers.Serializer[Any]):
    """One permission of one user on one row; `model` and `object` name the row."""

    user = serializers.UUIDField(source="user_id")
    model = serializers.CharField(source="content_object._meta.label_lower")
    object = serializers.UUIDField(source="content_object_id")
    permission = serializers.CharField(source="permission.codename")
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)


class GrantedRowSerializer(VerbSerializer):
    model = serializers.CharField(max_length=100)
    object = serializers.UUIDField()

    def validate_model(self, label: str) -> type[UnitRecord]:
        model = next((found for found in apps.get_models() if found._meta.label_lower == label), None)
        if model is None or not issubclass(model, UnitRecord):
            raise serializers.ValidationError(_("There is no such kind of row."), code="does_not_exist")
        return model


class RevokeSerializer(GrantedRowSerializer):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    permission = serializers.CharField(max_length=100)
    reason = serializers.CharField(max_length=500)


class GiveSerializer(RevokeSerializer):
    valid_until = serializers.DateTimeField(required=False, allow_null=True)


class MeSerializer(serializers.Serializer[Any]):
    """Who is asking: `permissions` maps each one to the paths of the units where it holds."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    permissions = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True)
