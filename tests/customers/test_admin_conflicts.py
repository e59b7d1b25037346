"""Two people change one customer: the second is told and chooses, and nothing that was typed is lost."""

import pytest
from django.db import transaction
from django.urls import reverse

from apps.customers.models import Contact, Customer
from tests.pages import sends

FORM = "customer_form"


@pytest.fixture
def door(customer):
    return reverse("admin:customers_customer_change", args=[customer.pk])


@pytest.fixture
def ann(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit, name="Ann Miller"))


@pytest.fixture
def bob(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit, name="Bob Smith"))


def elsewhere(rows, **values) -> None:
    """What another transaction writes."""
    with transaction.atomic():
        rows.update(**values)


def words(page) -> str:
    return " ".join(page.content.decode().split())


def test_the_second_is_told_who_changed_what_and_nothing_is_saved(ann, bob, door, customer):
    opened = sends(bob.get(door), FORM)
    ann.post(door, sends(ann.get(door), FORM) | {"name": "Alfreds GmbH", "phone": "030 1"})

    page = bob.post(door, opened | {"name": "Alfreds AG", "email": "info@alfreds.example"})

    said = words(page)
    customer.refresh_from_db()
    assert page.status_code == 200
    assert (customer.name, customer.phone, customer.email) == ("Alfreds GmbH", "030 1", "")
    assert "Ann Miller" in said
    assert "When you opened the page: Alfreds Futterkiste" in said
    assert 'Keep what it is now: <b class="font-semibold">Alfreds GmbH</b>' in said
    assert 'Take what you typed: <b class="font-semibold">Alfreds AG</b>' in said
    assert 'Set it back to what it was: <b class="font-semibold">–</b>' in said
    assert sends(page, FORM)["email"] == "info@alfreds.example"


def test_what_was_typed_is_kept_and_what_was_not_is_taken_over(ann, bob, door, customer):
    opened = sends(bob.get(door), FORM)
    ann.post(door, sends(ann.get(door), FORM) | {"name": "Alfreds GmbH", "phone": "030 1"})
    page = bob.post(door, opened | {"name": "Alfreds AG", "email": "info@alfreds.example"})

    answer = bob.post(door, sends(page, FORM))

    customer.refresh_from_db()
    assert answer.status_code == 302
    assert (customer.name, customer.phone, customer.email) == ("Alfreds AG", "030 1", "info@alfreds.example")


@pytest.mark.parametrize(
    ("chosen", "typed", "saved"),
    [("theirs", "Alfreds AG", "Alfreds GmbH"), ("mine", "Alfreds AG", "Alfreds AG"), ("theirs", "Third", "Third")],
)
def test_the_choice_decides_unless_something_else_is_typed_after_it(ann, bob, door, customer, chosen, typed, saved):
    opened = sends(bob.get(door), FORM)
    ann.post(door, sends(ann.get(door), FORM) | {"name": "Alfreds GmbH"})
    page = bob.post(door, opened | {"name": "Alfreds AG"})

    bob.post(door, sends(page, FORM) | {"keep-name": chosen, "name": typed})

    customer.refresh_from_db()
    assert customer.name == saved


def test_a_third_change_is_told_again(ann, bob, door, customer):
    opened = sends(bob.get(door), FORM)
    elsewhere(Customer.objects.all(), name="First")
    page = bob.post(door, opened | {"name": "Mine"})
    elsewhere(Customer.objects.all(), name="Second")

    page = bob.post(door, sends(page, FORM))

    customer.refresh_from_db()
    assert 'Keep what it is now: <b class="font-semibold">Second</b>' in words(page)
    assert customer.name == "Second"


def test_a_change_that_the_form_does_not_show_is_told_too(ann, bob, door, customer):
    opened = sends(bob.get(door), FORM)
    ann.post(
        reverse("admin:customers_customer_changelist"),
        {"action": "close", "_selected_action": [str(customer.pk)], "reason": "moved away"},
    )

    page = bob.post(door, opened | {"phone": "030 2"})

    assert "Status: active → closed" in words(page)
    assert "Nothing that you typed stands against it." in words(page)


