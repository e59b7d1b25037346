from collections.abc import Callable
from typing import Any, cast

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.access.api.base import UnitViewSet, action
from apps.access.api.bulk import BulkCreateMixin
from apps.orders import services
from apps.orders.api.filters import OrderFilter
from apps.orders.api.serializers import (
    CancelSerializer,
    OrderSerializer,
    ReturnSerializer,
    ShipperSerializer,
)
from apps.orders.models import Order, Shipper


class ShipperViewSet(BulkCreateMixin, UnitViewSet):
    queryset = Shipper.objects.all()
    serializer_class = ShipperSerializer
    filterset_fields = ("number",)
    ordering_fields = ("number",)


class OrderViewSet(UnitViewSet):
    queryset = Order.objects.with_lines()
    serializer_class = OrderSerializer
    http_method_names = ["get", "head", "post", "put", "patch"]
    filterset_class = OrderFilter
    ordering_fields = ("number", "placed_on", "total")
    search_fields = ("number",)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = _with_wishes(serializer.validated_data)
        unit = self.target_unit(values)
        values.pop("unit", None)
        serializer.instance = services.create_order(unit, **values)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        order = cast("Order", serializer.instance)
        serializer.instance = services.change_order(order, **_with_wishes(serializer.validated_data))

    @action(verb="place")
    def place(self, request: Request, pk: str) -> Response:
        return self.step(services.place_order)

    @action(verb="pay")
    def pay(self, request: Request, pk: str) -> Response:
        return self.step(services.pay_order)

    @action(verb="ship")
    def ship(self, request: Request, pk: str) -> Response:
        return self.step(services.ship_order)

    @action(verb="deliver")
    def deliver(self, request: Request, pk: str) -> Response:
        return self.step(services.deliver_order)

    @action(verb="cancel", serializer_class=CancelSerializer)
    def cancel(self, request: Request, pk: str) -> Response:
        return self.step(services.cancel_order)

    @action(verb="return", url_path="return", serializer_class=ReturnSerializer)
    def take_back(self, request: Request, pk: str) -> Response:
        """Take the goods of an order back."""
        return self.step(services.return_order)

    def step(self, service: Callable[..., Order]) -> Response:
        return self.answer(service(self.get_object(), on=timezone.localdate(), **self.wish()))


def _with_wishes(values: dict[str, Any]) -> dict[str, Any]:
    if "lines" not in values:
        return values
    return {**values, "lines": [services.Wish(**line) for line in values["lines"]]}
