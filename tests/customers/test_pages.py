"""The first rows of a list are the same however they are found, and found without looking at all visible ones."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.customers.models import Customer, CustomerGrant


@pytest.fixture
def units(root_unit: Unit) -> list[Unit]:
    return [
        Unit.objects.create(name=f"U{number}", slug=f"u{number}", path=f"/company/u{number}/", parent=root_unit)
        for number in range(7)
    ]


@pytest.fixture
def customers(units: list[Unit]) -> list[Customer]:
    return Customer.objects.bulk_create(
        Customer(
            unit=units[number % 7], number=f"C-{number}", name=f"Buyer {number * 37 % 40:02}", email="a@example.org"
        )
        for number in range(70)
    )


@pytest.fixture
def reader(make_user) -> User:
    return make_user()


def hold(reader: User, units: list[Unit]) -> None:
    role = Group.objects.get(name="customer-viewer")
    Assignment.objects.bulk_create(Assignment(user=reader, role=role, unit=unit) for unit in units)


def grant(reader: User, customers: list[Customer], valid_until=None) -> None:
    permission = Permission.objects.get(codename="view_customer")
    yesterday = timezone.now() - timedelta(days=1)
    CustomerGrant.objects.bulk_create(
        CustomerGrant(
            user=reader, permission=permission, content_object=one, valid_from=yesterday, valid_until=valid_until
        )
        for one in customers
    )


@pytest.mark.parametrize("held", [0, 1, 2, 6, 7])
@pytest.mark.parametrize("granted", [0, 20])
@pytest.mark.parametrize("ordering", ["name", "-name", "-created_at", "pk", "-pk", "email"])
def test_a_page_holds_what_the_whole_list_begins_with(reader, units, customers, held, granted, ordering):
    hold(reader, units[:held])
    grant(reader, customers[:granted])
    grant(reader, customers[60:], valid_until=timezone.now() - timedelta(hours=1))
    field, descending = ordering.lstrip("-"), ordering.startswith("-")
    order = [F(name).desc() if descending else F(name).asc() for name in dict.fromkeys((field, "pk"))]
    rows = Customer.objects.visible_to(reader).filter(name__gt="Buyer 05").exclude(name="Buyer 07").order_by(*order)

    page = [customer.number for customer in rows.page(8)]

    mine = {one.pk for one in customers if one.unit in units[:held]} | {one.pk for one in customers[:granted]}
    visible = [one for one in customers if one.pk in mine and one.name > "Buyer 05" and one.name != "Buyer 07"]
    key = "id" if field == "pk" else field
    visible.sort(key=lambda one: (getattr(one, key), one.pk), reverse=descending)
    assert page == [one.number for one in visible[:8]]
    assert [row["number"] for row in rows.values("number").page(8)] == page


def test_of_few_units_and_of_grants_a_page_looks_at_no_more_than_it_holds(reader, units, customers):
    hold(reader, units[:2])
    grant(reader, customers[:20])
    rows = Customer.objects.visible_to(reader).order_by(F("name").asc(), F("pk").asc())

    with CaptureQueriesContext(connection) as captured:
        list(rows.page(8))

    (statement,) = (query["sql"] for query in captured if "LATERAL" in query["sql"])
    assert statement.count("LIMIT 8") == 4


def test_rows_of_two_readers_are_no_page_of_one(reader, make_user, units, customers):
    other = make_user()
    hold(reader, units[:2])
    hold(other, units[2:4])
    both = Customer.objects.visible_to(reader) | Customer.objects.visible_to(other)

    page = both.order_by(F("name").asc(), F("pk").asc()).page(100)

    assert {customer.unit for customer in page} == set(units[:4])
    assert list((Customer.objects.visible_to(reader) & Customer.objects.visible_to(other)).order_by("pk")) == []
