from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.access.api.base import ReadOnlyUnitViewSet, UnitViewSet, action
from apps.access.api.bulk import BulkCreateMixin
from apps.catalog import services
from apps.catalog.api.serializers import (
    CategorySerializer,
    CountSerializer,
    PriceSerializer,
    ProductSerializer,
    QuantitySerializer,
    ReservationSerializer,
    StockMovementSerializer,
    StockSerializer,
    SupplierSerializer,
)
from apps.catalog.models import Category, Price, Product, Reservation, Stock, StockMovement, Supplier


class CategoryViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filterset_fields = ("number", "name")
    ordering_fields = ("number", "name")
    search_fields = ("number", "name")


class SupplierViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Supplier.objects.all()
    serializer_class = SupplierSerializer
    filterset_fields = ("number",)
    ordering_fields = ("number", "company")
    search_fields = ("number", "company")


class ProductViewSet(UnitViewSet):
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    http_method_names = ["get", "head", "post", "put", "patch"]
    filterset_fields = ("number", "category", "supplier")
    ordering_fields = ("number", "name")
    search_fields = ("number", "name")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        unit = self.target_unit(values)
        services.check_shelf(unit, category=values["category"], supplier=values.get("supplier"))
        serializer.save(unit=unit)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        product, values = cast("Product", serializer.instance), serializer.validated_data
        services.check_shelf(
            product.unit,
            category=values.get("category", product.category),
            supplier=values.get("supplier", product.supplier),
        )
        serializer.save()

    @action(verb="discontinue")
    def discontinue(self, request: Request, pk: str) -> Response:
        self.wish()
        return self.answer(services.discontinue(self.get_object()))

    @action(verb="receive", serializer_class=QuantitySerializer)
    def receive(self, request: Request, pk: str) -> Response:
        wish = self.wish()
        return self.stock(services.receive_stock(self.get_object(), **wish))

    @action(verb="reorder", serializer_class=QuantitySerializer)
    def reorder(self, request: Request, pk: str) -> Response:
        wish = self.wish()
        return self.stock(services.reorder(self.get_object(), **wish))

    @action(verb="correct", serializer_class=CountSerializer)
    def correct(self, request: Request, pk: str) -> Response:
        wish = self.wish()
        return self.stock(services.correct_stock(self.get_object(), **wish))

    def stock(self, stock: Stock) -> Response:
        return Response(StockSerializer(stock, context=self.get_serializer_context()).data)


class PriceViewSet(UnitViewSet):
    """A price is never changed: a new one begins."""

    queryset = Price.objects.all()
    serializer_class = PriceSerializer
    http_method_names = ["get", "head", "post"]
    filterset_fields = ("product", "valid_from")
    ordering_fields = ("valid_from",)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        self.target_unit(serializer.validated_data)
        serializer.instance = services.set_price(**serializer.validated_data)


class StockViewSet(ReadOnlyUnitViewSet):
    queryset = Stock.objects.all()
    serializer_class = StockSerializer
    filterset_fields = ("product",)
    ordering_fields = ("on_hand",)


class StockMovementViewSet(ReadOnlyUnitViewSet):
    queryset = StockMovement.objects.all()
    serializer_class = StockMovementSerializer
    filterset_fields = ("product",)
    ordering_fields = ("created_at",)


class ReservationViewSet(ReadOnlyUnitViewSet):
    queryset = Reservation.objects.all()
    serializer_class = ReservationSerializer
    filterset_fields = ("product", "holder")
    ordering_fields = ("created_at",)
