from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.access.models import Unit
from apps.catalog.models import Category, Product
from apps.catalog.services import receive_stock, set_price
from apps.customers.models import Customer
from apps.orders import services
from apps.orders.models import Order
from apps.orders.services import Wish

DAY = date(2024, 5, 6)
WAYS = {
    "placed": ("place_order",),
    "paid": ("place_order", "pay_order"),
    "shipped": ("place_order", "pay_order", "ship_order"),
    "delivered": ("place_order", "pay_order", "ship_order", "deliver_order"),
    "cancelled": ("cancel_order",),
    "returned": ("place_order", "pay_order", "ship_order", "return_order"),
}
"""State → the services that lead there from a draft."""
WORDS: dict[str, dict[str, Any]] = {
    "cancel_order": {"reason": "test"},
    "return_order": {"reason": "test", "restock": False},
}


def take(step: str, order: Order) -> Order:
    return getattr(services, step)(order, on=DAY, **WORDS.get(step, {}))


@pytest.fixture
def make_product() -> Callable[..., Product]:
    """`make_product(unit, on_hand=10, price="5")`"""

    def make(unit: Unit, *, on_hand: int = 100, price: str | None = "10", **fields: Any) -> Product:
        number = f"P-{Product.objects.count() + 1}"
        category, _ = Category.objects.get_or_create(unit=unit, number="1", defaults={"name": "Goods"})
        product = Product.objects.create(unit=unit, number=number, name=number, category=category, **fields)
        if on_hand:
            receive_stock(product, quantity=on_hand)
        if price is not None:
            set_price(product, currency="EUR", amount=Decimal(price), valid_from=date(2020, 1, 1))
        return product

    return make


@pytest.fixture
def make_customer() -> Callable[..., Customer]:
    def make(unit: Unit, **fields: Any) -> Customer:
        number = f"C-{Customer.objects.count() + 1}"
        return Customer.objects.create(unit=unit, number=number, name=f"Customer {number}", **fields)

    return make


@pytest.fixture
def product(make_product, unit) -> Product:
    return make_product(unit)


@pytest.fixture
def customer(make_customer, unit) -> Customer:
    return make_customer(unit)


@pytest.fixture
def make_order(unit, customer, product) -> Callable[..., Order]:
    """`make_order("paid", lines=[Wish(…)])`: an order of two pieces, brought into that state by its services."""

    def make(status: str = "draft", *, lines: list[Wish] | None = None, **fields: Any) -> Order:
        wishes = [Wish(product=product, quantity=2)] if lines is None else lines
        order = services.create_order(unit, customer=customer, lines=wishes, **fields)
        for step in WAYS.get(status, ()):
            order = take(step, order)
        return Order.objects.get(pk=order.pk)

    return make
