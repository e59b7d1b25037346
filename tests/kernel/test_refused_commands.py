"""Commands of others that would go past our rules say which one is right."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    ("command", "right"),
    [
        ("createsuperuser", "createadmin EMAIL"),
        ("changepassword", "Send a link"),
        ("auditlogflush", "never emptied"),
        ("auditlogmigratejson", "audit coverage"),
        ("createapplication", "OAuth applications"),
        ("startapp", "startdomain NAME"),
        ("generateschema", "with docs"),
    ],
)
def test_a_command_that_makes_no_sense_here_names_the_right_one(command: str, right: str):
    with pytest.raises(CommandError, match=right):
        call_command(command)


def test_its_options_do_not_hide_the_sentence():
    typed = [sys.executable, "manage.py", "createsuperuser", "--email", "ada@example.org", "--noinput"]

    done = subprocess.run(typed, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "createadmin EMAIL" in done.stderr
