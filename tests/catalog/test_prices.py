"""A price holds from its day until the next one begins."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.catalog import services
from apps.catalog.models import Price
from apps.events.models import PublishedEvent
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections


def test_the_price_of_a_day_is_the_latest_that_had_begun(make_product, unit):
    product = make_product(unit)
    services.set_price(product, currency="EUR", amount=Decimal("10"), valid_from=date(2024, 1, 1))
    services.set_price(product, currency="EUR", amount=Decimal("12.50"), valid_from=date(2024, 7, 1))
    services.set_price(product, currency="USD", amount=Decimal("11"), valid_from=date(2024, 1, 1))

    def amounts(day: date) -> list[tuple[str, Decimal]]:
        return list(product.prices.valid_on(day).values_list("currency", "amount"))

    assert amounts(date(2023, 12, 31)) == []
    assert amounts(date(2024, 6, 30)) == [("EUR", Decimal("10.0000")), ("USD", Decimal("11.0000"))]
    assert amounts(date(2024, 7, 1)) == [("EUR", Decimal("12.5000")), ("USD", Decimal("11.0000"))]


def test_two_prices_of_one_day_are_refused_by_the_service_and_by_the_database(make_product, unit):
    product = make_product(unit)
    first = services.set_price(product, currency="EUR", amount=Decimal("10"), valid_from=date(2024, 1, 1))

    with pytest.raises(services.PriceTaken):
        services.set_price(product, currency="EUR", amount=Decimal("11"), valid_from=date(2024, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.create(unit=unit, product=product, currency="EUR", amount=11, valid_from=date(2024, 1, 1))

    assert product.prices.get() == first
    assert PublishedEvent.objects.filter(name="catalog.price_changed").count() == 1


def test_a_discontinued_product_is_neither_reserved_nor_reordered(make_product, unit):
    product = make_product(unit, on_hand=5)
    services.discontinue(product)

    with pytest.raises(services.ProductWithdrawn):
        services.reserve({product.pk: 1}, holder=product.pk)
    with pytest.raises(services.ProductWithdrawn):
        services.reorder(product, quantity=1)
    with pytest.raises(services.AlreadyDiscontinued):
        services.discontinue(product)

    assert product.stock.reserved == 0
    assert PublishedEvent.objects.filter(name="catalog.product_discontinued").count() == 1


def test_somebody_above_may_object_to_discontinuing(make_product, unit, monkeypatch):
    product = make_product(unit)
    question = Objections("catalog.discontinue")
    monkeypatch.setattr(question, "_answers", [lambda _product: BusinessError("Still wanted.")])

    with pytest.raises(BusinessError, match="Still wanted"):
        services.discontinue(product)

    product.refresh_from_db()
    assert product.is_discontinued is False
