import json

import pytest
from django.core.management import call_command

from apps.access.models import Unit
from apps.customers.models import Customer
from apps.integrations.demo import domains_in_order, load_demo
from apps.orders.models import Order

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


def test_the_same_rows_are_written_every_time() -> None:
    list(load_demo(5))
    names = list(Customer.objects.order_by("unit__slug", "number").values_list("name", flat=True))
    Order.objects.all().delete()
    Customer.objects.all().delete()

    list(load_demo(5))

    assert list(Customer.objects.order_by("unit__slug", "number").values_list("name", flat=True)) == names
