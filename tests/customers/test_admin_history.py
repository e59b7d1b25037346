"""The history of a customer: who, when, what, in words, with its contacts, in pages."""

import pytest
from django.urls import reverse

from apps.audit.admin import paging
from apps.customers.models import Contact, Customer


@pytest.fixture
def ann(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit, name="Ann Miller"))


def told(client, customer, **query: str):
    return client.get(reverse("admin:customers_customer_history", args=[customer.pk]), query)


def lines(page) -> list[tuple[str, str, list[str]]]:
    return [
        (entry.told.what, name, [f"{said.field}: {said.old} → {said.new}" for said in entry.told.differences])
        for entry, name in page.context["entries"]
    ]


def test_a_change_is_told_in_words_without_keys(ann, customer):
    ann.post(reverse("admin:customers_customer_do", args=[customer.pk, "close"]), {"reason": "moved away"})

    page = told(ann, customer)
    sentence = page.context["entries"][0][0]
    newest = sentence.told

    assert str(sentence).startswith("Ann Miller changed ")
    assert str(sentence).endswith(f" of customer {customer.number} — reason: moved away")
    assert str(sentence) in page.content.decode()
    assert "status: active → closed" in [f"{said.field}: {said.old} → {said.new}" for said in newest.differences]
    assert {said.name for said in newest.differences} == {"status", "closed_at"}
    assert str(customer.pk) not in "".join(
        said.new for entry, _ in page.context["entries"] for said in entry.told.differences
    )


def test_a_contact_is_told_on_the_page_of_its_customer_even_when_it_is_gone(ann, customer, contact):
    contact.title = "Head of sales"
    contact.save(update_fields=["title", "updated_at"])
    assert lines(told(ann, customer))[0] == ("contact", "Maria Anders", ["title: – → Head of sales"])

    contact.delete()

    what, name, differences = lines(told(ann, customer))[0]
    assert (what, name) == ("contact", "")
    assert "name: Maria Anders → –" in differences


def test_the_contacts_of_another_customer_are_not_told(ann, customer, twin, contact):
    assert [what for what, _name, _said in lines(told(ann, twin))] == ["customer"]


def test_it_is_narrowed_by_kind_and_action(ann, customer, contact):
    page = told(ann, customer)
    kind = next(key for key, name in page.context["form"].fields["kind"].choices if name == "contact")

    assert [what for what, *_ in lines(told(ann, customer, kind=str(kind)))] == ["contact"]
    assert lines(told(ann, customer, action="1")) == []


@pytest.mark.parametrize(
    "query", [{"before": "yesterday"}, {"before": "2026-01-01T00:00:00Z~x"}, {"action": "99"}, {"kind": "0"}]
)
def test_what_cannot_be_asked_is_refused(ann, customer, query):
    assert told(ann, customer, **query).status_code == 400


def test_pages_follow_each_other_without_a_gap(ann, customer, monkeypatch):
    monkeypatch.setattr(paging, "PER_PAGE", 2)
    for number in range(4):
        Customer.objects.filter(pk=customer.pk).update(phone=str(number))

    first = told(ann, customer)
    second = ann.get(reverse("admin:customers_customer_history", args=[customer.pk]) + first.context["older"])
    third = ann.get(reverse("admin:customers_customer_history", args=[customer.pk]) + second.context["older"])

    numbers = [entry.told.event.pk for page in (first, second, third) for entry, _ in page.context["entries"]]
    assert len(numbers) == 5
    assert numbers == sorted(numbers, reverse=True)
    assert third.context["older"] == ""


def test_a_stranger_has_no_history(sign_in, make_user, other_unit, customer):
    client = sign_in(make_user("customer-manager", other_unit))

    assert told(client, customer).status_code == 404
    assert Contact.objects.count() == 0
