from rest_framework import serializers

from apps.access.api.base import UnitSerializer, VerbSerializer
from apps.catalog.models import Category, Price, Product, Reservation, Stock, StockMovement, Supplier


class CategorySerializer(UnitSerializer):
    class Meta:
        model = Category
        fields = ["id", "unit", "number", "name", "description", "created_at", "updated_at"]


class SupplierSerializer(UnitSerializer):
    class Meta:
        model = Supplier
        fields = [
            "id",
            "unit",
            "number",
            "company",
            "contact_name",
            "contact_title",
            "email",
            "phone",
            "fax",
            "street",
            "city",
            "region",
            "postal_code",
            "country",
            "homepage",
            "created_at",
            "updated_at",
        ]


class ProductSerializer(UnitSerializer):
    class Meta:
        model = Product
        fields = [
            "id",
            "unit",
            "number",
            "name",
            "category",
            "supplier",
            "quantity_per_unit",
            "reorder_level",
            "tax_rate",
            "is_discontinued",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["is_discontinued"]


class PriceSerializer(UnitSerializer):
    class Meta:
        model = Price
        fields = ["id", "unit", "product", "currency", "amount", "valid_from", "created_at"]


class StockSerializer(UnitSerializer):
    available = serializers.IntegerField(read_only=True)

    class Meta:
        model = Stock
        fields = ["id", "unit", "product", "on_hand", "reserved", "available", "on_order", "updated_at"]


class StockMovementSerializer(UnitSerializer):
    class Meta:
        model = StockMovement
        fields = ["id", "unit", "product", "kind", "quantity", "holder", "created_at"]


class ReservationSerializer(UnitSerializer):
    class Meta:
        model = Reservation
        fields = ["id", "unit", "product", "holder", "quantity", "status", "created_at", "updated_at"]


class QuantitySerializer(VerbSerializer):
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)


class CountSerializer(VerbSerializer):
    counted = serializers.IntegerField(min_value=0, max_value=1_000_000_000)
    reason = serializers.CharField(max_length=500)
