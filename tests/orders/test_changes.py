"""What may be changed, and until when."""

from decimal import Decimal

import pytest

from apps.access.models import Unit
from apps.orders import services
from apps.orders.models import Order, Shipper
from apps.orders.services import Wish


def test_new_lines_replace_the_old_ones_in_a_draft(make_order, make_product, unit):
    order = make_order()

    services.change_order(order, lines=[Wish(product=make_product(unit, price="3"), quantity=5)], freight=Decimal(2))

    order = Order.objects.get()
    assert order.lines.get().quantity == 5
    assert (order.net, order.total) == (Decimal("15.00"), Decimal("17.00"))


@pytest.mark.parametrize("status", ["placed", "paid"])
def test_lines_and_amounts_are_fixed_once_placed(make_order, product, status):
    order = make_order(status)

    for change in ({"lines": [Wish(product=product, quantity=9)]}, {"freight": Decimal(9)}, {"currency": "USD"}):
        with pytest.raises(services.NotDraft):
            services.change_order(order, **change)

    assert order.lines.get().quantity == 2
    assert Order.objects.get().total == Decimal("20.00")


def test_the_carrier_may_change_until_the_order_leaves_the_house(make_order, unit):
    shipper = Shipper.objects.create(unit=unit, number="1", name="Speedy")
    order = make_order("paid")

    services.change_order(order, shipper=shipper, ship_city="Reims")

    assert Order.objects.values_list("shipper", "ship_city").get() == (shipper.pk, "Reims")


@pytest.mark.parametrize("status", ["shipped", "delivered", "cancelled", "returned"])
def test_nothing_changes_after_that(make_order, status):
    order = make_order(status)

    with pytest.raises(services.AlreadyShipped):
        services.change_order(order, ship_city="Reims")

    assert Order.objects.get().ship_city == ""


def test_everything_in_an_order_belongs_to_one_unit(make_order, make_product, make_customer, other_unit, unit):
    foreign_product, foreign_customer = make_product(other_unit), make_customer(other_unit)
    order = make_order()

    with pytest.raises(services.OtherUnit):
        services.change_order(order, lines=[Wish(product=foreign_product, quantity=1)])
    with pytest.raises(services.OtherUnit):
        services.change_order(order, customer=foreign_customer)
    with pytest.raises(services.OtherUnit):
        services.create_order(unit, customer=foreign_customer, lines=[])

    assert Order.objects.get().lines.get().quantity == 2


def test_a_product_stands_in_one_line(make_order, product):
    with pytest.raises(services.ProductTwice):
        make_order(lines=[Wish(product=product, quantity=1), Wish(product=product, quantity=2)])

    assert not Order.objects.exists()


def test_numbers_run_per_unit_and_step_over_taken_ones(make_order, unit: Unit, other_unit: Unit, customer):
    Order.objects.create(unit=unit, customer=customer, number="O-000002")

    assert [make_order().number, make_order().number] == ["O-000001", "O-000003"]
    assert services.next_number(other_unit) == "O-000001"
