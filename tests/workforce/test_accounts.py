"""Which account is whose: said by somebody who decides about nobody's absences."""

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services import Inactive
from apps.audit.models import AuditEvent
from apps.events.models import PublishedEvent
from apps.workforce.models import Employee
from apps.workforce.services.accounts import (
    AccountTaken,
    DecidesAboutAbsences,
    NoPerson,
    OwnAccount,
    link_account,
)


@pytest.fixture
def administrator(make_user, unit) -> User:
    return make_user("workforce-administrator", unit)


def test_a_link_is_told_and_its_reason_is_kept(employee, administrator, make_user):
    account = make_user()

    link_account(employee, user=account, by=administrator, reason="First day")

    event = PublishedEvent.objects.get(name="workforce.account_linked")
    assert event.payload == {"employee": str(employee.pk), "user": str(account.pk)}
    assert event.unit == employee.unit_id
    entry = AuditEvent.objects.filter(object_pk=employee.pk).latest("pk")
    assert (entry.reason, entry.changes["user"]) == ("First day", [None, str(account.pk)])


def test_who_decides_about_absences_links_nobody(employee, administrator, make_user, unit):
    administrator.assignments.create(role=Group.objects.get(name="hr-manager"), unit=unit)
    both = User.objects.get(pk=administrator.pk)

    with pytest.raises(DecidesAboutAbsences):
        link_account(employee, user=make_user(), by=both, reason="Mine is another's")

    employee.refresh_from_db()
    assert employee.user is None
    assert not PublishedEvent.objects.exists()


def test_nobody_links_or_unlinks_himself(employee, boss, administrator, make_user):
    Employee.objects.filter(pk=boss.pk).update(user=administrator)

    for whom, account in ((employee, administrator), (boss, make_user()), (boss, None)):
        with pytest.raises(OwnAccount):
            link_account(whom, user=account, by=administrator, reason="Just so")

    assert list(Employee.objects.exclude(user=None)) == [boss]


@pytest.mark.parametrize(
    ("fields", "refusal"), [({"is_active": False}, Inactive), ({"kind": User.Kind.SERVICE}, NoPerson)]
)
def test_only_somebody_who_can_sign_in_is_linked(employee, administrator, make_user, fields, refusal):
    with pytest.raises(refusal):
        link_account(employee, user=make_user(**fields), by=administrator, reason="First day")

    employee.refresh_from_db()
    assert employee.user is None


def test_an_account_belongs_to_one_employee_until_it_is_taken_away(employee, boss, administrator, make_user):
    account = make_user()
    link_account(boss, user=account, by=administrator, reason="First day")

    with pytest.raises(AccountTaken):
        link_account(employee, user=account, by=administrator, reason="First day")

    link_account(boss, user=None, by=administrator, reason="Mixed up")
    assert link_account(employee, user=account, by=administrator, reason="First day").user == account


def test_the_api_asks_for_the_right_and_a_reason(employee, administrator, make_user, unit, api):
    account, place = make_user(), f"/api/v1/employees/{employee.pk}/link-account/"
    words = {"user": str(account.pk), "reason": "First day"}

    assert api(make_user("hr-manager", unit)).post(place, words, format="json").status_code == 403
    assert api(administrator).post(place, {"user": str(account.pk)}, format="json").status_code == 400
    assert Employee.objects.exclude(user=None).count() == 0
    answer = api(administrator).post(place, words, format="json")

    assert answer.status_code == 200
    assert "user" not in answer.json()
    assert api(make_user("hr-viewer", unit)).get(f"/api/v1/employees/{employee.pk}/").json()["user"] == str(account.pk)


def test_the_page_asks_for_the_address_of_the_account(employee, administrator, make_user, sign_in):
    account, browser = make_user(email="nancy@example.org"), sign_in(administrator)
    words = {"action": "link_account", "_selected_action": [str(employee.pk)], "reason": "First day"}
    place = reverse("admin:workforce_employee_changelist")

    unknown = browser.post(place, {**words, "user": "nobody@example.org"})
    assert "There is no account of this address." in unknown.text
    answer = browser.post(place, {**words, "user": "Nancy@example.org"})

    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["1 record done."]
    assert Employee.objects.get(user=account) == employee
