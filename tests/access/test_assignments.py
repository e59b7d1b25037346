"""Nobody gives more than he holds, outside his units, or to himself."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from apps.access import services
from apps.access.models import Assignment, Unit
from apps.access.services import (
    AlreadyAssigned,
    LastAdministrator,
    MoreThanYouHold,
    OnlyAtTheRoot,
    OutsideYourUnits,
    RootExists,
    ServiceInPlatformRole,
    StrongerAccount,
    UnitTaken,
    UnknownRole,
    WithinItself,
    YourOwnAccess,
)
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.events.models import PublishedEvent
from apps.kernel.registry import domains
from tests.sample.models import Person, PersonGrant


@pytest.fixture
def administrator(make_user) -> User:
    return make_user("administrator")


@pytest.fixture
def newcomer(make_user) -> User:
    return make_user()


def held_by(user: User) -> set[tuple[str, str]]:
    return set(user.assignments.valid().values_list("role__name", "unit__path"))


def heard() -> list[str]:
    return list(PublishedEvent.objects.order_by("pk").values_list("name", flat=True))


def test_an_administrator_assigns_any_role_and_it_is_told(administrator, newcomer, unit):
    services.assign_role(newcomer, role="sample-viewer", unit=unit, by=administrator, reason="New in the team")

    assert held_by(newcomer) == {("sample-viewer", "/company/north/")}
    assert heard() == ["access.role_assigned"]
    assert PublishedEvent.objects.get().unit == unit.pk


@pytest.mark.parametrize(
    ("giver", "role", "refusal"),
    [
        ("sample-manager", "sample-viewer", OutsideYourUnits),
        ("unit-administrator", "sample-viewer", MoreThanYouHold),
        ("access-reviewer", "sample-viewer", OutsideYourUnits),
    ],
)
def test_nobody_gives_what_he_may_not(make_user, newcomer, unit, giver, role, refusal):
    with pytest.raises(refusal):
        services.assign_role(newcomer, role=role, unit=unit, by=make_user(giver, unit))

    assert held_by(newcomer) == set()
    assert heard() == []


def test_a_unit_administrator_gives_what_he_holds_in_his_unit_only(make_user, newcomer, unit, other_unit):
    giver = make_user("unit-administrator", unit)
    Assignment.objects.create(user=giver, role=Group.objects.get(name="sample-viewer"), unit=unit)

    services.assign_role(newcomer, role="sample-viewer", unit=unit, by=giver)
    with pytest.raises(OutsideYourUnits):
        services.assign_role(newcomer, role="sample-viewer", unit=other_unit, by=giver)

    assert held_by(newcomer) == {("sample-viewer", "/company/north/")}


def test_nobody_decides_about_himself(administrator, unit):
    with pytest.raises(YourOwnAccess):
        services.assign_role(administrator, role="sample-manager", unit=unit, by=administrator)
    with pytest.raises(YourOwnAccess):
        services.end_assignment(administrator.assignments.get(), by=administrator)

    assert held_by(administrator) == {("administrator", "/company/")}


def test_a_platform_role_is_held_at_the_root_by_a_person(administrator, newcomer, root_unit, unit):
    machine = accounts.register_application(name="acme", scopes=[])[0].user

    with pytest.raises(OnlyAtTheRoot):
        services.assign_role(newcomer, role="access-reviewer", unit=unit, by=administrator)
    with pytest.raises(ServiceInPlatformRole):
        services.assign_role(machine, role="access-reviewer", unit=root_unit, by=administrator)
    with pytest.raises(UnknownRole):
        services.assign_role(newcomer, role="king", unit=root_unit, by=administrator)


def test_the_last_administrator_stays(administrator, newcomer, root_unit):
    with pytest.raises(LastAdministrator):
        services.end_assignment(administrator.assignments.get(), by=None)
    with pytest.raises(LastAdministrator):
        accounts.deactivate(administrator)
    assert User.objects.get(pk=administrator.pk).is_active

    services.assign_role(newcomer, role="administrator", unit=root_unit, by=None)
    accounts.deactivate(administrator)

    assert not User.objects.get(pk=administrator.pk).is_active


def test_an_ended_assignment_acts_on_the_next_question(administrator, make_user, unit, api):
    viewer = make_user("sample-viewer", unit)
    client = api(viewer)
    assert client.get("/api/v1/sample/people/").status_code == 200

    services.end_assignment(viewer.assignments.get(), by=administrator, reason="Left the team")

    assert client.get("/api/v1/sample/people/").status_code == 403


def test_a_role_can_be_given_again_after_it_ended_and_not_twice(administrator, newcomer, unit):
    given = services.assign_role(newcomer, role="sample-viewer", unit=unit, by=administrator)
    with pytest.raises(AlreadyAssigned):
        services.assign_role(newcomer, role="sample-viewer", unit=unit, by=administrator)
    services.end_assignment(given, by=administrator)

    services.assign_role(newcomer, role="sample-viewer", unit=unit, by=administrator)

    assert held_by(newcomer) == {("sample-viewer", "/company/north/")}


def test_a_grant_needs_the_permission_on_that_row(administrator, make_user, newcomer, unit):
    row = Person.objects.create(unit=unit, number="P-1", name="Ada")
    giver = make_user("unit-administrator", unit)

    with pytest.raises(MoreThanYouHold):
        services.grant(newcomer, permission="view_person", row=row, by=giver)
    assert PersonGrant.objects.count() == 0

    until = timezone.now() + timedelta(days=1)
    services.grant(newcomer, permission="view_person", row=row, by=administrator, valid_until=until)
    assert list(Person.objects.visible_to(User.objects.get(pk=newcomer.pk))) == [row]

    services.revoke(newcomer, permission="view_person", row=row, by=administrator)
    assert list(Person.objects.visible_to(User.objects.get(pk=newcomer.pk))) == []
    assert heard() == ["access.row_granted", "access.row_revoked"]


def test_nobody_takes_over_a_stronger_account(make_user, administrator, unit):
    weaker = make_user("unit-administrator", unit)

    with pytest.raises(StrongerAccount):
        services.sign_out(administrator, by=weaker, reason="Just so")
    with pytest.raises(StrongerAccount):
        services.deactivate(administrator, by=weaker, reason="Just so")

    assert User.objects.get(pk=administrator.pk).stamp == administrator.stamp


def test_moving_a_unit_moves_everything_below_it(administrator, make_user, unit, other_unit):
    below = services.create_unit(name="Harbour", slug="harbour", parent=unit)
    row = Person.objects.create(unit=below, number="P-1", name="Ada")
    southerner = make_user("sample-viewer", other_unit)
    assert not Person.objects.visible_to(southerner).exists()

    services.move_unit(unit, below=other_unit, reason="Merged")

    assert set(Unit.objects.values_list("path", flat=True)) == {
        "/company/",
        "/company/south/",
        "/company/south/north/",
        "/company/south/north/harbour/",
    }
    assert list(Person.objects.visible_to(User.objects.get(pk=southerner.pk))) == [row]


def test_a_unit_is_never_moved_below_itself(root_unit, unit):
    below = services.create_unit(name="Harbour", slug="harbour", parent=unit)

    for moved, target in ((unit, below), (unit, unit), (root_unit, unit)):
        with pytest.raises(WithinItself):
            services.move_unit(moved, below=target, reason="By mistake")

    assert Unit.objects.get(pk=unit.pk).path == "/company/north/"


def test_a_second_root_or_a_second_short_name_is_refused(root_unit, unit):
    with pytest.raises(RootExists):
        services.create_unit(name="Other", slug="other")
    with pytest.raises(UnitTaken):
        services.create_unit(name="Elsewhere", slug="north", parent=root_unit)

    assert Unit.objects.count() == 2


def test_every_declared_role_is_a_group_with_exactly_its_permissions(db):
    for label, role in domains.roles():
        group = Group.objects.get(name=role.slug)
        found = {f"{held.content_type.app_label}.{held.codename}" for held in group.permissions.all()}
        assert found == {name if "." in name else f"{label}.{name}" for name in role.permissions}


@pytest.mark.django_db
def test_a_permission_that_was_slipped_into_a_role_is_gone_after_the_next_migrate(root_unit):
    viewer = Group.objects.get(name="sample-viewer")
    viewer.permissions.add(Group.objects.get(name="administrator").permissions.first())
    Group.objects.create(name="made-by-hand").permissions.add(viewer.permissions.first())

    call_command("migrate", verbosity=0)

    test_every_declared_role_is_a_group_with_exactly_its_permissions(None)
    assert Group.objects.get(name="made-by-hand").permissions.count() == 0
