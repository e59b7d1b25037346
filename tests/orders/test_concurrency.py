"""Two people, one order, one shelf: each in a transaction of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from apps.catalog.models import Reservation, Stock
from apps.catalog.services import NotEnoughStock, discontinue
from apps.customers.services import close_customer
from apps.events.models import PublishedEvent
from apps.kernel.errors import BusinessError
from apps.orders import services
from apps.orders.models import Order
from apps.orders.services import Wish
from tests.orders.conftest import DAY

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each deed returned or raised, all begun together."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        start.wait()
        try:
            return deed()
        except BusinessError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def refusals(answers: list[object]) -> list[type]:
    return [type(answer) for answer in answers if isinstance(answer, BusinessError)]


def test_twenty_orders_for_ten_pieces(make_order, make_product, unit):
    scarce = make_product(unit, on_hand=10)
    orders = [make_order(lines=[Wish(product=scarce, quantity=1)]) for _ in range(20)]

    answers = at_once(*(lambda order=order: services.place_order(order, on=DAY) for order in orders))

    assert refusals(answers) == [NotEnoughStock] * 10
    assert Order.objects.filter(status="placed").count() == 10
    assert Reservation.objects.count() == 10
    assert Stock.objects.filter(product=scarce).values_list("on_hand", "reserved").get() == (10, 10)


def test_shipping_twice_at_once_ships_once(make_order):
    order = make_order("paid")

    answers = at_once(*[lambda: services.ship_order(order, on=DAY)] * 4)

    assert refusals(answers) == [services.IllegalTransition] * 3
    assert Stock.objects.values_list("on_hand", "reserved").get() == (98, 0)
    assert PublishedEvent.objects.filter(name="orders.shipped").count() == 1


def test_placing_and_cancelling_at_once_leaves_no_promise_behind(make_order):
    order = make_order()

    at_once(lambda: services.place_order(order, on=DAY), lambda: services.cancel_order(order, on=DAY, reason="no"))

    assert Order.objects.get().status == "cancelled"
    assert Stock.objects.values_list("on_hand", "reserved").get() == (100, 0)
    assert not Reservation.objects.filter(status="open").exists()


def test_crossed_orders_never_deadlock(make_order, make_product, unit):
    first, second = make_product(unit), make_product(unit)
    lines = [Wish(product=first, quantity=1), Wish(product=second, quantity=1)]
    orders = [make_order(lines=lines[:: 1 if position % 2 else -1]) for position in range(12)]

    answers = at_once(*(lambda order=order: services.place_order(order, on=DAY) for order in orders))

    assert refusals(answers) == []
    assert list(Stock.objects.filter(product__in=[first, second]).values_list("reserved", flat=True)) == [12, 12]


def test_placing_and_closing_the_customer_at_once_does_one_of_the_two(make_order, customer):
    order = make_order()

    answers = at_once(
        lambda: services.place_order(order, on=DAY),
        lambda: close_customer(customer, reason="moved", now=timezone.now()),
    )

    assert len(refusals(answers)) == 1
    customer.refresh_from_db()
    assert (Order.objects.get().status, customer.status) in {("placed", "active"), ("draft", "closed")}


def test_placing_and_discontinuing_at_once_does_one_of_the_two(make_order, product):
    order = make_order()

    answers = at_once(lambda: services.place_order(order, on=DAY), lambda: discontinue(product))

    assert len(refusals(answers)) == 1
    product.refresh_from_db()
    assert (Order.objects.get().status, product.is_discontinued) in {("placed", False), ("draft", True)}


def test_numbers_are_never_given_twice(make_order):
    answers = at_once(*[lambda: make_order().number] * 8)

    assert sorted(answers) == [f"O-{number:06}" for number in range(1, 9)]
