"""`startdomain` writes a domain that needs no correction, and the tutorial leads on from there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.database import addresses, drop_inner_template

ROOT = Path(settings.BASE_DIR)
STEP = re.compile(r"^```(sh|python|markdown) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A block of the tutorial: commands, or a whole file whose name stands beside its language."""


@pytest.fixture
def house(db: None, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project in which a domain may be added."""
    left_out = shutil.ignore_patterns("var", ".git", "__pycache__")
    yield Path(shutil.copytree(ROOT, tmp_path / "house", ignore=left_out))
    drop_inner_template()


def run(house: Path, *command: str) -> str:
    # Its suite makes databases named after this one, never after the one that the suite around it copies.
    environment = {**os.environ, **addresses(), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(400)
def test_a_new_domain_is_complete_and_green(house: Path):
    run(house, "manage.py", "startdomain", "visits")
    run(house, "manage.py", "makemigrations", "visits", "--name", "initial")

    run(house, "manage.py", "check", "--fail-level", "WARNING")
    run(house, "manage.py", "makemigrations", "--check")
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
    page = (house / "docs" / "add-a-domain.md").read_text()

    for step in STEP.finditer(page):
        language, file, text = step.groups()
        if language == "sh":
            for line in text.splitlines():
                word, *arguments = shlex.split(line)
                assert word in {"./manage.py", "rm"}
                if word == "rm":
                    (house / arguments[0]).unlink()
                elif arguments[0] != "migrate":  # the suite of the house migrates databases of its own
                    run(house, "manage.py", *arguments)
        else:
            (house / file).write_text(text)

    run(house, "manage.py", "makemigrations", "--check")
    run(house, "manage.py", "docs", "--check")
    run(house, "-m", "ruff", "check", "apps/visits", "tests/visits")
    run(house, "-m", "ruff", "format", "--check", "apps/visits", "tests/visits")
    assert " passed" in run(house, "-m", "pytest", "-q", "-n", "0", "tests/visits")
    assert " passed" in run(house, "-m", "pytest", "-q", "-n", "0", "tests/architecture", "-k", "visit")
