from collections.abc import Callable
from typing import Any

import pytest

from apps.access.models import Unit
from apps.catalog.models import Category, Product
from apps.catalog.services import receive_stock

MakeProduct = Callable[..., Product]


@pytest.fixture
def make_product() -> MakeProduct:
    """`make_product(unit, on_hand=10)`: a product on a shelf of that unit."""

    def make(unit: Unit, *, on_hand: int = 0, **fields: Any) -> Product:
        number = fields.pop("number", f"P-{Product.objects.count() + 1}")
        category, _ = Category.objects.get_or_create(unit=unit, number="1", defaults={"name": "Goods"})
        product = Product.objects.create(
            unit=unit, number=number, name=f"Product {number}", category=category, **fields
        )
        if on_hand:
            receive_stock(product, quantity=on_hand)
        return product

    return make
