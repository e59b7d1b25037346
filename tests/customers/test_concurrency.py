"""Two at once, on real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connections

from apps.access.models import Unit
from apps.customers.models import Contact, Customer
from apps.customers.services import close_customer, merge_customers
from apps.events.models import PublishedEvent
from apps.kernel.errors import BusinessError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], object]) -> list[str]:
    """Run all of them at one instant; what each came to: `done` or the code of its refusal."""
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> str:
        start.wait()
        try:
            work()
        except BusinessError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


@pytest.fixture
def pair() -> tuple[Customer, Customer]:
    unit = Unit.objects.create(name="North", slug="north", path="/north/")
    return tuple(Customer.objects.create(unit=unit, number=number, name=number) for number in ("C-1", "C-2"))


def test_of_eight_closings_one_wins_and_is_told_once(pair):
    customer, _ = pair

    came_to = together(*[lambda: close_customer(customer, reason="moved away", now=NOW)] * 8)

    assert came_to == ["already_closed"] * 7 + ["done"]
    assert PublishedEvent.objects.filter(name="customers.closed").count() == 1


def test_two_customers_merged_into_each_other_end_with_one_survivor(pair):
    one, two = pair
    Contact.objects.bulk_create(Contact(unit=row.unit, customer=row, name=row.number) for row in pair)

    came_to = together(
        lambda: merge_customers(one, survivor=two, now=NOW), lambda: merge_customers(two, survivor=one, now=NOW)
    )

    survivor = Customer.objects.get(status="active")
    assert came_to in (["done", "survivor_closed"], ["done", "merged_away"])
    assert survivor.contacts.count() == 2
