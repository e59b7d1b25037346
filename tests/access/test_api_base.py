"""The promises that every endpoint keeps, shown on the pretend domain."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from apps.access.models import Unit
from apps.accounts.models import User
from tests.sample.models import Deal, Line, Person

PEOPLE = "/api/v1/sample/people/"
Api = Callable[[User], APIClient]


@pytest.fixture
def manager(make_user, unit) -> User:
    return make_user("sample-manager", unit)


@pytest.fixture
def viewer(make_user, unit) -> User:
    return make_user("sample-viewer", unit)


@pytest.fixture
def ada(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada", email="ada@example.org")


@pytest.fixture
def bob(other_unit: Unit) -> Person:
    return Person.objects.create(unit=other_unit, number="P-2", name="Bob")


def test_nobody_reads_without_signing_in(client):
    answer = client.get(PEOPLE)

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not_authenticated"


def test_a_list_shows_the_rows_of_the_readers_units_only(api, viewer, ada, bob):
    answer = api(viewer).get(PEOPLE)

    assert answer.status_code == 200
    assert [row["number"] for row in answer.json()["results"]] == ["P-1"]
    assert answer.json()["next"] is None
    assert answer.json()["previous"] is None


def test_a_row_of_another_unit_does_not_exist(api, manager, bob):
    client = api(manager)

    assert client.get(f"{PEOPLE}{bob.pk}/").status_code == 404
    assert client.patch(f"{PEOPLE}{bob.pk}/", {"name": "Mallory"}, headers={"If-Match": "*"}).status_code == 404
    assert client.delete(f"{PEOPLE}{bob.pk}/", headers={"If-Match": "*"}).status_code == 404
    bob.refresh_from_db()
    assert bob.name == "Bob"


def test_an_invisible_row_and_a_missing_one_get_the_same_answer(api, manager, bob):
    client = api(manager)
    missing = client.get(f"{PEOPLE}00000000-0000-7000-8000-000000000000/").json()
    invisible = client.get(f"{PEOPLE}{bob.pk}/").json()

    assert missing.pop("instance") != invisible.pop("instance")
    assert missing == invisible


def test_a_verb_without_the_right_is_403_and_changes_nothing(api, viewer, ada):
    client = api(viewer)

    assert client.post(PEOPLE, {"number": "P-9", "name": "Eve"}).status_code == 403
    assert client.patch(f"{PEOPLE}{ada.pk}/", {"name": "Eve"}, headers={"If-Match": "*"}).status_code == 403
    assert client.post(f"{PEOPLE}{ada.pk}/close/", {"reason": "x"}).status_code == 403
    assert client.delete(f"{PEOPLE}{ada.pk}/", headers={"If-Match": "*"}).status_code == 403
    assert list(Person.objects.values_list("number", "name")) == [("P-1", "Ada")]


def test_a_new_row_lands_in_the_only_unit_where_one_may_add(api, manager, unit):
    answer = api(manager).post(PEOPLE, {"number": "P-3", "name": "Cleo"})

    assert answer.status_code == 201
    assert answer.json()["unit"] == str(unit.pk)
    assert answer["Location"].endswith(f"{PEOPLE}{answer.json()['id']}/")
    assert answer["ETag"]


def test_a_foreign_unit_cannot_be_named(api, manager, other_unit):
    answer = api(manager).post(PEOPLE, {"number": "P-3", "name": "Cleo", "unit": str(other_unit.pk)})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/unit"
    assert Person.objects.count() == 0


def test_who_may_add_in_two_units_has_to_say_which(api, make_user, root_unit, unit, other_unit):
    answer = api(make_user("sample-manager", root_unit)).post(PEOPLE, {"number": "P-3", "name": "Cleo"})

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/unit", "required")]


def test_a_row_does_not_move_to_another_unit_by_an_edit(api, make_user, root_unit, other_unit, ada):
    answer = api(make_user("sample-manager", root_unit)).patch(
        f"{PEOPLE}{ada.pk}/", {"unit": str(other_unit.pk)}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 400
    ada.refresh_from_db()
    assert ada.unit_id != other_unit.pk


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"nmae": "x"}, [("/nmae", "unknown_field")]),
        ({"id": "0"}, [("/id", "read_only_field")]),
        ({"created_at": "2020-01-01T00:00:00Z", "name": "y"}, [("/created_at", "read_only_field")]),
        ({"email": "not an address"}, [("/email", "invalid")]),
        ({"name": 7}, [("/name", "wrong_type")]),
        ({"name": True, "email": ["a@example.org"]}, [("/name", "wrong_type"), ("/email", "wrong_type")]),
        ({"a/b": 1}, [("/a~1b", "unknown_field")]),
    ],
)
def test_a_body_is_taken_literally_or_refused_by_name(api, manager, ada, body, expected):
    answer = api(manager).patch(f"{PEOPLE}{ada.pk}/", body, headers={"If-Match": "*"})

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == expected
    ada.refresh_from_db()
    assert (ada.name, ada.email) == ("Ada", "ada@example.org")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b"\xff\xfe",
        b"[" * 5_000,
        b'{"quantity": ' + b"9" * 5_000 + b"}",
    ],
    ids=["cut", "cut list", "NaN", "key twice", "not UTF-8", "deep", "long number"],
)
def test_a_malformed_body_is_a_400_problem(api, manager, body):
    answer = api(manager).post(PEOPLE, data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "malformed"
    assert Person.objects.count() == 0


def test_a_body_over_the_limit_is_413(api, manager, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = api(manager).post(PEOPLE, {"number": "P-3", "name": "x" * 2_000})

    assert answer.status_code == 413
    assert answer.json()["code"] == "content_too_large"


def test_a_body_that_says_it_is_too_long_is_not_read(api, manager, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = api(manager).post(PEOPLE, data=b"{}", content_type="application/json", CONTENT_LENGTH="1001")

    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


def test_a_body_that_does_not_say_how_long_it_is_is_411(api, manager):
    answer = api(manager).post(PEOPLE, {"number": "P-3", "name": "Cleo"}, headers={"Transfer-Encoding": "chunked"})

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert Person.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_a_path_without_its_slash_is_a_problem_and_no_redirection(api, manager, method):
    answer = getattr(api(manager), method)(PEOPLE.rstrip("/"))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_asking_for_the_options_of_an_address_is_405(api, manager, ada):
    for path in (PEOPLE, f"{PEOPLE}{ada.pk}/", f"{PEOPLE}{ada.pk}/close/"):
        answer = api(manager).options(path)

        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert "OPTIONS" not in answer["Allow"]


def test_another_media_type_is_415(api, manager):
    answer = api(manager).post(PEOPLE, data="<a/>", content_type="application/xml")

    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"


def test_an_unlisted_method_is_405_with_allow(api, manager):
    answer = api(manager).put(PEOPLE, {})

    assert answer.status_code == 405
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST"}


@pytest.mark.parametrize(
    "query", ["nmae=x", "ordering=email", "ordering=name,number", "page_size=0", "page_size=201", "cursor=x"]
)
def test_an_unknown_parameter_or_value_is_400(api, viewer, ada, query):
    answer = api(viewer).get(f"{PEOPLE}?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{query.split('=')[0]}"


@pytest.mark.parametrize("query", ["nmae=x", "number=", "page_size=1&page_size=2"])
def test_a_parameter_is_known_said_once_and_says_something_everywhere(api, manager, ada, query):
    client = api(manager)
    answers = [
        client.get(f"{PEOPLE}?{query}"),
        client.get(f"{PEOPLE}{ada.pk}/?{query}"),
        client.post(f"{PEOPLE}?{query}", {"number": "P-9", "name": "Eve"}),
        client.patch(f"{PEOPLE}{ada.pk}/?{query}", {"name": "Eve"}),
        client.post(f"{PEOPLE}{ada.pk}/close/?{query}", {"reason": "x"}),
        client.delete(f"{PEOPLE}{ada.pk}/?{query}"),
        client.get(f"/api/v1/access/me/?{query}"),
    ]

    assert [answer.status_code for answer in answers] == [400] * 7
    assert {answer.json()["errors"][0]["pointer"] for answer in answers} == {f"/{query.split('=')[0]}"}
    assert list(Person.objects.values_list("number", "name")) == [("P-1", "Ada")]


def test_a_filter_by_a_foreign_row_finds_nothing_and_tells_nothing(api, viewer, bob):
    answer = api(viewer).get(f"/api/v1/sample/deals/?buyer={bob.pk}")

    assert answer.status_code == 200
    assert answer.json()["results"] == []


def test_a_reference_to_a_row_of_another_unit_is_refused_like_a_missing_one(api, manager, bob):
    answer = api(manager).post("/api/v1/sample/deals/", {"number": "D-1", "buyer": str(bob.pk)})

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/buyer", "does_not_exist")]
    assert Deal.objects.count() == 0


def test_a_constraint_of_the_database_speaks_its_own_sentence(api, manager, ada):
    answer = api(manager).post("/api/v1/sample/deals/", {"number": "D-1", "buyer": str(ada.pk), "total": "-1.00"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "constraint_violated"
    assert answer.json()["detail"] == "A total is not negative."
    assert Deal.objects.count() == 0


def test_a_taken_key_is_409_and_names_no_value(api, manager, ada):
    answer = api(manager).post(PEOPLE, {"number": "P-1", "name": "Second"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "already_exists"
    assert "P-1" not in answer.text


def test_pages_run_forwards_and_back_over_equal_and_missing_values(api, viewer, ada, unit):
    Deal.objects.bulk_create(Deal(unit=unit, number=f"D-{i:02}", buyer=ada) for i in range(10))
    client = api(viewer)
    pages, url = [], "/api/v1/sample/deals/?page_size=4&ordering=-closed_at"
    while url:
        page = client.get(url).json()
        pages.append([row["number"] for row in page["results"]])
        previous, url = page["previous"], page["next"]

    assert [len(page) for page in pages] == [4, 4, 2]
    assert sorted(number for page in pages for number in page) == [f"D-{i:02}" for i in range(10)]
    assert [row["number"] for row in client.get(previous).json()["results"]] == pages[1]


def test_the_cursor_shows_nobodys_name(api, viewer, unit):
    Person.objects.bulk_create(Person(unit=unit, number=f"P-{i}", name=f"Planted{i}") for i in range(3))

    following = api(viewer).get(f"{PEOPLE}?page_size=1&ordering=name").json()["next"]

    assert "Planted" not in following
    assert api(viewer).get(following).json()["results"][0]["name"] == "Planted1"


@pytest.mark.django_db(transaction=True)
def test_a_stale_change_is_412_with_the_current_version(api, manager, ada):
    client = api(manager)
    seen = client.get(f"{PEOPLE}{ada.pk}/")["ETag"]
    Person.objects.filter(pk=ada.pk).update(name="Changed meanwhile")

    answer = client.patch(f"{PEOPLE}{ada.pk}/", {"name": "Mine"}, headers={"If-Match": seen})

    assert answer.status_code == 412
    assert answer.json()["code"] == "stale_record"
    assert answer["ETag"] == client.get(f"{PEOPLE}{ada.pk}/")["ETag"] != seen
    ada.refresh_from_db()
    assert ada.name == "Changed meanwhile"


@pytest.mark.django_db(transaction=True)
def test_a_change_against_the_version_one_read_is_made(api, manager, ada):
    client = api(manager)
    seen = client.get(f"{PEOPLE}{ada.pk}/")["ETag"]

    answer = client.patch(f"{PEOPLE}{ada.pk}/", {"name": "Ada L."}, headers={"If-Match": seen})

    assert answer.status_code == 200
    assert answer.json()["name"] == "Ada L."
    assert answer["ETag"] not in {seen, ""}


def test_a_verb_refused_by_rule_is_409_with_its_code(api, manager, ada):
    client = api(manager)
    assert client.post(f"{PEOPLE}{ada.pk}/close/", {"reason": "moved"}).status_code == 200

    answer = client.post(f"{PEOPLE}{ada.pk}/close/", {"reason": "again"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "already_closed"
    assert answer.json()["detail"] == "This person is closed already."
    assert answer.json()["allowed"] == ["reopen"]


def test_a_child_copies_the_unit_of_its_parent(api, manager, ada, unit):
    deal = Deal.objects.create(unit=unit, number="D-1", buyer=ada)

    answer = api(manager).post("/api/v1/sample/lines/", {"deal": str(deal.pk), "what": "Tea"})

    assert answer.status_code == 201
    assert Line.objects.get().unit_id == unit.pk


def test_an_unknown_path_of_the_api_is_a_problem(api, viewer):
    answer = api(viewer).get("/api/v1/nothing/here/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_every_answer_says_which_request_it_was(api, viewer):
    answer = api(viewer).get(PEOPLE, headers={"X-Request-ID": "partner-request-0001"})

    assert answer["X-Request-ID"] == "partner-request-0001"
    assert api(viewer).get(PEOPLE, headers={"X-Request-ID": "x\r\ny"})["X-Request-ID"] != "x\r\ny"
