from datetime import UTC, datetime

import pytest

from apps.customers.models import Customer
from apps.customers.services import (
    MergedAcrossUnits,
    MergedAway,
    MergedWithItself,
    SurvivorClosed,
    close_customer,
    merge_customers,
)
from apps.events.models import PublishedEvent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_survivor_gets_contacts_and_addresses(customer, twin, contact, address):
    merge_customers(customer, survivor=twin, now=NOW)

    customer.refresh_from_db()
    assert (customer.status, customer.closed_at, customer.merged_into) == ("closed", NOW, twin)
    assert list(twin.contacts.all()) == [contact]
    assert list(twin.addresses.all()) == [address]
    assert list(PublishedEvent.objects.values_list("name", "payload")) == [
        ("customers.merged", {"customer": str(customer.pk), "survivor": str(twin.pk)})
    ]


def test_whoever_was_merged_before_points_to_the_last_survivor(customer, twin, unit):
    last = Customer.objects.create(unit=unit, number="C-3", name="Alfreds")
    merge_customers(customer, survivor=twin, now=NOW)

    merge_customers(twin, survivor=last, now=NOW)

    customer.refresh_from_db()
    assert customer.merged_into == last


def test_a_customer_closed_before_keeps_its_day(customer, twin):
    earlier = datetime(2025, 1, 1, tzinfo=UTC)
    close_customer(customer, reason="moved away", now=earlier)

    merge_customers(customer, survivor=twin, now=NOW)

    customer.refresh_from_db()
    assert customer.closed_at == earlier


@pytest.fixture
def refused(customer, contact):
    """Nothing may have moved after a refusal."""
    yield
    customer.refresh_from_db()
    contact.refresh_from_db()
    assert (customer.merged_into, contact.customer) == (None, customer)
    assert not PublishedEvent.objects.filter(name="customers.merged").exists()


def test_not_with_itself(customer, refused):
    with pytest.raises(MergedWithItself):
        merge_customers(customer, survivor=customer, now=NOW)


def test_not_across_units(customer, stranger, refused):
    with pytest.raises(MergedAcrossUnits):
        merge_customers(customer, survivor=stranger, now=NOW)


def test_not_into_a_closed_one(customer, twin, refused):
    close_customer(twin, reason="moved away", now=NOW)

    with pytest.raises(SurvivorClosed):
        merge_customers(customer, survivor=twin, now=NOW)


def test_not_a_second_time(customer, twin, unit):
    other = Customer.objects.create(unit=unit, number="C-3", name="Alfreds")
    merge_customers(customer, survivor=twin, now=NOW)

    with pytest.raises(MergedAway):
        merge_customers(customer, survivor=other, now=NOW)

    customer.refresh_from_db()
    assert customer.merged_into == twin
