from rest_framework import serializers

from apps.access.api.base import StrictSerializer, UnitSerializer, VerbSerializer
from apps.orders.models import Order, OrderLine, Shipper


class ShipperSerializer(UnitSerializer):
    class Meta:
        model = Shipper
        fields = ["id", "unit", "number", "name", "phone", "created_at", "updated_at"]


class OrderLineSerializer(StrictSerializer):
    class Meta:
        model = OrderLine
        fields = ["id", "product", "quantity", "unit_price", "discount", "tax_rate", "net", "tax"]
        extra_kwargs = {"unit_price": {"required": False}, "tax_rate": {"required": False}}


class OrderSerializer(UnitSerializer):
    lines = OrderLineSerializer(many=True, max_length=500)  # type: ignore[call-arg]
    allowed = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "unit",
            "number",
            "status",
            "allowed",
            "customer",
            "agent",
            "shipper",
            "required_on",
            "placed_on",
            "paid_on",
            "shipped_on",
            "delivered_on",
            "ended_on",
            "ship_name",
            "ship_street",
            "ship_city",
            "ship_region",
            "ship_postal_code",
            "ship_country",
            "currency",
            "freight",
            "discount",
            "net",
            "tax",
            "total",
            "lines",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [
            "number",
            "status",
            "placed_on",
            "paid_on",
            "shipped_on",
            "delivered_on",
            "ended_on",
            "net",
            "tax",
            "total",
        ]


class CancelSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=500)


class ReturnSerializer(VerbSerializer):
    reason = serializers.CharField(max_length=500)
    restock = serializers.BooleanField()
