"""`startdomain` writes a domain that needs no correction, and the tutorial leads on from there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.database import addresses, inner_template

ROOT = Path(settings.BASE_DIR)
STEP = re.compile(r"^```(sh|python|markdown) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A block of the tutorial: commands, or a whole file whose name stands beside its language."""


MANAGE = """
import shlex, sys
import django
from django.core.management import call_command
django.setup()
for line in sys.argv[1:]:
    call_command(*shlex.split(line))
"""


@pytest.fixture
def house(db: None, tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A copy of the project in which a domain may be added; `startdomain` writes there."""
    left_out = shutil.ignore_patterns("var", ".git", "__pycache__")
    settings.BASE_DIR = Path(shutil.copytree(ROOT, tmp_path / "house", ignore=left_out))
    with inner_template():
        yield settings.BASE_DIR


def run(house: Path, *command: str) -> str:
    # Its suite makes databases named after this one, never after the one that the suite around it copies.
    environment = {**os.environ, **addresses(), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def manage(house: Path, *lines: str) -> None:
    """In one process that has the new domain."""
    run(house, "-c", MANAGE, *lines)


@pytest.mark.timeout(400)
def test_a_new_domain_is_complete_and_green(house: Path):
    call_command("startdomain", "visits")

    manage(house, "makemigrations visits --name initial", "check --fail-level WARNING", "makemigrations --check")
    run(house, "-m", "ruff", "check", "apps/visits", "tests/visits")
    run(house, "-m", "ruff", "format", "--check", "apps/visits", "tests/visits")
    assert " passed" in run(house, "-m", "pytest", "-q", "-n", "0", "tests/visits")
    assert (house / "docs" / "domains" / "visits.md").exists()
    assert '    "visits",\n' in (house / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("Visits", "A name is 3 to 31"), ("kernel", "no final s"), ("events", "exists already"), ("../x", "A name is")],
)
def test_a_name_that_cannot_be_is_refused_in_a_sentence(name: str, sentence: str):
    before = (ROOT / "pyproject.toml").read_text()

    with pytest.raises(CommandError, match=sentence):
        call_command("startdomain", name)

    assert (ROOT / "pyproject.toml").read_text() == before


@pytest.mark.timeout(600)
def test_the_tutorial_can_be_typed_word_by_word(house: Path):
    page, typed = (house / "docs" / "add-a-domain.md").read_text(), []
    for step in STEP.finditer(page):
        language, file, text = step.groups()
        if language != "sh":
            (house / file).write_text(text)
            continue
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            assert word in {"./manage.py", "rm"}
            if word == "rm":
                (house / rest).unlink()
            elif rest == "startdomain visits":
                call_command(*shlex.split(rest))
            elif rest != "migrate":  # the suite of the house migrates databases of its own
                typed.append(rest)

    manage(house, *typed, "makemigrations --check", "docs --check")
    run(house, "-m", "ruff", "check", "apps/visits", "tests/visits")
    run(house, "-m", "ruff", "format", "--check", "apps/visits", "tests/visits")
    told = run(house, "-m", "pytest", "-v", "-n", "0", "tests/visits", "tests/architecture", "-k", "visit")
    passed = {line.split("::")[0] for line in told.splitlines() if " PASSED " in line}
    assert {"tests/visits/test_api.py", "tests/visits/test_reception.py"} < passed
    assert any(file.startswith("tests/architecture/") for file in passed)
