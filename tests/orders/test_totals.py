"""Money: every amount rounded half up to cents, line by line."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.catalog.services import set_price
from apps.orders import services
from apps.orders.models import Order, OrderLine
from apps.orders.services import Wish
from tests.orders.conftest import DAY


@pytest.mark.parametrize(
    ("quantity", "unit_price", "discount", "tax_rate", "net", "tax"),
    [
        (1, "10", "0", "0", "10.00", "0.00"),
        (3, "9.99", "0", "0.19", "29.97", "5.69"),
        (1, "0.125", "0", "0", "0.13", "0.00"),
        (1, "0.1249", "0", "0", "0.12", "0.00"),
        (1, "0.135", "0", "0", "0.14", "0.00"),
        (1, "1", "0.005", "0", "1.00", "0.00"),
        (1, "1", "0.0051", "0", "0.99", "0.00"),
        (7, "12.3456", "0.15", "0.07", "73.46", "5.14"),
        (1, "0.50", "0", "0.19", "0.50", "0.10"),
        (1, "0.50", "0", "0.01", "0.50", "0.01"),
        (10, "14", "0.05", "0.2", "133.00", "26.60"),
        (5, "100", "1", "0.19", "0.00", "0.00"),
        (1_000_000, "9999.9999", "0", "0.25", "9999999900.00", "2499999975.00"),
    ],
)
def test_a_line_is_rounded_half_up(make_order, product, quantity, unit_price, discount, tax_rate, net, tax):
    wish = Wish(
        product=product,
        quantity=quantity,
        unit_price=Decimal(unit_price),
        discount=Decimal(discount),
        tax_rate=Decimal(tax_rate),
    )

    line = make_order(lines=[wish]).lines.get()

    assert (line.net, line.tax) == (Decimal(net), Decimal(tax))


def test_an_order_is_the_sum_of_its_rounded_lines(make_order, make_product, unit):
    third = {"quantity": 1, "unit_price": Decimal("0.335"), "tax_rate": Decimal("0.19")}
    lines = [
        Wish(product=make_product(unit), **third),
        Wish(product=make_product(unit), **third),
        Wish(product=make_product(unit), quantity=2, unit_price=Decimal("9.995"), tax_rate=Decimal("0.07")),
    ]

    order = make_order(lines=lines, freight=Decimal("4.90"), discount=Decimal("1.50"))

    assert order.net == Decimal("20.67")
    assert order.tax == Decimal("1.52")
    assert order.total == Decimal("25.59")


def test_an_open_price_and_tax_come_from_the_catalog(make_order, make_product, unit):
    product = make_product(unit, price="10", tax_rate=Decimal("0.19"))
    set_price(product, currency="EUR", amount=Decimal("12"), valid_from=date(2021, 1, 1))
    set_price(product, currency="USD", amount=Decimal("15"), valid_from=date(2021, 1, 1))

    euro = make_order(lines=[Wish(product=product, quantity=1)])
    dollar = make_order(lines=[Wish(product=product, quantity=1)], currency="USD")

    assert (euro.net, euro.tax) == (Decimal("12.00"), Decimal("2.28"))
    assert (dollar.net, dollar.tax) == (Decimal("15.00"), Decimal("2.85"))


def test_a_product_without_a_price_in_the_currency_is_refused(make_order):
    with pytest.raises(services.NoPrice):
        make_order(currency="CHF")

    assert not Order.objects.exists()


def test_a_rebate_above_the_sum_cannot_be_placed(make_order):
    order = make_order(discount=Decimal("20.01"))

    with pytest.raises(services.RebateTooHigh):
        services.place_order(order, on=DAY)

    assert Order.objects.get().status == "draft"


def test_totals_of_many_imported_orders_are_put_right_by_one_statement(
    make_order, unit, customer, product, django_assert_num_queries
):
    orders = Order.objects.bulk_create(
        Order(unit=unit, customer=customer, number=str(position), status="delivered", placed_on=DAY, shipped_on=DAY)
        for position in range(3)
    )
    OrderLine.objects.bulk_create(
        OrderLine(unit=unit, order=order, product=product, quantity=position + 1, unit_price=Decimal("2.50"))
        for position, order in enumerate(orders[:2])
    )

    with django_assert_num_queries(1):
        assert services.recalculate(Order.objects.all()) == 3

    assert list(Order.objects.order_by("number").values_list("total", flat=True)) == [
        Decimal("2.50"),
        Decimal("5.00"),
        Decimal("0.00"),
    ]


@pytest.mark.parametrize(
    "broken", [{"quantity": 0}, {"unit_price": -1}, {"discount": "1.1"}, {"discount": "-0.1"}, {"tax_rate": "1.5"}]
)
def test_the_database_itself_refuses_an_impossible_line(make_order, broken):
    make_order()

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.update(**broken)


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "lost"},
        {"status": "placed"},
        {"status": "shipped", "placed_on": DAY},
        {"freight": -1},
        {"discount": -1},
        {"currency": "eur"},
        {"number": ""},
        {"status": "paid", "placed_on": DAY, "discount": 21},
    ],
)
def test_the_database_itself_refuses_an_impossible_order(make_order, broken):
    make_order()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.update(**broken)
