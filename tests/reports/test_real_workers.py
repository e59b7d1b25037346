"""Exports of a running installation: killed in the middle, and stopped."""

import os
import signal
import time
from collections.abc import Callable

import pytest
from django.db import transaction

from apps.access.models import Unit
from apps.accounts.models import User
from apps.events import services as work_services
from apps.events.models import Work
from apps.files.models import StoredFile
from apps.kernel.trail import Context, acting
from apps.reports.models import Export
from apps.reports.services import ask_for_export
from tests.events.test_faults import Installation, installation, until  # noqa: F401
from tests.sample.models import Person

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("faults"),
]
COUNT = 60_000


@pytest.fixture
def export(make_user: Callable[..., User], unit: Unit) -> Export:
    """An export of many rows that nobody has begun."""
    viewer = make_user("sample-viewer", unit)
    Person.objects.bulk_create((Person(unit=unit, number=str(n), name=f"Name {n}") for n in range(COUNT)), 5_000)
    with transaction.atomic(), acting(Context(source="test", actor=viewer.pk)):
        return ask_for_export(source="resource", name="sample/people", query="", format="csv", by=viewer)


def has_begun() -> bool:
    return Work.objects.filter(name="reports.export", done__gte=2_000).exists()


def test_an_export_whose_worker_is_killed_is_made_once_by_the_next(
    installation: Installation,  # noqa: F811
    export: Export,
) -> None:
    installation.relay()
    worker = installation.worker()
    until(has_begun)

    os.killpg(worker.pid, signal.SIGKILL)
    installation.worker()
    until(Work.objects.filter(pk=export.work_id, state="done").exists)

    export.refresh_from_db()
    assert (export.rows, export.work.attempts) == (COUNT, 2)  # type: ignore[union-attr]
    stored = StoredFile.objects.get()
    with stored.content.open() as content:
        assert sum(1 for _line in content) == COUNT + 1


def test_a_running_export_stops_within_a_second(
    installation: Installation,  # noqa: F811
    export: Export,
) -> None:
    installation.relay()
    installation.worker()
    until(has_begun)

    asked_at = time.monotonic()
    work_services.cancel(export.work)  # type: ignore[arg-type]
    until(Work.objects.filter(pk=export.work_id, state="cancelled").exists)

    assert time.monotonic() - asked_at < 1
    assert StoredFile.objects.count() == 0
