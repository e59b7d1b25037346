"""Permissions on single rows, given and taken back in the admin."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from tests.sample.models import Person, PersonGrant

LIST = reverse("admin:sample_persongrant_changelist")
ADD = reverse("admin:sample_persongrant_add")


@pytest.fixture
def row(unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada")


@pytest.fixture
def giver(make_user, unit) -> User:
    """Somebody who decides in the north and holds the viewing there himself."""
    giver = make_user("unit-administrator", unit)
    giver.assignments.create(role=Group.objects.get(name="sample-viewer"), unit=unit)
    return User.objects.get(pk=giver.pk)


def wish(user: User, row: Person, codename: str = "view_person", **more: str) -> dict[str, str]:
    permission = Permission.objects.get(codename=codename, content_type__app_label="sample")
    return {
        "user": str(user.pk),
        "content_object": str(row.pk),
        "permission": str(permission.pk),
        "reason": "Helps out",
        **more,
    }


def test_a_grant_is_given_with_an_end_and_a_reason(giver, make_user, row, sign_in):
    helper, until = make_user(), {"valid_until_0": "2030-01-31", "valid_until_1": "12:00"}

    answer = sign_in(giver).post(ADD, wish(helper, row, **until))

    assert answer.status_code == 302
    grant = PersonGrant.objects.get(user=helper)
    assert (grant.content_object, grant.valid_until) == (row, datetime(2030, 1, 31, 12, tzinfo=UTC))
    assert AuditEvent.objects.get(object_pk=str(grant.pk), reason="Helps out").actor_id == giver.pk


def test_granting_again_says_how_long_it_holds(giver, make_user, row, sign_in):
    browser, helper = sign_in(giver), make_user()
    browser.post(ADD, wish(helper, row))

    browser.post(ADD, wish(helper, row, valid_until_0="2030-01-31", valid_until_1="12:00"))

    assert PersonGrant.objects.get().valid_until == datetime(2030, 1, 31, 12, tzinfo=UTC)


def test_more_than_one_holds_and_for_oneself_is_refused_on_the_page(giver, make_user, row, sign_in):
    browser = sign_in(giver)

    more = browser.post(ADD, wish(make_user(), row, "change_person"))
    own = browser.post(ADD, wish(giver, row))

    assert "You cannot give a permission that you do not hold here yourself." in more.text
    assert "Nobody decides about his own access." in own.text
    assert not PersonGrant.objects.exists()


def test_grants_elsewhere_are_not_there(giver, make_user, other_unit, sign_in):
    hidden = Person.objects.create(unit=other_unit, number="P-2", name="Bob")
    permission = Permission.objects.get(codename="view_person")
    grant = PersonGrant.objects.create(user=make_user(), permission=permission, content_object=hidden)
    browser = sign_in(giver)

    assert browser.post(ADD, wish(make_user(), hidden)).status_code == 200
    assert "P-2" not in browser.get(LIST).text
    browser.post(LIST, {"action": "end", "_selected_action": [str(grant.pk)], "reason": "Not mine"})

    assert list(PersonGrant.objects.all()) == [grant]


def test_a_grant_is_ended_at_once(giver, make_user, row, sign_in):
    helper, browser = make_user(), sign_in(giver)
    browser.post(ADD, wish(helper, row))
    words = {"action": "end", "_selected_action": [str(PersonGrant.objects.get().pk)], "reason": "Came back"}

    answer = browser.post(LIST, words)

    assert [str(message) for message in get_messages(answer.wsgi_request)][-1] == "1 record done."
    assert not Person.objects.visible_to(helper).exists()


def test_who_does_not_decide_about_access_sees_no_grants(make_user, row, unit, sign_in):
    browser = sign_in(make_user("sample-manager", unit))

    assert browser.get(LIST).status_code == 403
    assert browser.post(ADD, wish(make_user(), row)).status_code == 403
    assert not PersonGrant.objects.exists()
