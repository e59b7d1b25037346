"""Permissions on single rows, given and taken back by the API."""

import pytest

from apps.access.models import Assignment
from apps.accounts.models import User
from apps.events.models import PublishedEvent
from tests.sample.models import Person, PersonGrant, Tag

GRANTS = "/api/v1/access/grants/"


@pytest.fixture
def row(unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada")


@pytest.fixture
def giver(make_user, unit) -> User:
    """Somebody who decides in the north and holds the viewing there himself."""
    giver = make_user("unit-administrator", unit)
    viewing = make_user("sample-viewer", unit).assignments.get().role
    Assignment.objects.create(user=giver, role=viewing, unit=unit)
    return User.objects.get(pk=giver.pk)


def wish(user: User, row: Person, permission: str = "view_person") -> dict[str, str]:
    return {
        "user": str(user.pk),
        "model": "sample.person",
        "object": str(row.pk),
        "permission": permission,
        "reason": "Helps out",
    }


def test_a_grant_is_given_listed_and_taken_back(giver, make_user, row, api):
    client, helper = api(giver), make_user()

    given = client.post(GRANTS, wish(helper, row))
    assert given.status_code == 201
    assert (given.json()["object"], given.json()["permission"]) == (str(row.pk), "view_person")
    listed = client.get(GRANTS, {"model": "sample.person", "object": str(row.pk)}).json()["results"]
    assert [(grant["user"], grant["permission"]) for grant in listed] == [(str(helper.pk), "view_person")]
    assert api(helper).get(f"/api/v1/sample/people/{row.pk}/").status_code == 200

    assert client.post(f"{GRANTS}revoke/", wish(helper, row)).status_code == 204
    assert api(helper).get(f"/api/v1/sample/people/{row.pk}/").status_code == 404
    assert list(PublishedEvent.objects.order_by("pk").values_list("name", "unit")) == [
        ("access.row_granted", row.unit_id),
        ("access.row_revoked", row.unit_id),
    ]


def test_more_than_one_holds_is_refused(giver, make_user, row, api):
    answer = api(giver).post(GRANTS, wish(make_user(), row, "change_person"))

    assert (answer.status_code, answer.json()["code"]) == (409, "more_than_you_hold")
    assert PersonGrant.objects.count() == 0


def test_a_row_that_one_cannot_see_does_not_exist(make_user, row, other_unit, api):
    answer = api(make_user("unit-administrator", other_unit)).post(GRANTS, wish(make_user(), row))

    assert answer.status_code == 404
    assert PersonGrant.objects.count() == 0


def test_an_unknown_kind_of_row_is_named(giver, make_user, row, api):
    client, kind = api(giver), {"model": "auth.group", "object": str(row.pk)}

    for answer in (client.post(GRANTS, {**wish(make_user(), row), **kind}), client.get(GRANTS, kind)):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/model")


def test_the_grants_on_a_row_come_in_pages(giver, make_user, row, api):
    client = api(giver)
    for _ in range(3):
        assert client.post(GRANTS, wish(make_user(), row)).status_code == 201

    first = client.get(GRANTS, {"model": "sample.person", "object": str(row.pk), "page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert [len(first["results"]), len(second["results"])] == [2, 1]
    assert second["next"] is None


@pytest.mark.parametrize("query", [{"nmae": "x"}, {"page_size": "0"}, {"object": "x"}, {"model": ""}])
def test_what_may_be_asked_of_grants_is_named(giver, row, api, query):
    answer = api(giver).get(GRANTS, {"model": "sample.person", "object": str(row.pk), **query})

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{name}" for name in query]


def test_rows_of_a_kind_that_takes_no_grants_are_refused(make_user, unit, api):
    manager = make_user("sample-manager", unit)
    Assignment.objects.create(
        user=manager, role=make_user("unit-administrator", unit).assignments.get().role, unit=unit
    )
    tag = Tag.objects.create(unit=unit, label="new")

    answer = api(User.objects.get(pk=manager.pk)).get(GRANTS, {"model": "sample.tag", "object": str(tag.pk)})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_grantable")
