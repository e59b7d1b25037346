"""Who was refused what: once per request, and never so often that it fills the trail."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from rest_framework.test import APIClient

from apps.audit.models import AuditEvent, RefusalCount
from apps.audit.sql import REFUSALS_A_MINUTE
from apps.audit.tasks import sum_refusals
from apps.kernel.trail import Action, Context, acting
from tests.sample.models import Person

PEOPLE = "/api/v1/sample/people/"
NOWHERE = "01900000-0000-7000-8000-000000000000"
VIEW, CHANGE, CLOSE = "sample.view_person", "sample.change_person", "sample.close_person"


def refusals() -> list[tuple[str, str, dict[str, Any]]]:
    """Class, key and details of each; what is said of the request itself is left out."""
    found = AuditEvent.objects.filter(action=Action.REFUSED).select_related("content_type").order_by("pk")
    return [
        (
            entry.content_type.model,
            entry.object_pk,
            {name: said for name, said in entry.additional_data.items() if name not in {"method", "route"}},
        )
        for entry in found
    ]


def invisible(status: int) -> dict[str, Any]:
    return {"status": status, "code": "invisible"}


def denied(permission: str) -> dict[str, Any]:
    return {"status": 403, "code": "permission_denied", "permission": permission}


API = {
    "a list without the role": (None, "get", PEOPLE, {}, 403, [("person", "", denied(VIEW))]),
    "a row without the role": (None, "get", PEOPLE + "{ada}/", {}, 404, [("person", "{ada}", invisible(404))]),
    "a row of another unit": ("south", "get", PEOPLE + "{ada}/", {}, 404, [("person", "{ada}", invisible(404))]),
    "its headers": ("south", "head", PEOPLE + "{ada}/", {}, 404, [("person", "{ada}", invisible(404))]),
    "a change of it": ("south", "patch", PEOPLE + "{ada}/", {"name": "E"}, 404, [("person", "{ada}", invisible(404))]),
    "a verb on it": ("south", "post", PEOPLE + "{ada}/close/", {}, 404, [("person", "{ada}", invisible(404))]),
    "a change without the role": (
        "north", "patch", PEOPLE + "{ada}/", {"name": "E"}, 403, [("person", "", denied(CHANGE))],
    ),
    "a verb without the role": ("north", "post", PEOPLE + "{ada}/close/", {}, 403, [("person", "", denied(CLOSE))]),
    "no row at all": ("north", "get", f"{PEOPLE}{NOWHERE}/", {}, 404, []),
    "no key at all": ("north", "get", f"{PEOPLE}{'-' * 36}/", {}, 404, []),
    "no such address": ("north", "get", "/api/v1/sample/nothing/", {}, 404, []),
    "a body that is wrong": ("north", "get", f"{PEOPLE}?colour=red", {}, 400, []),
}  # fmt: skip


@pytest.mark.parametrize("case", API)
def test_each_refusal_of_the_api_is_entered_once(api, make_user, unit, other_unit, ada, case: str):
    where, method, path, body, status, expected = API[case]
    units = {"north": unit, "south": other_unit}
    user = make_user("sample-viewer" if where == "north" else "sample-manager", units[where]) if where else make_user()

    answer = getattr(api(user), method)(path.format(ada=ada.pk), body)

    assert answer.status_code == status
    assert refusals() == [(model, key.format(ada=ada.pk), said) for model, key, said in expected]
    assert Person.objects.get().name == "Ada"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"Authorization": "Bearer stw_wrong"}, [("person", "", {"status": 401, "code": "invalid_token"})]),
        ({"Authorization": "Bearer wrong"}, [("person", "", {"status": 401, "code": "invalid_token"})]),
        ({}, []),
    ],
)
def test_a_key_that_is_not_accepted_is_a_refusal_and_no_key_is_none(db, header, expected):
    assert APIClient().get(PEOPLE, headers=header).status_code == 401

    assert refusals() == expected


def test_a_rule_about_who_may_decide_is_a_refusal_and_a_rule_of_the_business_is_none(api, make_user, unit, ada):
    administrator = make_user("administrator")
    wish = {"user": str(administrator.pk), "unit": str(unit.pk), "role": "sample-viewer", "reason": "More for me"}
    own = api(administrator).post("/api/v1/access/assignments/", wish)
    ada.name = ""
    ada.save()
    closed = api(make_user("sample-manager", unit)).post(f"{PEOPLE}{ada.pk}/close/", {"reason": "x"})

    assert (own.status_code, own.json()["code"], closed.status_code) == (409, "your_own_access", 409)
    assert refusals() == [("assignment", "", {"status": 409, "code": "your_own_access"})]


ADMIN = {
    "a list without the role": ("sample_person_changelist", None, None, 403, [("person", "", {"status": 403})]),
    "a page of another unit": ("sample_person_change", "south", None, 302, [("person", "{ada}", invisible(302))]),
    "its history": ("sample_person_history", "south", None, 404, [("person", "{ada}", invisible(404))]),
    "a verb on it": ("sample_person_do", "south", None, 404, [("person", "{ada}", invisible(404))]),
    "a verb without the role": (
        "sample_person_do",
        "north",
        None,
        403,
        [("person", "{ada}", {"status": 403, "permission": CLOSE})],
    ),
    "no row at all": ("sample_person_change", "north", NOWHERE, 302, []),
    "no key at all": ("sample_person_change", "north", "nothing", 302, []),
}


@pytest.mark.parametrize("case", ADMIN)
def test_each_refusal_of_the_admin_is_entered_once(sign_in, make_user, unit, other_unit, ada, case: str):
    name, where, key, status, expected = ADMIN[case]
    user = make_user("sample-viewer", {"north": unit, "south": other_unit}[where]) if where else make_user()
    args = [] if name.endswith("changelist") else [key or ada.pk]
    browser = sign_in(user)

    page = browser.get(reverse(f"admin:{name}", args=[*args, *(["close"] if name.endswith("do") else [])]))

    assert page.status_code == status
    assert refusals() == [(model, of.format(ada=ada.pk), said) for model, of, said in expected]


def test_a_verb_refused_on_some_of_many_rows_is_one_entry(sign_in, make_user, unit, other_unit, ada, bob):
    viewer = make_user("sample-viewer", unit)
    viewer.assignments.create(role=Group.objects.get(name="sample-manager"), unit=other_unit)
    form = {"action": "close", "_selected_action": [str(ada.pk), str(bob.pk)], "reason": "moved"}

    sign_in(viewer).post(reverse("admin:sample_person_changelist"), form)

    [(model, key, said)] = refusals()
    assert (model, key, said["permission"], said["count"]) == ("person", "", CLOSE, 2)
    assert set(said["ids"]) == {str(ada.pk), str(bob.pk)}


def test_a_second_factor_that_is_missing_is_a_refusal(client: Client, make_user):
    client.force_login(make_user("administrator"), backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.get("/api/v1/users/").status_code == 403
    assert [(model, said["status"]) for model, _key, said in refusals()] == [("user", 403)]


@pytest.fixture
def minute_over(as_owner) -> Callable[[], None]:
    """The minute in which everything was counted has passed."""
    return lambda: as_owner("UPDATE audit_refusalcount SET minute = minute - interval '2 minutes'")


def test_nobody_fills_the_trail_by_asking(api, make_user, minute_over):
    stranger, other = make_user(), make_user()
    client = api(stranger)
    for _number in range(REFUSALS_A_MINUTE + 7):
        assert client.get(PEOPLE).status_code == 403
    assert api(other).get(PEOPLE).status_code == 403

    entered = AuditEvent.objects.filter(action=Action.REFUSED)
    assert (entered.by(stranger).count(), entered.by(other).count()) == (REFUSALS_A_MINUTE, 1)

    minute_over()
    with acting(Context(source="schedule:audit.sum_refusals")):
        assert (sum_refusals(None), sum_refusals(None)) == ({"made": 1}, {"made": 0})

    counted = entered.by(stranger).latest("pk")
    assert (counted.source, counted.additional_data["more"]) == ("schedule:audit.sum_refusals", 7)
    assert RefusalCount.objects.count() == 0


def test_everybody_whom_nobody_knows_shares_one_count(db, minute_over):
    for number in range(REFUSALS_A_MINUTE + 3):
        APIClient(REMOTE_ADDR=f"192.0.2.{number}").get(PEOPLE, headers={"Authorization": "Bearer x"})

    assert AuditEvent.objects.filter(action=Action.REFUSED).count() == REFUSALS_A_MINUTE
    minute_over()
    with acting(Context(source="schedule:audit.sum_refusals")):
        sum_refusals(None)
    assert AuditEvent.objects.filter(action=Action.REFUSED).latest("pk").additional_data["more"] == 3


def test_nobody_fills_the_trail_by_failing_to_sign_in(make_user, minute_over, settings):
    settings.AXES_ENABLED = False
    known = make_user()
    tried = [known.email] * (REFUSALS_A_MINUTE + 2)
    tried += [f"nobody{number}@example.org" for number in range(REFUSALS_A_MINUTE + 5)]
    for number, email in enumerate(tried):
        authenticate(RequestFactory(REMOTE_ADDR=f"192.0.2.{number}").post("/"), email=email, password="wrong")
    failures = AuditEvent.objects.filter(action=Action.LOGIN_FAILED)
    accounts = [str(known.pk), ""]
    assert [failures.filter(object_pk=key).count() for key in accounts] == [REFUSALS_A_MINUTE] * 2

    minute_over()
    with acting(Context(source="schedule:audit.sum_refusals")):
        assert sum_refusals(None) == {"made": 2}

    told = [failures.filter(object_pk=key).latest("pk") for key in accounts]
    assert [(each.additional_data["more"], each.actor_id) for each in told] == [(2, None), (5, None)]
    assert not AuditEvent.objects.filter(action=Action.REFUSED).exists()


def test_the_count_is_written_by_its_function_alone(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('audit_refusalcount', 'INSERT, UPDATE, DELETE, TRUNCATE')")
        assert cursor.fetchone() == (False,)
