"""The pages and the API of users, units, roles and keys; nobody raises himself by them."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.urls import reverse

from apps.access.models import Assignment, Unit
from apps.accounts import services as accounts
from apps.accounts.models import ApiToken, Application, User


@pytest.fixture
def administrator(make_user) -> User:
    return make_user("administrator", email="root@example.org")


@pytest.fixture
def climber(make_user, unit) -> User:
    """Somebody who was given the right to change users, and nothing more."""
    role = Group.objects.get(name="unit-administrator")
    role.permissions.add(Permission.objects.get(codename="change_user", content_type__app_label="accounts"))
    return make_user("unit-administrator", unit)


def test_an_invited_person_gets_a_link_and_no_password(administrator, sign_in):
    answer = sign_in(administrator).post(
        reverse("admin:accounts_user_add"), {"email": "Ada@example.org", "name": "Ada"}
    )

    assert answer.status_code == 302
    invited = User.objects.get(email="ada@example.org")
    assert not invited.has_usable_password()
    assert [message.to for message in mail.outbox] == [["ada@example.org"]]


def test_changing_users_raises_nobody(climber, administrator, unit, sign_in):
    Assignment.objects.create(user=administrator, role=Group.objects.get(name="sample-viewer"), unit=unit)
    browser = sign_in(climber)
    page = reverse("admin:accounts_user_change", args=[administrator.pk])

    refused = browser.post(
        page, {"name": "Taken over", "is_superuser": "on", "password": "x", "email": "me@example.org"}
    )
    own = browser.post(
        reverse("admin:accounts_user_change", args=[climber.pk]),
        {"name": "Me", "is_superuser": "on", "email": "root@example.org", "is_active": "on", "groups": "1"},
    )

    assert refused.status_code == 403
    assert own.status_code == 302
    kept = User.objects.get(pk=administrator.pk)
    assert (kept.name, kept.email, kept.password) == (administrator.name, "root@example.org", administrator.password)
    me = User.objects.get(pk=climber.pk)
    assert (me.is_superuser, me.email, me.groups.count()) == (False, climber.email, 0)
    assert me.assignments.count() == 1


def test_a_forged_assignment_is_refused_in_the_admin_and_in_the_api(climber, root_unit, unit, sign_in, api):
    administrators = Group.objects.get(name="administrator")
    forged = {"user": str(climber.pk), "unit": str(root_unit.pk), "reason": "please", "valid_from_0": "2026-01-01"}

    page = sign_in(climber).post(
        reverse("admin:access_assignment_add"), {**forged, "role": administrators.pk, "valid_from_1": "00:00:00"}
    )
    answer = api(climber).post(
        "/api/v1/access/assignments/",
        {"user": str(climber.pk), "role": "administrator", "unit": str(root_unit.pk), "reason": "please"},
    )

    assert page.status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (409, "your_own_access")
    assert Assignment.objects.filter(role=administrators).count() == 0


def test_an_administrator_assigns_and_ends_by_the_api(administrator, make_user, unit, api):
    newcomer, client = make_user(), api(administrator)

    made = client.post(
        "/api/v1/access/assignments/",
        {"user": str(newcomer.pk), "role": "sample-viewer", "unit": str(unit.pk), "reason": "New"},
    )
    assert made.status_code == 201
    ended = client.post(f"/api/v1/access/assignments/{made.json()['id']}/end/", {"reason": "Left"})

    assert (made.json()["role"], made.json()["granted_by"]) == ("sample-viewer", str(administrator.pk))
    assert ended.status_code == 204
    assert newcomer.assignments.valid().count() == 0


def test_an_assignment_of_another_unit_does_not_exist(make_user, unit, other_unit, api):
    reader = make_user("unit-administrator", unit)
    elsewhere = make_user("sample-viewer", other_unit).assignments.get()

    client = api(reader)

    assert client.get(f"/api/v1/access/assignments/{elsewhere.pk}/").status_code == 404
    assert str(elsewhere.pk) not in client.get("/api/v1/access/assignments/").content.decode()


def test_a_user_cannot_be_made_superuser_by_the_api(administrator, make_user, api):
    newcomer = make_user()

    answer = api(administrator).patch(
        f"/api/v1/users/{newcomer.pk}/", {"is_superuser": True, "kind": "service"}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/is_superuser", "/kind"}


def test_the_api_deactivates_with_a_reason_and_says_who_one_is(administrator, make_user, unit, api):
    viewer = make_user("sample-viewer", unit)
    me = api(viewer).get("/api/v1/access/me/").json()

    answer = api(administrator).post(f"/api/v1/users/{viewer.pk}/deactivate/", {"reason": "Left"})

    assert me["permissions"]["sample.view_person"] == ["/company/north/"]
    assert (answer.status_code, answer.json()["is_active"]) == (200, False)


def test_units_are_made_moved_and_never_seen_from_elsewhere(administrator, make_user, unit, other_unit, api):
    client = api(administrator)
    made = client.post("/api/v1/units/", {"name": "Harbour", "slug": "harbour", "parent": str(unit.pk)})
    assert (made.status_code, made.json()["path"]) == (201, "/company/north/harbour/")

    moved = client.post(f"/api/v1/units/{made.json()['id']}/move/", {"below": str(other_unit.pk), "reason": "Merged"})

    assert moved.json()["path"] == "/company/south/harbour/"
    northerner = api(make_user("unit-administrator", unit))
    assert [row["slug"] for row in northerner.get("/api/v1/units/").json()["results"]] == ["north"]


def test_the_secret_of_an_application_is_shown_once(administrator, sign_in, client):
    browser = sign_in(administrator)

    made = browser.post(
        reverse("admin:accounts_application_add"), {"name": "acme", "scopes": ["sample:read"]}, follow=True
    )
    again = browser.get(reverse("admin:accounts_application_changelist"))

    application = Application.objects.get()
    assert application.scopes == ["sample:read"]
    secret = next(str(message) for message in made.context["messages"] if "shown this once" in str(message)).rsplit()[
        -1
    ]
    assert secret not in again.content.decode()
    form = {"grant_type": "client_credentials", "client_id": application.client_id, "client_secret": secret}
    assert client.post("/oauth/token/", form).status_code == 200


def test_an_administrator_ends_the_token_of_anybody(administrator, make_user, api, sign_in):
    api(make_user())
    token = ApiToken.objects.get()

    sign_in(administrator).post(
        reverse("admin:accounts_apitoken_changelist"), {"action": "revoke", "_selected_action": [str(token.pk)]}
    )

    assert ApiToken.objects.live().count() == 0


@pytest.mark.parametrize(
    "page", ["accounts_user", "access_unit", "auth_group", "access_assignment", "accounts_application"]
)
def test_every_page_of_access_opens_for_its_people_only(administrator, make_user, unit, sign_in, page):
    accounts.register_application(name="acme", scopes=[])
    stranger = make_user("sample-viewer", unit)
    address = reverse(f"admin:{page}_changelist")

    assert sign_in(administrator).get(address).status_code == 200
    assert sign_in(stranger).get(address).status_code == 403


def test_a_role_says_in_words_what_it_allows(administrator, sign_in):
    role = Group.objects.get(name="sample-viewer")

    page = sign_in(administrator).get(reverse("admin:auth_group_change", args=[role.pk]))

    assert "sample: Can view person" in page.content.decode()
    assert Unit.objects.count() == 1


def test_a_unit_administrator_sees_the_people_of_his_units_only(
    make_user, administrator, unit, other_unit, api, sign_in
):
    reader, colleague = make_user("unit-administrator", unit), make_user("sample-viewer", unit)
    stranger = make_user("sample-viewer", other_unit)
    client = api(reader)

    listed = {row["id"] for row in client.get("/api/v1/users/").json()["results"]}

    assert listed == {str(reader.pk), str(colleague.pk)}
    assert client.get("/api/v1/users/", {"email": stranger.email}).json()["results"] == []
    assert client.get(f"/api/v1/users/{stranger.pk}/").status_code == 404
    assert str(stranger.pk) in api(administrator).get("/api/v1/users/").content.decode()
    page = sign_in(reader).get("/admin/accounts/user/").content.decode()
    assert (colleague.email in page, stranger.email in page) == (True, False)
