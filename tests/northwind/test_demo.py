import json

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from apps.access.models import Unit
from apps.customers.models import Customer
from apps.integrations.demo import domains_in_order, load_demo
from apps.orders.models import Order
from apps.privacy.models import PrivacyRequest

pytestmark = pytest.mark.django_db


def test_a_domain_is_filled_after_those_to_which_it_refers() -> None:
    order = domains_in_order()

    assert all(order.index(label) < order.index("orders") for label in ("customers", "catalog", "workforce"))


def test_two_units_are_filled_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo", size="small", json=True)
    first = json.loads(capsys.readouterr().out)["rows"]
    call_command("demo", size="small", json=True)
    second = json.loads(capsys.readouterr().out)["rows"]

    assert sorted(Unit.objects.values_list("path", flat=True)) == ["/company/", "/company/north/", "/company/south/"]
    assert all(count > 0 for counts in first.values() for count in counts.values())
    assert second == {unit: dict.fromkeys(counts, 0) for unit, counts in first.items()}
    assert Customer.objects.filter(unit__slug="north").count() == 40
    assert Order.objects.filter(agent=None).count() == 0


WHO_BUYS_WHAT = ("unit__slug", "number", "customer__name", "agent__last_name", "status", "freight", "lines__quantity")


def written_on(day: str) -> list[tuple[object, ...]]:
    with time_machine.travel(day), transaction.atomic():
        list(load_demo(12))
        rows = list(Order.objects.order_by(*WHO_BUYS_WHAT).values_list(*WHO_BUYS_WHAT))
        transaction.set_rollback(True)
    return rows


def test_the_same_rows_are_written_on_any_day() -> None:
    winter, summer = written_on("2027-02-15 09:00Z"), written_on("2027-08-01 09:00Z")

    assert len(winter) > 120
    assert winter == summer


def test_people_have_asked_for_their_data() -> None:
    list(load_demo(5))

    asked = PrivacyRequest.objects.values_list("state", flat=True)

    assert sorted(asked) == ["cancelled", "cancelled", "received", "received", "received", "received"]
