import pytest
from django.urls import reverse

from apps.customers.models import Contact, Customer

LIST = "admin:customers_customer_changelist"


@pytest.fixture
def manager(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit))


def act(client, action: str, *customers: Customer, **words: str):
    keys = [str(customer.pk) for customer in customers]
    return client.post(reverse(LIST), {"action": action, "_selected_action": keys, **words}, follow=True)


def test_the_list_shows_the_own_unit_and_finds_by_beginning(manager, customer, twin, stranger):
    everybody = manager.get(reverse(LIST)).content.decode()
    found = manager.get(reverse(LIST), {"q": "c-2"}).content.decode()

    assert "Alfreds Futterkiste" in everybody
    assert "Blauer See" not in everybody
    assert "Alfreds Futter-Kiste" in found
    assert "Alfreds Futterkiste" not in found


def test_closing_asks_for_a_reason_first(manager, customer):
    page = act(manager, "close", customer)
    customer.refresh_from_db()
    assert 'name="reason"' in page.content.decode()
    assert customer.status == "active"

    act(manager, "close", customer, reason="moved away")
    customer.refresh_from_db()
    assert customer.status == "closed"


def test_a_refusal_is_shown_with_the_number(manager, customer):
    page = act(manager, "reopen", customer)

    assert "C-1: This customer is active already." in page.content.decode()


def test_two_are_merged_into_the_chosen_one(manager, customer, twin, contact):
    question = act(manager, "merge", customer, twin).content.decode()
    assert 'name="survivor"' in question

    page = act(manager, "merge", customer, twin, survivor=str(twin.pk))

    contact.refresh_from_db()
    assert "C-1 was merged into C-2." in page.content.decode()
    assert contact.customer == twin


def test_one_or_three_cannot_be_merged(manager, customer):
    page = act(manager, "merge", customer)

    customer.refresh_from_db()
    assert "Choose exactly two customers to merge." in page.content.decode()
    assert customer.status == "active"


def test_a_viewer_has_no_actions(sign_in, make_user, unit, customer):
    client = sign_in(make_user("customer-viewer", unit))

    page = act(client, "close", customer, reason="moved away")

    customer.refresh_from_db()
    assert page.status_code == 200
    assert customer.status == "active"
    assert client.get(reverse("admin:customers_customer_change", args=[customer.pk])).status_code == 200


def test_a_contact_is_added_on_the_page_of_the_customer(manager, customer):
    door = reverse("admin:customers_customer_change", args=[customer.pk])
    version = manager.get(door).context["adminform"].form.initial["row_version"]
    form = {"number": "C-1", "kind": "organisation", "name": "Alfreds", "row_version": version}
    for prefix in ("contacts", "addresses"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    form |= {"contacts-TOTAL_FORMS": "1", "contacts-0-name": "Maria Anders", "contacts-0-customer": str(customer.pk)}

    answer = manager.post(door, form)

    assert answer.status_code == 302
    assert [(c.name, c.unit) for c in Contact.objects.all()] == [("Maria Anders", customer.unit)]


def test_a_contact_on_its_own_page_takes_the_unit_of_its_customer(manager, customer):
    answer = manager.post(
        reverse("admin:customers_contact_add"), {"customer": str(customer.pk), "name": "Maria Anders"}
    )

    assert answer.status_code == 302
    assert Contact.objects.get().unit == customer.unit
