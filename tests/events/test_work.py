"""One row of work: its effect and its `done` are one transaction, whatever happens around it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from apps.audit.models import AuditEvent
from apps.events import services
from apps.events.bus import publish
from apps.events.models import PublishedEvent, Work
from apps.events.work import enqueue, execute, pause_after
from apps.kernel.trail import Action, Context, acting, current
from tests.sample import tasks
from tests.sample.events import PersonClosed
from tests.sample.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meanwhile():
    yield tasks.meanwhile
    tasks.meanwhile.clear()


def told(person: str) -> Work:
    with transaction.atomic():
        publish(PersonClosed(person=person))
    return Work.objects.latest("position")


def asked(**arguments: str) -> Work:
    with transaction.atomic():
        return enqueue("sample.steps", **arguments)


def due_now(work: Work) -> UUID:
    Work.objects.filter(pk=work.pk).update(due_at=Now())
    return work.pk


def seen_by_others(work: Work) -> tuple[Work, int]:
    connections["other"] = connection.copy(alias="other")
    try:
        return Work.objects.using("other").get(pk=work.pk), Effect.objects.using("other").count()
    finally:
        connections["other"].close()


def test_a_subscriber_hears_the_event_once_however_often_it_is_woken():
    work = told("p-1")

    for _wake_up in range(3):
        execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts, work.lease_until) == ("done", 1, None)
    assert list(Effect.objects.values_list("what", "of")) == [("closed", "p-1")]


def test_a_failure_undoes_the_effect_and_keeps_the_error_without_its_values():
    work = told("poison")

    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts) == ("ready", 1)
    assert work.last_error.startswith("tests.sample.subscribers.Poisoned at subscribers.py:")
    assert "ecret" not in work.last_error
    assert timedelta(seconds=1) < work.due_at - work.updated_at < timedelta(seconds=7)
    assert Effect.objects.count() == 0


def test_it_is_not_tried_again_before_its_pause_is_over():
    work = told("poison")
    execute(work.pk)

    execute(work.pk)

    work.refresh_from_db()
    assert work.attempts == 1


def test_pauses_double_up_to_an_hour():
    assert timedelta(seconds=2.5) <= pause_after(1) <= timedelta(seconds=5)
    assert timedelta(seconds=20) <= pause_after(4) <= timedelta(seconds=40)
    assert timedelta(minutes=30) <= pause_after(50) <= timedelta(hours=1)


def test_after_its_last_attempt_it_is_parked_and_everybody_may_hear_of_it():
    work = told("poison")

    for _attempt in range(9):
        execute(due_now(work))

    work.refresh_from_db()
    assert (work.state, work.attempts, work.max_attempts) == ("parked", 8, 8)
    news = PublishedEvent.objects.get(name="events.work_parked")
    assert news.payload == {"work": str(work.pk), "job": work.name, "attempts": 8}
    assert Effect.objects.count() == 0


def test_parked_work_can_be_run_again_and_its_attempts_go_on_counting():
    work = told("poison")
    for _attempt in range(8):
        execute(due_now(work))

    services.retry(work)

    work.refresh_from_db()
    assert (work.state, work.attempts, work.max_attempts) == ("ready", 8, 16)
    with pytest.raises(services.NotStopped):
        services.retry(work)


def test_a_worker_that_dies_in_every_attempt_parks_the_work_too():
    work = asked(of="p-1")
    Work.objects.filter(pk=work.pk).update(state="leased", attempts=2, lease_until=Now())

    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts) == ("parked", 2)
    assert work.last_error == "The process that ran it ended without a word, in every attempt."
    assert Effect.objects.count() == 0


def test_progress_is_seen_by_others_while_the_effect_is_not(meanwhile):
    looks = []
    meanwhile.append(lambda work: looks.append(seen_by_others(work)))
    work = asked(of="p-1")

    execute(work.pk)

    ((seen, effects),) = looks
    assert (seen.state, seen.done, seen.total, seen.note, effects) == ("leased", 2, 3, "step 2", 0)
    work.refresh_from_db()
    assert (work.state, work.result) == ("done", {"steps": 3})
    assert Effect.objects.count() == 3


def test_a_wake_up_that_comes_while_it_runs_does_nothing(meanwhile):
    def wake_again(work: Work) -> None:
        connections["second"] = connection.copy(alias="second")
        with connections["second"].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [work.pk.int & (2**63 - 1)])
            free.append(cursor.fetchone()[0])
        connections["second"].close()

    free: list[bool] = []
    meanwhile.append(wake_again)
    work = asked(of="p-1")

    execute(work.pk)

    assert free == [False]


def test_a_running_job_stops_at_its_next_word_when_it_is_cancelled(meanwhile):
    def cancel(work: Work) -> None:
        Work.objects.using(work.aside).filter(pk=work.pk).update(cancel_asked=True)

    meanwhile.append(cancel)
    work = asked(of="p-1")

    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.result) == ("cancelled", {})
    assert Effect.objects.count() == 0


def test_waiting_work_is_cancelled_at_once():
    work = asked(of="p-1")

    services.cancel(work)
    execute(work.pk)

    work.refresh_from_db()
    assert (work.state, work.attempts) == ("cancelled", 0)
    assert Effect.objects.count() == 0
    with pytest.raises(services.AlreadyFinished):
        services.cancel(work)


def test_work_taken_away_while_it_runs_leaves_no_effect(meanwhile):
    def take_away(work: Work) -> None:
        Work.objects.using(work.aside).filter(pk=work.pk).update(state="parked", lease_until=None, finished_at=Now())

    meanwhile.append(take_away)
    work = asked(of="p-1")

    execute(work.pk)

    work.refresh_from_db()
    assert work.state == "parked"
    assert Effect.objects.count() == 0


def test_it_acts_for_the_one_who_asked(meanwhile):
    heard: list[Context | None] = []
    meanwhile.append(lambda _work: heard.append(current()))
    actor = str(uuid4())
    with acting(Context(source="admin", actor=actor, request_id="r-7", reason="an audit")):
        work = asked(of="p-1")

    execute(work.pk)

    assert heard == [Context(source="job:sample.steps", actor=actor, request_id="r-7", reason="an audit")]


def test_what_somebody_decides_about_work_is_in_the_trail():
    actor = uuid4()
    work = asked(of="p-1")

    with acting(Context(source="admin", actor=actor)):
        services.park(work, reason="Waits for the supplier")
        services.retry(work)
        services.cancel(work)

    entries = AuditEvent.objects.filter(action=Action.OPERATED, object_pk=str(work.pk)).order_by("pk")
    assert [
        (entry.actor_id, entry.additional_data["decision"], entry.additional_data["state"]) for entry in entries
    ] == [
        (actor, "park", "ready"),
        (actor, "retry", "parked"),
        (actor, "cancel", "ready"),
    ]
    assert entries[0].reason == "Waits for the supplier"
