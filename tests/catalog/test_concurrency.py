"""Many buyers at once, each in a transaction of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from uuid_utils.compat import uuid7

from apps.catalog import services
from apps.catalog.models import Reservation, Stock

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each deed returned or raised, all begun together."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        start.wait()
        try:
            return deed()
        except services.BusinessError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_twenty_buyers_share_ten_pieces(make_product, unit):
    product = make_product(unit, on_hand=10)

    answers = at_once(*(lambda: services.reserve({product.pk: 1}, holder=uuid7()) for _ in range(20)))

    assert sum(isinstance(answer, services.NotEnoughStock) for answer in answers) == 10
    assert Reservation.objects.filter(status="open").count() == 10
    assert Stock.objects.values_list("on_hand", "reserved").get() == (10, 10)


def test_crossed_baskets_wait_for_each_other_and_never_deadlock(make_product, unit):
    first, second = make_product(unit, on_hand=100), make_product(unit, on_hand=100)
    baskets = [{first.pk: 1, second.pk: 2}, {second.pk: 2, first.pk: 1}] * 8

    answers = at_once(*(lambda basket=basket: services.reserve(basket, holder=uuid7()) for basket in baskets))

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Stock.objects.get(product=first).reserved == 16
    assert Stock.objects.get(product=second).reserved == 32


def test_releasing_and_fulfilling_at_once_does_one_of_the_two(make_product, unit):
    product = make_product(unit, on_hand=10)
    holder = uuid7()
    services.reserve({product.pk: 4}, holder=holder)

    answers = at_once(lambda: services.release(holder=holder), lambda: services.fulfil(holder=holder))

    assert sorted(answers) == [0, 4]
    on_hand, reserved = Stock.objects.values_list("on_hand", "reserved").get()
    assert reserved == 0
    assert on_hand == (6 if answers[1] else 10)
