"""How a list or a row is read: some fields, a count, and only what has changed."""

import gzip
from collections.abc import Callable

import orjson
import psycopg
import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.access.models import Unit
from apps.accounts.models import User
from tests.sample.models import Deal, Person, PersonGrant

PEOPLE = "/api/v1/sample/people/"
DEALS = "/api/v1/sample/deals/"


@pytest.fixture
def client(api: Callable[[User], APIClient], make_user, unit) -> APIClient:
    return api(make_user("sample-manager", unit))


@pytest.fixture
def ada(unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada", email="ada@example.org")


def test_a_list_shows_the_fields_that_are_asked_for_and_the_key(client, ada):
    row = client.get(f"{PEOPLE}?fields=name,number").json()["results"][0]

    assert list(row.items()) == [("id", str(ada.pk)), ("number", "P-1"), ("name", "Ada")]
    assert client.get(f"{PEOPLE}{ada.pk}/?fields=name").json() == {"id": str(ada.pk), "name": "Ada"}


@pytest.mark.parametrize("door", [PEOPLE, PEOPLE + "{pk}/"])
def test_a_field_that_is_not_there_is_refused_with_those_that_are(client, ada, door):
    answer = client.get(f"{door.format(pk=ada.pk)}?fields=name,nmae")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "pointer": "/fields",
            "code": "invalid",
            "detail": "No such field. Allowed: id, unit, number, name, email, created_at, updated_at.",
        }
    ]


