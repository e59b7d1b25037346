"""Operators see when background work stands still."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.events import probes
from apps.events.bus import publish, publish_all
from apps.events.models import Relay, Work
from apps.events.work import execute
from apps.kernel.health import NotReady
from apps.kernel.metrics import exposition
from tests.sample.events import PersonClosed

pytestmark = pytest.mark.django_db


def beat(seconds_ago: int) -> None:
    Relay.objects.create(beat_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_without_a_relay_it_is_not_ready():
    with pytest.raises(NotReady, match="No relay runs"):
        probes._relay()


def test_a_silent_relay_is_not_ready():
    beat(seconds_ago=40)

    with pytest.raises(NotReady, match="No relay has been heard of for 40 s"):
        probes._relay()


def test_one_relay_that_is_heard_of_is_enough():
    beat(seconds_ago=4000)
    beat(seconds_ago=1)

    assert probes._relay() == "lag 0 s"


def test_work_that_nobody_takes_is_not_ready():
    beat(seconds_ago=1)
    publish(PersonClosed(person="p-1"))
    Work.objects.update(due_at=timezone.now() - timedelta(minutes=5))

    with pytest.raises(NotReady, match="Due work has waited for 300 s"):
        probes._relay()


def test_work_behind_other_work_is_not_late():
    publish_all([PersonClosed(person="poison"), PersonClosed(person="poison")])
    execute(Work.objects.earliest("position").pk)
    Work.objects.filter(attempts=0).update(due_at=timezone.now() - timedelta(minutes=5))

    assert probes.lag() == 0


def test_an_unreachable_broker_is_not_ready(unreachable_broker):
    with pytest.raises(NotReady, match="The broker does not answer"):
        probes._broker()


def test_metrics_count_work_by_state_and_outcome():
    with transaction.atomic():
        publish_all([PersonClosed(person="p-1"), PersonClosed(person="p-2")])
    execute(Work.objects.earliest("position").pk)

    figures = exposition().decode()

    assert 'steward_work{state="done"} 1.0' in figures
    assert 'steward_work{state="ready"} 1.0' in figures
    assert 'steward_work_outcomes{outcome="done"} 1.0' in figures
    assert "steward_work_lag_seconds 0." in figures
