from rest_framework import serializers

from apps.access.api.base import UnitSerializer, VerbSerializer, VisibleRelatedField
from apps.customers.models import Address, Contact, Customer


class CustomerSerializer(UnitSerializer):
    class Meta:
        model = Customer
        fields = [
            "id",
            "unit",
            "number",
            "kind",
            "name",
            "email",
            "phone",
            "status",
            "closed_at",
            "merged_into",
            "credit_limit",
            "credit_currency",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["status", "closed_at", "merged_into"]


class ContactSerializer(UnitSerializer):
    class Meta:
        model = Contact
        fields = ["id", "unit", "customer", "name", "title", "email", "phone", "created_at", "updated_at"]
        fixed_fields = ["customer"]


class AddressSerializer(UnitSerializer):
    class Meta:
        model = Address
        fields = [
            "id",
            "unit",
            "customer",
            "kind",
            "lines",
            "city",
            "region",
            "postal_code",
            "country",
            "created_at",
            "updated_at",
        ]
        fixed_fields = ["customer"]


class CloseSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=500)


class MergeSerializer(VerbSerializer):
    survivor = VisibleRelatedField(queryset=Customer.objects.all())
