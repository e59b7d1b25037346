"""Who sees which row, and why."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from tests.sample.models import Deal, Line, Person, PersonGrant


@pytest.fixture
def people(unit, other_unit):
    return [Person.objects.create(unit=place, number=place.slug, name="x") for place in (unit, other_unit)]


def grant(person: Person, user: User, codename: str = "view_person", **validity: object) -> PersonGrant:
    permission = Permission.objects.get(codename=codename, content_type__app_label="sample")
    return PersonGrant.objects.create(user=user, permission=permission, content_object=person, **validity)


def numbers(user: User, action: str = "view") -> list[str]:
    return list(
        Person.objects.visible_to(User.objects.get(pk=user.pk), action)
        .order_by("number")
        .values_list("number", flat=True)
    )


def test_a_role_covers_its_unit_and_everything_below(make_user, root_unit, unit, people):
    team = Unit.objects.create(name="Team", slug="team", path="/company/north/team/", parent=unit)
    Person.objects.create(unit=team, number="team", name="x")

    assert numbers(make_user("sample-viewer", unit)) == ["north", "team"]
    assert numbers(make_user("sample-viewer", team)) == ["team"]
    assert numbers(make_user("sample-viewer", root_unit)) == ["north", "south", "team"]


def test_a_unit_whose_path_begins_alike_is_not_below(make_user, root_unit, unit, people):
    northwest = Unit.objects.create(name="Northwest", slug="northwest", path="/company/northwest/", parent=root_unit)
    Person.objects.create(unit=northwest, number="nw", name="x")

    assert numbers(make_user("sample-viewer", unit)) == ["north"]


def test_viewing_is_not_changing(make_user, unit, people):
    user = make_user("sample-viewer", unit)

    assert numbers(user, "change") == []
    assert not user.has_perm("sample.change_person", people[0])
    assert user.has_perm("sample.view_person", people[0])
    assert not user.has_perm("sample.view_person", people[1])


def test_nobody_sees_a_row_without_a_rule(make_user, people):
    assert numbers(make_user()) == []


@pytest.mark.parametrize(
    ("begins", "ends", "seen"),
    [(-2, None, True), (-2, 1, True), (-2, -1, False), (1, None, False)],
    ids=["open", "running", "over", "not yet"],
)
def test_an_assignment_and_a_grant_hold_only_while_they_are_valid(make_user, unit, people, begins, ends, seen):
    now = timezone.now()
    validity = {"valid_from": now + timedelta(days=begins), "valid_until": ends and now + timedelta(days=ends)}
    by_role = make_user("sample-viewer", unit)
    Assignment.objects.filter(user=by_role).update(**validity)
    by_grant = make_user()
    grant(people[0], by_grant, **validity)

    assert (numbers(by_role) == ["north"]) is seen
    assert (numbers(by_grant) == ["north"]) is seen
    assert by_grant.has_perm("sample.view_person", people[0]) is seen


def test_a_disabled_user_sees_nothing(make_user, unit, people):
    user = make_user("sample-manager", unit)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert numbers(user) == []


def test_a_grant_opens_one_row_for_one_verb(make_user, people):
    user = make_user()
    grant(people[1], user)

    assert numbers(user) == ["south"]
    assert not user.has_perm("sample.change_person", people[1])


def test_the_grant_on_a_root_opens_its_parts(make_user, unit, people, django_assert_num_queries):
    deal = Deal.objects.create(unit=unit, number="D", buyer=people[0])
    Line.objects.create(unit=unit, deal=deal, what="Tea")
    user = make_user("sample-viewer", unit)
    numbers(user)

    with django_assert_num_queries(2):
        assert Line.objects.visible_to(User(pk=user.pk)).count() == 1
