"""Many rows in one request: all of them or none, and an error names its row."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.customers.models import Contact, Customer

BULK = "/api/v1/customers/bulk/"
CONTACTS = "/api/v1/contacts/bulk/"


@pytest.fixture
def manager(make_user, unit) -> User:
    return make_user("customer-manager", unit)


@pytest.fixture
def viewer(make_user, unit) -> User:
    return make_user("customer-viewer", unit)


def rows(count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"number": f"B-{number}", "name": f"Buyer {number}", **values} for number in range(count)]


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_a_thousand_customers_take_two_statements_and_leave_a_thousand_entries(
    api, manager, unit, django_assert_num_queries
):
    client = api(manager)
    client.get("/api/v1/customers/")
    before = AuditEvent.objects.count()

    with django_assert_num_queries(4):  # with the savepoint that a test's own transaction makes of ours
        answer = client.post(BULK, {"rows": rows(1_000)})

    assert answer.status_code == 201
    assert answer.json()["count"] == 1_000
    stored = Customer.objects.order_by("pk")
    assert [str(customer.pk) for customer in stored] == answer.json()["ids"]
    assert {customer.unit_id for customer in stored} == {unit.pk}
    assert AuditEvent.objects.count() == before + 1_000
    assert AuditEvent.objects.latest().actor_id == manager.pk


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"name": ""}, ("/rows/1/name", "blank")),
        ({"email": "nowhere"}, ("/rows/1/email", "invalid")),
        ({"status": "closed"}, ("/rows/1/status", "read_only_field")),
        ({"colour": "red"}, ("/rows/1/colour", "unknown_field")),
        ({"credit_limit": "-1"}, ("/rows/1/credit_limit", "min_value")),
        ({"unit": "01a1fd04-0bac-77d8-bc8a-795ec5959303"}, ("/rows/1/unit", "does_not_exist")),
    ],
)
def test_one_wrong_row_refuses_them_all_and_is_named(api, manager, wrong, expected):
    said = rows(3)
    said[1] |= wrong

    answer = api(manager).post(BULK, {"rows": said})

    assert (answer.status_code, errors(answer)) == (400, [expected])
    assert not Customer.objects.exists()


def test_a_row_that_is_no_object_is_named(api, manager):
    answer = api(manager).post(BULK, {"rows": [*rows(1), "Buyer"]})

    assert (answer.status_code, errors(answer)) == (400, [("/rows/1", "invalid")])
    assert not Customer.objects.exists()


def test_a_taken_number_names_the_row_that_came_too_late(api, manager, unit):
    Customer.objects.create(unit=unit, number="B-2", name="Before")

    answer = api(manager).post(BULK, {"rows": rows(4)})

    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert errors(answer) == [("/rows/2", "already_exists")]
    assert "B-2" not in answer.text
    assert Customer.objects.get().name == "Before"


def test_a_number_said_twice_names_the_second(api, manager):
    answer = api(manager).post(BULK, {"rows": [*rows(2), {"number": "B-0", "name": "Again"}]})

    assert (answer.status_code, errors(answer)) == (409, [("/rows/2", "already_exists")])
    assert not Customer.objects.exists()


def test_a_rule_of_the_database_names_the_row(api, manager):
    said = rows(3)
    said[2]["credit_limit"] = "10.00"

    answer = api(manager).post(BULK, {"rows": said})

    assert (answer.status_code, errors(answer)) == (409, [("/rows/2", "constraint_violated")])
    assert answer.json()["detail"] == "A credit limit is not negative and comes with its currency."
    assert not Customer.objects.exists()


@pytest.mark.parametrize("body", [{}, {"rows": []}, {"rows": "all"}, {"rows": rows(1_001)}, {"rows": rows(1), "x": 1}])
def test_a_body_of_another_form_is_refused(api, manager, body):
    assert api(manager).post(BULK, body).status_code == 400
    assert not Customer.objects.exists()


def test_a_reader_adds_nothing(api, viewer):
    assert api(viewer).post(BULK, {"rows": rows(1)}).status_code == 403
    assert not Customer.objects.exists()


def test_contacts_take_the_unit_of_their_customer_and_are_referred_by_one_statement(
    api, manager, unit, django_assert_num_queries
):
    customers = [Customer.objects.create(unit=unit, number=f"C-{number}", name="Buyer") for number in range(3)]
    client = api(manager)
    client.get("/api/v1/customers/")

    with django_assert_num_queries(5):
        answer = client.post(CONTACTS, {"rows": [{"customer": str(one.pk), "name": "Ada"} for one in customers]})

    assert answer.status_code == 201
    assert set(Contact.objects.values_list("customer", "unit")) == {(one.pk, unit.pk) for one in customers}


def test_a_contact_of_an_invisible_customer_is_like_one_of_none(api, manager, unit, other_unit):
    mine = Customer.objects.create(unit=unit, number="C-1", name="Buyer")
    foreign = Customer.objects.create(unit=other_unit, number="C-2", name="Buyer")
    said = [str(mine.pk), str(foreign.pk), "01a1fd04-0bac-77d8-bc8a-795ec5959303", "nothing"]

    answer = api(manager).post(CONTACTS, {"rows": [{"customer": key, "name": "Ada"} for key in said]})

    assert answer.status_code == 400
    assert errors(answer) == [(f"/rows/{number}/customer", "does_not_exist") for number in (1, 2, 3)]
    assert not Contact.objects.exists()
