"""What is due is handed out once, in its turn, and again when nobody was heard of it."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from celery.schedules import crontab
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.events import relay
from apps.events.bus import publish_all
from apps.events.models import Schedule, Work
from apps.events.work import enqueue, execute
from apps.kernel.registry import Domain, domains
from tests.sample.events import PersonClosed
from tests.sample.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def in_threads(count: int, deed: Callable[[], Any]) -> list[Any]:
    def alone() -> Any:
        try:
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(alone) for _ in range(count)]]


def told(*people: str) -> list[Work]:
    with transaction.atomic():
        publish_all([PersonClosed(person=person) for person in people])
    return list(Work.objects.order_by("position"))


@pytest.fixture
def nightly():
    """The pretend domain wants its job every day at two."""
    domains.register(Domain(label="sample-nights", schedule={"sample.nightly": crontab(hour="2", minute="0")}))
    yield
    del domains._domains["sample-nights"]


def slots() -> list[tuple[str, str]]:
    rows = Work.objects.filter(name="sample.nightly").order_by("slot_at").values_list("slot_at", "state")
    return [(slot_at.isoformat(), state) for slot_at, state in rows]


def test_eight_relays_share_five_hundred_rows_without_handing_one_out_twice():
    told(*(f"p-{number}" for number in range(500)))

    def claim_all() -> list[UUID]:
        claimed: list[UUID] = []
        while keys := relay.claim(20):
            claimed += keys
        return claimed

    claimed = [key for keys in in_threads(8, claim_all) for key in keys]

    assert len(claimed) == 500
    assert set(Counter(claimed).values()) == {1}
    assert Work.objects.handed_out().count() == 500


def test_eight_workers_woken_for_the_same_rows_run_each_once():
    keys = [work.pk for work in told(*(f"p-{number}" for number in range(40)))]

    def run_all() -> None:
        for key in keys:
            execute(key)

    in_threads(8, run_all)

    assert Work.objects.filter(state="done", attempts=1).count() == 40
    assert Effect.objects.count() == 40


def test_a_later_event_of_one_thing_waits_for_the_earlier_one():
    first, second, other = told("p-1", "p-1", "p-2")

    assert relay.claim() == [first.pk, other.pk]
    assert relay.claim() == []

    execute(first.pk)
    assert relay.claim() == [second.pk]


def test_a_poisoned_thing_holds_its_own_events_until_it_is_parked_and_nobody_elses():
    poisoned, behind, other = told("poison", "poison", "p-2")
    Work.objects.filter(pk=poisoned.pk).update(max_attempts=1)

    assert relay.claim() == [poisoned.pk, other.pk]
    execute(poisoned.pk)
    execute(other.pk)

    assert Work.objects.get(pk=poisoned.pk).state == "parked"
    assert Work.objects.get(pk=other.pk).state == "done"
    assert behind.pk in relay.claim()


def test_what_failed_holds_its_thing_through_its_pause():
    poisoned, _behind = told("poison", "poison")
    execute(poisoned.pk)

    assert relay.claim() == []


def test_a_row_comes_back_when_its_lease_runs_out():
    (work,) = told("p-1")
    relay.claim()
    assert relay.claim() == []

    Work.objects.update(lease_until=Now() - timedelta(seconds=1))

    assert relay.claim() == [work.pk]
    execute(work.pk)
    assert Work.objects.get().attempts == 1


def test_later_work_waits_for_its_time():
    with transaction.atomic():
        enqueue("sample.steps", of="p-1", due_at=datetime.now(UTC) + timedelta(minutes=5))

    assert relay.claim() == []


def test_only_so_much_is_handed_out_at_once(monkeypatch):
    monkeypatch.setattr(relay, "WINDOW", 3)
    told(*(f"p-{number}" for number in range(5)))

    assert len(relay.claim()) == 3
    assert relay.claim() == []


def test_without_a_broker_everything_waits_in_the_database(unreachable_broker):
    told("p-1", "p-2")

    assert relay.hand_out() == 0

    assert Work.objects.filter(state="ready", lease_until=None, attempts=0).count() == 2


def test_a_broker_that_accepts_and_says_nothing_holds_the_relay_for_seconds_only(unreachable_broker):
    told("p-1")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        current_app.conf.update(broker_write_url=f"amqp://guest:guest@127.0.0.1:{mute.getsockname()[1]}//")
        begun = time.monotonic()

        handed_out = relay.hand_out()

    assert handed_out == 0
    assert time.monotonic() - begun < 8
    assert Work.objects.get().state == "ready"


def test_everything_due_can_be_run_in_one_process():
    told("p-1", "p-1", "p-2")

    assert relay.run_here() == 3
    assert Effect.objects.filter(what="closed").count() == 3


def test_a_new_schedule_begins_with_its_next_slot(nightly):
    relay.plan_slots(NOON)
    assert slots() == []

    relay.plan_slots(NOON + timedelta(hours=14))
    assert slots() == [("2026-05-04T02:00:00+00:00", "ready")]


def test_of_the_slots_slept_through_the_last_one_runs_and_the_others_are_seen(nightly):
    relay.plan_slots(NOON)

    relay.plan_slots(NOON + timedelta(days=3))

    assert slots() == [
        ("2026-05-04T02:00:00+00:00", "missed"),
        ("2026-05-05T02:00:00+00:00", "missed"),
        ("2026-05-06T02:00:00+00:00", "ready"),
    ]


def test_two_relays_write_one_row_for_one_slot(nightly):
    relay.plan_slots(NOON)

    in_threads(4, lambda: relay.plan_slots(NOON + timedelta(hours=15)))

    assert slots() == [("2026-05-04T02:00:00+00:00", "ready")]


def test_the_database_refuses_a_second_row_for_a_slot(nightly):
    relay.plan_slots(NOON)
    relay.plan_slots(NOON + timedelta(hours=15))

    with pytest.raises(IntegrityError, match="work_one_per_slot"):
        relay._slot("sample.nightly", Work.objects.get(name="sample.nightly").slot_at, missed=False).save()


def test_a_clock_set_back_repeats_no_slot(nightly):
    relay.plan_slots(NOON)
    relay.plan_slots(NOON + timedelta(hours=15))

    relay.plan_slots(NOON + timedelta(hours=1))
    relay.plan_slots(NOON + timedelta(hours=15))

    assert len(slots()) == 1
    assert Schedule.objects.get(name="sample.nightly").planned_until == datetime(2026, 5, 4, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "after", "expected"),
    [
        (crontab(minute="*/15"), datetime(2026, 5, 3, 12, 7, tzinfo=UTC), ["12:15", "12:30", "12:45", "13:00"]),
        (crontab(minute="0", hour="*/6"), datetime(2026, 5, 3, 5, 59, 59, tzinfo=UTC), ["06:00", "12:00"]),
        (crontab(minute="30", hour="2", day_of_month="1"), datetime(2026, 4, 30, 23, tzinfo=UTC), ["02:30"]),
    ],
)
def test_slots_follow_the_crontab(hours, after, expected):
    found = list(relay.slots_between(hours, after, NOON + timedelta(hours=1)))

    assert [slot.strftime("%H:%M") for slot in found] == expected
