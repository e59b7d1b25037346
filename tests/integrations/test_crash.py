"""Two imports at once, and one that is killed: real transactions, real processes."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections

from apps.access.models import Unit
from apps.integrations.imports.profile import parse_profile
from apps.integrations.imports.report import Report
from apps.integrations.imports.run import run_import
from apps.integrations.models import ImportBatch
from tests.database import addresses
from tests.integrations.conftest import DEALS, PEOPLE, PROFILE
from tests.sample.models import Line, Person

pytestmark = pytest.mark.django_db(transaction=True)
MANY = "deal,what,quantity\n" + "".join(f"D-1,thing {number},1\n" for number in range(2_000))


def test_two_imports_at_once_have_the_effect_of_one(export: Callable[..., Path], unit: Unit) -> None:
    folder = export()

    def load(_number: int) -> Report:
        try:
            return run_import(parse_profile(PROFILE, name="sample"), folder, unit="north")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(load, range(2)))

    assert sorted(report.created for report in reports) == [0, 10]
    assert (Person.objects.count(), Line.objects.count(), ImportBatch.objects.count()) == (2, 3, 2)


SCRIPT = """
import sys, time
from pathlib import Path
import django
django.setup()
from apps.integrations.imports.profile import parse_profile
from apps.integrations.imports.run import run_import

def wait(done, total):
    if done == total:
        print("written, not committed", flush=True)
        time.sleep(60)

run_import(parse_profile(Path(sys.argv[1]).read_text(), name="sample"), Path(sys.argv[2]), unit="north", progress=wait)
"""


def test_a_killed_import_leaves_nothing(export: Callable[..., Path], unit: Unit, tmp_path: Path) -> None:
    folder = export(people=PEOPLE, deals=DEALS, lines=MANY)
    (tmp_path / "sample.toml").write_text(PROFILE)
    (tmp_path / "load.py").write_text(SCRIPT)
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONPATH": ".", **addresses()}
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "load.py"), str(tmp_path / "sample.toml"), str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written, not committed\n"
        process.kill()

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _others():
        time.sleep(0.1)
    assert not any(model.objects.exists() for model in (Person, Line, ImportBatch))
    assert run_import(parse_profile(PROFILE, name="sample"), folder, unit="north").created == 2_007


def _others() -> int:
    """Sessions beside ours: the killed one ends when the server notices."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])
