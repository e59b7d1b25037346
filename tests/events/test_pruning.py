from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab

from apps.events.models import Work
from apps.events.pruning import prune
from apps.events.relay import slots_between
from apps.kernel.registry import Domain, domains


@pytest.fixture
def schedules():
    domains.register(
        Domain(
            label="sample-hours",
            schedule={"sample.often": timedelta(seconds=10), "sample.nightly": crontab(hour="2", minute="0")},
        )
    )
    yield
    del domains._domains["sample-hours"]


def slot(name: str, *, ended: timedelta, state: str = Work.State.DONE) -> Work:
    at = datetime.now(tz=UTC) - ended
    return Work.objects.create(
        kind=Work.Kind.SLOT, name=name, aggregate=name, slot_at=at, finished_at=at, state=state, max_attempts=1
    )


@pytest.mark.django_db
def test_what_runs_every_few_seconds_is_kept_for_a_day_and_the_rest_for_a_month(schedules):
    slot("sample.often", ended=timedelta(days=2))
    kept = [
        slot("sample.often", ended=timedelta(hours=23)),
        slot("sample.often", ended=timedelta(days=3), state=Work.State.PARKED),
        slot("sample.nightly", ended=timedelta(days=29)),
    ]
    slot("sample.nightly", ended=timedelta(days=31))

    assert prune() == {"work": 2, "events": 0}
    assert set(Work.objects.all()) == set(kept)


def test_of_an_interval_only_the_last_slot_is_due():
    start = datetime(2026, 3, 1, 12, 0, 3, tzinfo=UTC)
    ten = timedelta(seconds=10)

    assert list(slots_between(ten, start, start + timedelta(hours=1))) == [datetime(2026, 3, 1, 13, 0, tzinfo=UTC)]
    assert list(slots_between(ten, start, start + timedelta(seconds=6))) == []
