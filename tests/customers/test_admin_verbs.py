"""A verb is a button on the page of the row: only where it is allowed, with a question first."""

import pytest
from django.urls import reverse

from apps.catalog.models import Category, Product
from apps.customers.models import Customer


@pytest.fixture
def manager(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit))


def page(customer):
    return reverse("admin:customers_customer_change", args=[customer.pk])


def door(customer, verb: str):
    return reverse("admin:customers_customer_do", args=[customer.pk, verb])


def titles(client, customer) -> list[str]:
    return [str(button["title"]) for button in client.get(page(customer)).context["actions_detail"]]


def test_the_page_offers_what_the_state_allows(manager, customer):
    assert titles(manager, customer) == ["Close"]

    manager.post(door(customer, "close"), {"reason": "moved away"})

    assert titles(manager, customer) == ["Reopen"]


def test_a_viewer_is_offered_nothing_and_refused(sign_in, make_user, unit, customer):
    viewer = sign_in(make_user("customer-viewer", unit))

    assert titles(viewer, customer) == []
    assert viewer.post(door(customer, "close"), {"reason": "moved away"}).status_code == 403
    customer.refresh_from_db()
    assert customer.status == "active"


def test_a_row_of_another_unit_has_no_door(manager, stranger):
    assert manager.post(door(stranger, "close"), {"reason": "moved away"}).status_code == 404
    stranger.refresh_from_db()
    assert stranger.status == "active"


@pytest.mark.parametrize("name", ["merge", "delete", "caption", "nothing"])
def test_only_verbs_of_one_row_have_a_door(manager, customer, name):
    assert manager.post(door(customer, name)).status_code == 404
    assert Customer.objects.filter(pk=customer.pk).exists()


def test_the_question_comes_first_and_the_answer_leads_back(manager, customer):
    asked = manager.get(door(customer, "close"))
    assert "C-1 · Alfreds Futterkiste" in asked.content.decode()
    assert 'name="reason"' in asked.content.decode()
    customer.refresh_from_db()
    assert customer.status == "active"

    done = manager.post(door(customer, "close"), {"reason": "moved away"}, follow=True)

    customer.refresh_from_db()
    assert customer.status == "closed"
    assert done.redirect_chain == [(page(customer), 302)]
    assert "C-1 · Alfreds Futterkiste: Close – done." in done.content.decode()


def test_a_refusal_is_shown_on_the_page_by_the_number(manager, customer):
    done = manager.post(door(customer, "reopen"), follow=True)

    assert "C-1: This customer is active already." in done.content.decode()


def test_what_stands_in_the_way_of_deleting_is_named(sign_in, make_user, unit):
    shelf = Category.objects.create(unit=unit, number="1", name="Beverages")
    for number in range(7):
        Product.objects.create(unit=unit, number=f"P-{number}", name="Tea", category=shelf)
    client = sign_in(make_user("catalog-manager", unit))

    asked = client.get(reverse("admin:catalog_category_delete", args=[shelf.pk])).content.decode()
    refused = client.post(reverse("admin:catalog_category_delete", args=[shelf.pk]), {"post": "yes"})

    assert "7 products, such as P-0 · Tea, P-1 · Tea, P-2 · Tea, P-3 · Tea, P-4 · Tea" in " ".join(asked.split())
    assert refused.status_code in {200, 302}
    assert Category.objects.filter(pk=shelf.pk).exists()
