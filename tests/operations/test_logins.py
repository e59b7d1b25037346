"""The owner's login and the run-time login: a process knows only the one that it needs."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

SHOW = (
    "from django.conf import settings; database = settings.DATABASES['default'];"
    "print(database['USER'], database['RUNTIME_ROLE'], 'role=' in database['OPTIONS']['options'])"
)
RUNTIME = {"DATABASE_URL": "postgres://steward_web@127.0.0.1/steward"}
OWNER = {"DATABASE_OWNER_URL": "postgres://steward_owner@127.0.0.1/steward"}


def asked(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    others = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE_")}
    typed = [sys.executable, *command]
    settled = {**others, "DJANGO_SETTINGS_MODULE": "config.settings.dev", **environment}
    return subprocess.run(typed, cwd=settings.BASE_DIR, env=settled, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("environment", "login"),
    [
        (RUNTIME, "steward_web steward_app True"),
        (RUNTIME | {"DATABASE_LOGINS": "two"}, "steward_web steward_web False"),
        (RUNTIME | OWNER, "steward_web steward_web False"),
    ],
)
def test_a_role_is_taken_only_where_one_login_serves_for_both(environment: dict[str, str], login: str):
    assert asked(environment, "-c", SHOW).stdout.strip() == login


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (RUNTIME | {"DATABASE_LOGINS": "two"}, "This command acts as the owner of the tables: set DATABASE_OWNER_URL"),
        (RUNTIME | {"DATABASE_LOGINS": "three"}, "DATABASE_LOGINS is neither one nor two: choose one of them."),
    ],
)
def test_a_process_without_the_owners_address_does_not_migrate(environment: dict[str, str], sentence: str):
    done = asked(environment, "manage.py", "migrate")

    assert done.returncode == 2
    assert sentence in done.stderr
