"""A test of another app runs work inside its own transaction, with the same outcome."""

import pytest

from apps.events.bus import publish
from apps.events.models import Work
from apps.events.work import enqueue, execute
from tests.sample.events import PersonClosed
from tests.sample.models import Effect

pytestmark = pytest.mark.django_db


def test_a_job_reports_and_ends():
    work = enqueue("sample.steps", of="p-1")

    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts, work.done, work.total) == ("done", 1, 3, 3)
    assert Effect.objects.count() == 3


def test_a_failure_is_undone_and_counted():
    publish(PersonClosed(person="poison"))
    work = Work.objects.get()

    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts) == ("ready", 1)
    assert Effect.objects.count() == 0
