"""A right that is taken away is gone with the next request, in every process, however it was taken."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit
from apps.access.roles import roles_of
from apps.accounts.models import ApiToken, TokenUse, User
from apps.accounts.services import issue_token
from tests.database import addresses
from tests.sample.models import Person

PEOPLE = "/api/v1/sample/people/"
ASKING = """
import sys, django
django.setup()
from rest_framework.test import APIClient
client = APIClient()
client.credentials(HTTP_AUTHORIZATION=f"Bearer {sys.argv[1]}")
for line in sys.stdin:
    answer = client.get("/api/v1/units/", headers={"host": "localhost"})
    print(answer.status_code, ",".join(row["slug"] for row in answer.json().get("results", [])), flush=True)
"""


@pytest.fixture
def viewer(make_user, unit) -> User:
    return make_user("sample-viewer", unit)


@pytest.fixture
def ada(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada")


@pytest.fixture
def elsewhere(transactional_db: None, make_user, unit) -> Iterator[Callable[[], str]]:
    """`elsewhere()`: what another process answers that has been asked before, and whose cache is out of reach."""
    user = make_user("unit-administrator", unit)
    _, key = issue_token(user, name="test", scopes=["access:read"], expires_at=timezone.now() + timedelta(days=1))
    environment = {
        **os.environ,
        **addresses(),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "SECRET_KEY": "of the tests only",
        "CACHE_URL": "redis://127.0.0.1:1/0",
        "LOG_LEVEL": "CRITICAL",
        "PYTHONPATH": ".",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING, key],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )

    def ask() -> str:
        process.stdin.write("again\n")
        return process.stdout.readline().strip()

    yield ask
    process.stdin.close()
    process.stdout.close()
    assert process.wait(60) == 0


def execute(statement: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_every_way_to_lose_a_right_acts_in_a_process_that_knows_it(elsewhere, unit, other_unit):
    role, permission = Group.objects.get(name="unit-administrator"), Permission.objects.get(codename="view_unit")
    assert elsewhere() == "200 north"

    Unit.objects.filter(pk=other_unit.pk).update(path="/company/north/south/", parent=unit)
    assert elsewhere() == "200 north,south"
    execute("UPDATE access_unit SET path = '/company/south/' WHERE slug = 'south'")
    assert elsewhere() == "200 north"
    execute("DELETE FROM auth_group_permissions WHERE permission_id = %s", permission.pk)
    assert elsewhere() == "403"
    role.permissions.add(permission)
    assert elsewhere() == "200 north"
    execute("UPDATE access_assignment SET valid_until = %s", timezone.now())
    assert elsewhere() == "403"
    execute("UPDATE access_assignment SET valid_until = NULL")
    assert elsewhere() == "200 north"
    execute("UPDATE accounts_user SET is_active = false")
    assert elsewhere() == "401"
    execute("UPDATE accounts_user SET is_active = true")
    assert elsewhere() == "200 north"
    execute("DELETE FROM access_assignment")
    assert elsewhere() == "403"
    ApiToken.objects.update(revoked_at=timezone.now())
    assert elsewhere() == "401"


def test_a_change_that_is_taken_back_leaves_nothing_in_memory(transactional_db, make_user, unit):
    user = make_user("sample-viewer", unit)
    with transaction.atomic():
        Group.objects.get(name="sample-viewer").permissions.clear()
        assert roles_of(User.objects.get(pk=user.pk)).units("sample.view_person") == frozenset()
        transaction.set_rollback(True)

    assert roles_of(User.objects.get(pk=user.pk)).units("sample.view_person") == {unit.pk}


def test_without_a_version_nothing_is_kept_in_memory(viewer, unit):
    execute("DELETE FROM access_organisationversion")
    assert roles_of(User.objects.get(pk=viewer.pk)).units("sample.view_person") == {unit.pk}

    Group.objects.get(name="sample-viewer").permissions.clear()
    assert roles_of(User.objects.get(pk=viewer.pk)).units("sample.view_person") == frozenset()


def test_an_assignment_ends_and_a_token_expires_at_its_moment(api, viewer, ada):
    now = timezone.now()
    Assignment.objects.filter(user=viewer).update(valid_until=now + timedelta(hours=1))
    client: APIClient = api(viewer)

    with time_machine.travel(now + timedelta(minutes=59, seconds=59), tick=False):
        assert client.get(f"{PEOPLE}{ada.pk}/").status_code == 200
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        assert client.get(f"{PEOPLE}{ada.pk}/").status_code == 404
    ApiToken.objects.update(expires_at=now + timedelta(hours=2))
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        assert client.get(f"{PEOPLE}{ada.pk}/").status_code == 401


def test_reading_one_row_takes_two_statements_and_notes_the_token_once_a_minute(
    api, viewer, ada, django_assert_num_queries
):
    client = api(viewer)
    client.get(f"{PEOPLE}{ada.pk}/")
    noted = TokenUse.objects.get().used_at

    with django_assert_num_queries(2):
        assert client.get(f"{PEOPLE}{ada.pk}/").status_code == 200
    assert TokenUse.objects.get().used_at == noted
