from datetime import UTC, datetime, timedelta

from apps.customers.models import Customer
from apps.customers.services import remind_dormant
from apps.events.models import PublishedEvent
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def untouched_for(customer: Customer, days: int) -> None:
    Customer.objects.filter(pk=customer.pk).update(updated_at=NOW - timedelta(days=days))


def test_only_who_was_left_alone_for_a_year_falls_dormant(customer, twin, stranger):
    untouched_for(customer, 366)
    untouched_for(twin, 364)
    untouched_for(stranger, 400)

    assert remind_dormant(now=NOW) == 2

    assert set(Customer.objects.filter(status="dormant")) == {customer, stranger}
    assert set(PublishedEvent.objects.values_list("name", "aggregate", "unit")) == {
        ("customers.fell_dormant", str(customer.pk), customer.unit_id),
        ("customers.fell_dormant", str(stranger.pk), stranger.unit_id),
    }


def test_running_twice_changes_nothing_more(customer):
    untouched_for(customer, 366)
    remind_dormant(now=NOW)

    assert remind_dormant(now=NOW) == 0
    assert PublishedEvent.objects.count() == 1


def test_whom_an_upper_floor_still_trades_with_stays_active(customer):
    untouched_for(customer, 366)
    answers = Objections("customers.dormant")._answers
    answers.append(lambda _customer: BusinessError())
    try:
        assert remind_dormant(now=NOW) == 0
    finally:
        answers.pop()

    customer.refresh_from_db()
    assert customer.status == "active"
