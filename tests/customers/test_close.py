from datetime import UTC, datetime

import pytest

from apps.audit.models import AuditEvent
from apps.customers.models import Customer
from apps.customers.services import AlreadyActive, AlreadyClosed, MergedAway, close_customer, reopen_customer
from apps.events.models import PublishedEvent
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.kernel.trail import Action

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class OpenBusiness(BusinessError):
    """Something is open with this customer."""

    code = "open_business"


@pytest.fixture
def objection():
    """Open business with the customer C-1, as an upper floor would see it."""
    answers = Objections("customers.close")._answers
    answers.append(lambda customer: OpenBusiness() if customer.number == "C-1" else None)
    yield
    answers.pop()


def told() -> list[tuple[str, dict]]:
    return list(PublishedEvent.objects.order_by("pk").values_list("name", "payload"))


def test_closing_dates_it_and_tells_the_key_only(customer):
    closed = close_customer(customer, reason="moved away", now=NOW)

    assert (closed.status, closed.closed_at) == ("closed", NOW)
    assert told() == [("customers.closed", {"customer": str(customer.pk)})]


def test_the_reason_is_in_the_trail_and_nowhere_else(customer):
    close_customer(customer, reason="moved away", now=NOW)

    closing = AuditEvent.objects.of(customer).get(action=Action.UPDATE)
    assert closing.reason == "moved away"
    assert closing.changes["status"] == ["active", "closed"]


def test_closing_twice_is_refused_and_says_nothing_more(customer):
    close_customer(customer, reason="moved away", now=NOW)

    with pytest.raises(AlreadyClosed) as refusal:
        close_customer(customer, reason="again", now=datetime(2026, 4, 1, tzinfo=UTC))

    customer.refresh_from_db()
    assert refusal.value.details == {"allowed": ["reopen"]}
    assert customer.closed_at == NOW
    assert len(told()) == 1


def test_an_objection_of_an_upper_floor_stops_it(customer, objection):
    with pytest.raises(OpenBusiness):
        close_customer(customer, reason="moved away", now=NOW)

    customer.refresh_from_db()
    assert customer.status == "active"
    assert told() == []


def test_a_closed_customer_is_reopened(customer):
    close_customer(customer, reason="moved away", now=NOW)

    reopened = reopen_customer(customer)

    assert (reopened.status, reopened.closed_at) == ("active", None)
    assert told()[-1] == ("customers.reopened", {"customer": str(customer.pk)})


def test_an_active_customer_is_not_reopened(customer):
    with pytest.raises(AlreadyActive):
        reopen_customer(customer)

    assert told() == []


def test_a_merged_customer_stays_closed(customer, twin):
    Customer.objects.filter(pk=customer.pk).update(status="closed", closed_at=NOW, merged_into=twin)

    with pytest.raises(MergedAway) as refusal:
        reopen_customer(customer)

    customer.refresh_from_db()
    assert refusal.value.details == {"survivor": str(twin.pk)}
    assert customer.status == "closed"