def test_a_change_takes_no_parameters(client, ada):
    answer = client.patch(f"{PEOPLE}{ada.pk}/?fields=name", {"name": "Eve"}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/fields")
    ada.refresh_from_db()
    assert ada.name == "Ada"


def test_rows_are_counted_when_somebody_asks(client, unit, monkeypatch):
    Person.objects.bulk_create(Person(unit=unit, number=f"P-{i}", name="Ada") for i in range(7))
    monkeypatch.setattr("apps.access.api.pagination.KeysetPagination.count_up_to", 5)

    assert set(client.get(PEOPLE).json()) == {"results", "next", "previous"}
    exact = client.get(f"{PEOPLE}?count=exact&page_size=2").json()
    assert (exact["count"], len(exact["results"])) == (7, 2)
    assert client.get(exact["next"]).json()["count"] == 7
    capped = client.get(f"{PEOPLE}?count=capped").json()
    assert (capped["count"], capped["count_is_capped"]) == (5, True)
    few = client.get(f"{PEOPLE}?count=capped&number=P-3").json()
    assert (few["count"], few["count_is_capped"]) == (1, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", [PEOPLE, PEOPLE + "{pk}/", PEOPLE + "{pk}/?fields=name"])
def test_what_has_not_changed_is_not_sent_again(client, ada, door):
    door = door.format(pk=ada.pk)
    read = client.get(door)
    same = client.get(door, headers={"If-None-Match": read["ETag"]})

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", read["ETag"])
    assert read["Cache-Control"] == same["Cache-Control"] == "private, no-cache"
    assert "Authorization" in read["Vary"]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE sample_person SET name = 'Adele'")
    changed = client.get(door, headers={"If-None-Match": read["ETag"]})

    assert changed.status_code == 200
    assert changed["ETag"] != read["ETag"]


@pytest.mark.django_db(transaction=True)
def test_a_tag_belongs_to_the_fields_that_were_asked_for(client, ada):
    whole, part = client.get(f"{PEOPLE}{ada.pk}/"), client.get(f"{PEOPLE}{ada.pk}/?fields=name")

    assert client.get(f"{PEOPLE}{ada.pk}/", headers={"If-None-Match": part["ETag"]}).status_code == 200
    assert client.get(f"{PEOPLE}{ada.pk}/", headers={"If-None-Match": f'"x", W/{whole["ETag"]}'}).status_code == 304
    assert client.patch(f"{PEOPLE}{ada.pk}/", {"name": "A"}, headers={"If-Match": part["ETag"]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_another_page_count_or_row_has_another_tag(client, ada, unit):
    tags = {client.get(PEOPLE)["ETag"], client.get(f"{PEOPLE}?count=exact")["ETag"]}
    Person.objects.create(unit=unit, number="P-2", name="Bob")
    tags |= {client.get(PEOPLE)["ETag"], client.get(f"{PEOPLE}?page_size=1")["ETag"]}
    Person.objects.get(number="P-2").delete()

    assert len(tags) == 4
    assert client.get(PEOPLE)["ETag"] in tags


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_change_says_which_version_it_was_decided_on(client, ada, method):
    answer = getattr(client, method)(f"{PEOPLE}{ada.pk}/", {"name": "Eve"})

    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    assert answer.json()["title"] == "Precondition required"
    ada.refresh_from_db()
    assert ada.name == "Ada"


@pytest.mark.django_db(transaction=True)
def test_a_version_weakened_by_compression_is_still_that_version(client, ada):
    weak = f"W/{client.get(f'{PEOPLE}{ada.pk}/')['ETag']}"

    assert client.patch(f"{PEOPLE}{ada.pk}/", {"name": "Ada L."}, headers={"If-Match": weak}).status_code == 200
    assert client.patch(f"{PEOPLE}{ada.pk}/", {"name": "Eve"}, headers={"If-Match": weak}).status_code == 412


def test_pages_pass_from_empty_values_to_full_ones_and_back(client, unit, ada):
    for number in range(9):
        closed = f"2026-01-0{number}T00:00:00Z" if number > 4 else None
        Deal.objects.create(unit=unit, number=f"D-{number}", buyer=ada, closed_at=closed)
    for ordering in ("closed_at", "-closed_at"):
        seen, url = [], f"{DEALS}?page_size=2&fields=number&ordering={ordering}"
        while url:
            page = client.get(url).json()
            seen += [row["number"] for row in page["results"]]
            previous, url = page["previous"], page["next"]
        filled, empty = [f"D-{n}" for n in range(5, 9)], [f"D-{n}" for n in range(5)]
        assert seen == (filled + empty if ordering == "closed_at" else empty[::-1] + filled[::-1])
        assert [row["number"] for row in client.get(previous).json()["results"]] == seen[-3:-1]


def test_pages_of_several_units_and_of_granted_rows_are_in_one_order(api, make_user, root_unit, unit, other_unit):
    third = Unit.objects.create(parent=root_unit, name="West", slug="west", path="/company/west/")
    reader = make_user("sample-viewer", unit)
    reader.assignments.create(role=Group.objects.get(name="sample-viewer"), unit=other_unit)
    names = ["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Gil"]
    for name, where in zip(names, [unit, other_unit, third, unit, third, other_unit, unit], strict=True):
        Person.objects.create(unit=where, number=name, name=name)
    view = Permission.objects.get(codename="view_person")
    PersonGrant.objects.create(user=reader, permission=view, content_object=Person.objects.get(name="Cleo"))
    PersonGrant.objects.create(user=reader, permission=view, content_object=Person.objects.get(name="Ada"))
    client, expected = api(reader), ["Ada", "Bob", "Cleo", "Dan", "Fay", "Gil"]

    for ordering in ("name", "-name"):
        seen, url = [], f"{PEOPLE}?page_size=2&ordering={ordering}&count=exact"
        while url:
            page = client.get(url).json()
            seen += [row["name"] for row in page["results"]]
            assert page["count"] == 6
            previous, url = page["previous"], page["next"]
        assert seen == (expected if ordering == "name" else expected[::-1])
        assert [row["name"] for row in client.get(previous).json()["results"]] == seen[2:4]
    assert client.get(f"{PEOPLE}?count=capped&name=x").status_code == 400
    assert client.get(f"{PEOPLE}?count=capped&number=Eve").json()["count"] == 0


@pytest.mark.parametrize(("door", "most"), [(PEOPLE, 3), (PEOPLE + "{pk}/", 2)])
def test_reading_takes_two_statements_and_the_entry_of_a_list_a_third(client, ada, door, most):
    client.get(door.format(pk=ada.pk))

    with CaptureQueriesContext(connection) as asked:
        assert client.get(door.format(pk=ada.pk)).status_code == 200

    assert len(asked) == most


def test_a_program_gets_its_answer_compressed_and_a_browser_does_not(client, sign_in, make_user, unit):
    Person.objects.bulk_create(Person(unit=unit, number=f"P-{i}", name="Ada") for i in range(9))
    browser = sign_in(make_user("sample-viewer", unit))

    packed = client.get(PEOPLE, headers={"Accept-Encoding": "gzip"})
    plain = browser.get(PEOPLE, headers={"Accept-Encoding": "gzip"})

    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain
    assert orjson.loads(gzip.decompress(packed.content)) == plain.json()


@pytest.mark.django_db(transaction=True)
def test_a_question_that_takes_too_long_is_stopped_with_advice(client, ada):
    with psycopg.connect(**connection.get_connection_params()) as other, connection.cursor() as cursor:
        other.execute("LOCK TABLE sample_person")
        cursor.execute("SET statement_timeout = '100ms'")
        answer = client.get(PEOPLE)
        cursor.execute("RESET statement_timeout")

    assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")
    assert answer.json()["detail"] == "This took too long and was stopped. Narrow the filter, or leave out the count."