def test_a_forged_memory_of_the_page_is_refused(bob, door, customer):
    opened = sends(bob.get(door), FORM)

    page = bob.post(door, opened | {"row_version": opened["row_version"][:-2] + "xx", "name": "Forged"})

    customer.refresh_from_db()
    assert "Reload it and repeat your change." in words(page)
    assert customer.name == "Alfreds Futterkiste"


def test_a_contact_changed_meanwhile_is_told_on_the_page_of_the_customer(ann, bob, door, contact):
    opened = sends(bob.get(door), FORM)
    ann.post(door, sends(ann.get(door), FORM) | {"contacts-0-name": "Maria Anders-Kohl"})

    page = bob.post(door, opened | {"contacts-0-title": "Head of sales"})

    contact.refresh_from_db()
    assert (contact.name, contact.title) == ("Maria Anders-Kohl", "")
    assert "Maria Anders was changed while you had it open" in words(page)

    assert bob.post(door, sends(page, FORM)).status_code == 302
    contact.refresh_from_db()
    assert (contact.name, contact.title) == ("Maria Anders-Kohl", "Head of sales")


def test_a_contact_changed_meanwhile_is_not_deleted_unseen(ann, bob, door, contact):
    opened = sends(bob.get(door), FORM)
    elsewhere(Contact.objects.all(), title="Head of sales")

    page = bob.post(door, opened | {"contacts-0-DELETE": "on"})

    assert "was changed by somebody else while you had this page open. Look at it before you delete it." in words(page)
    assert Contact.objects.count() == 1
    assert bob.post(door, sends(page, FORM) | {"contacts-0-DELETE": "on"}).status_code == 302
    assert Contact.objects.count() == 0


def test_what_was_typed_into_a_contact_deleted_meanwhile_becomes_a_new_one(ann, bob, door, contact):
    opened = sends(bob.get(door), FORM)
    ann.post(door, sends(ann.get(door), FORM) | {"contacts-0-DELETE": "on"})
    assert Contact.objects.count() == 0

    page = bob.post(door, opened | {"contacts-0-title": "Head of sales"})

    assert "Maria Anders was deleted by somebody else while you had this page open." in words(page)
    assert Contact.objects.count() == 0
    assert bob.post(door, sends(page, FORM)).status_code == 302
    assert [(row.name, row.title) for row in Contact.objects.all()] == [("Maria Anders", "Head of sales")]


def test_a_contact_deleted_meanwhile_that_nobody_typed_into_leaves_the_page(ann, bob, door, contact):
    opened = sends(bob.get(door), FORM)
    Contact.objects.all().delete()

    page = bob.post(door, opened | {"phone": "030 3"})

    assert "Maria Anders was deleted by somebody else" in words(page)
    assert sends(page, FORM)["contacts-TOTAL_FORMS"] == "0"
    assert bob.post(door, sends(page, FORM)).status_code == 302
    assert Contact.objects.count() == 0


def test_a_child_that_nobody_touched_is_not_written(bob, door, contact):
    before = contact.updated_at

    assert bob.post(door, sends(bob.get(door), FORM) | {"phone": "030 4"}).status_code == 302

    contact.refresh_from_db()
    assert contact.updated_at == before


def test_a_page_of_a_row_that_is_gone_says_so_without_its_key(bob, unit):
    gone = Customer.objects.create(unit=unit, number="C-9", name="Gone")
    door = reverse("admin:customers_customer_change", args=[gone.pk])
    opened = sends(bob.get(door), FORM)
    gone.delete()

    page = bob.post(door, opened, follow=True)

    assert "This record is not there any more, or you may not see it." in words(page)
    assert str(gone.pk) not in words(page)
