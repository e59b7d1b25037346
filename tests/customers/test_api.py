import pytest

from apps.customers.models import Contact, Customer

URL = "/api/v1/customers/"


@pytest.fixture
def manager(api, make_user, unit):
    return api(make_user("customer-manager", unit))


def test_a_manager_adds_reads_changes_closes_and_reopens(manager, unit):
    made = manager.post(
        URL, {"number": "C-7", "name": "Seven Seas", "credit_limit": "1000.00", "credit_currency": "GBP"}
    )
    door = f"{URL}{made.json()['id']}/"

    changed = manager.patch(door, {"phone": "030 1234"}, headers={"If-Match": "*"})
    closed = manager.post(f"{door}close/", {"reason": "moved away"})
    reopened = manager.post(f"{door}reopen/", {})

    assert made.status_code == 201
    assert made.json()["unit"] == str(unit.pk)
    assert (changed.status_code, changed.json()["phone"]) == (200, "030 1234")
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert (reopened.status_code, reopened.json()["status"]) == (200, "active")


def test_merging_answers_the_survivor(manager, customer, twin, contact):
    answer = manager.post(f"{URL}{customer.pk}/merge/", {"survivor": str(twin.pk)})

    assert (answer.status_code, answer.json()["id"]) == (200, str(twin.pk))
    assert manager.get(f"/api/v1/contacts/?customer={twin.pk}").json()["results"][0]["id"] == str(contact.pk)
    assert manager.get(f"{URL}{customer.pk}/").json()["merged_into"] == str(twin.pk)


def test_closing_twice_is_409_with_what_is_allowed(manager, customer):
    manager.post(f"{URL}{customer.pk}/close/", {"reason": "moved away"})

    answer = manager.post(f"{URL}{customer.pk}/close/", {"reason": "again"})

    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["allowed"]) == ("already_closed", ["reopen"])


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"number": "C-7", "name": "Seven", "colour": "red"}, "unknown_field", "/colour"),
        ({"number": "C-7", "name": "Seven", "status": "closed"}, "read_only_field", "/status"),
        ({"number": "C-7", "name": "Seven", "merged_into": None}, "read_only_field", "/merged_into"),
        ({"number": "C-7"}, "required", "/name"),
        (
            {"number": "C-7", "name": "Seven", "credit_limit": "-1", "credit_currency": "EUR"},
            "min_value",
            "/credit_limit",
        ),
        (
            {"number": "C-7", "name": "Seven", "credit_limit": "1", "credit_currency": "euro"},
            "max_length",
            "/credit_currency",
        ),
    ],
)
def test_a_bad_body_is_400_naming_the_field_and_stores_nothing(manager, body, code, pointer):
    answer = manager.post(URL, body)

    assert answer.status_code == 400
    assert (code, pointer) in {(error["code"], error["pointer"]) for error in answer.json()["errors"]}
    assert Customer.objects.count() == 0


def test_an_unknown_or_read_only_field_of_a_change_stores_nothing(manager, customer):
    answer = manager.patch(
        f"{URL}{customer.pk}/", {"name": "Other", "closed_at": "2026-01-01T00:00:00Z"}, headers={"If-Match": "*"}
    )

    customer.refresh_from_db()
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/closed_at")
    assert customer.name == "Alfreds Futterkiste"


def test_a_credit_without_currency_is_refused_by_the_database(manager):
    answer = manager.post(URL, {"number": "C-7", "name": "Seven", "credit_limit": "10.00"})

    assert (answer.status_code, answer.json()["constraint"]) == (409, "customer_credit_has_currency")
    assert Customer.objects.count() == 0


def test_a_number_is_taken_once_in_a_unit_but_free_in_another(manager, customer, other_unit):
    answer = manager.post(URL, {"number": "C-1", "name": "Second"})
    Customer.objects.create(unit=other_unit, number="C-1", name="Elsewhere")

    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert Customer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_stale_change_is_412_with_the_present_etag(manager, customer):
    door = f"{URL}{customer.pk}/"
    read = manager.get(door)
    manager.patch(door, {"phone": "1"}, headers={"If-Match": "*"})

    stale = manager.patch(door, {"phone": "2"}, headers={"If-Match": read["ETag"]})

    customer.refresh_from_db()
    assert (stale.status_code, stale["ETag"]) == (412, manager.get(door)["ETag"])
    assert customer.phone == "1"
    assert manager.patch(door, {"phone": "2"}, headers={"If-Match": stale["ETag"]}).status_code == 200


@pytest.mark.parametrize("query", ["colour=red", "name=Alfreds", "ordering=phone", "ordering=email"])
def test_only_what_is_indexed_filters_and_orders(manager, query):
    assert manager.get(f"{URL}?{query}").status_code == 400


def test_filters_and_orderings(manager, customer, twin):
    Customer.objects.filter(pk=twin.pk).update(status="dormant")

    assert [row["number"] for row in manager.get(f"{URL}?ordering=-number").json()["results"]] == ["C-2", "C-1"]
    assert [row["number"] for row in manager.get(f"{URL}?status=dormant").json()["results"]] == ["C-2"]
    assert [row["number"] for row in manager.get(f"{URL}?number=C-1").json()["results"]] == ["C-1"]


def test_a_child_has_the_unit_of_its_customer_and_stays_with_it(manager, customer, twin):
    made = manager.post("/api/v1/contacts/", {"customer": str(customer.pk), "name": "Maria Anders"})

    moved = manager.patch(
        f"/api/v1/contacts/{made.json()['id']}/", {"customer": str(twin.pk)}, headers={"If-Match": "*"}
    )

    contact = Contact.objects.get()
    assert (made.status_code, contact.unit) == (201, customer.unit)
    assert (moved.status_code, moved.json()["errors"][0]["code"]) == (400, "read_only_field")
    assert contact.customer == customer


def test_a_child_of_a_customer_elsewhere_is_not_made(manager, stranger):
    answer = manager.post("/api/v1/addresses/", {"customer": str(stranger.pk), "lines": "Somewhere 1"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/customer")
    assert stranger.addresses.count() == 0


def test_a_search_finds_beginnings_of_numbers_names_and_addresses_in_any_case(manager, unit):
    for number, name in (("C-7", "Alfreds Futterkiste"), ("C-8", "Bólido"), ("ALF-1", "Ernst Handel")):
        Customer.objects.create(unit=unit, number=number, name=name)

    def found(query: str) -> list[str]:
        return [row["number"] for row in manager.get(f"{URL}?fields=number&{query}").json()["results"]]

    assert found("search=alf") == ["C-7", "ALF-1"]
    assert found("search=alf&ordering=name&count=capped") == ["C-7", "ALF-1"]
    assert found("search=lfr") == found("search=%25%25") == []


@pytest.mark.parametrize("said", ["a", "", "%00%00", "+a+"])
def test_a_search_takes_two_characters(manager, said):
    answer = manager.get(f"{URL}?search={said}")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/search")
