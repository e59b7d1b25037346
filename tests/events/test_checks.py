"""An event that would break a promise stops the start."""

import gc
from dataclasses import make_dataclass
from datetime import date

import pytest
from celery.schedules import crontab

from apps.events.bus import Event
from apps.events.checks import event_errors, schedule_errors
from apps.kernel.registry import Domain, domains
from tests.sample.events import PersonClosed


def event(name: str, **fields: type) -> type[Event]:
    return make_dataclass(
        "Made", list(fields.items()), bases=(Event,), frozen=True, kw_only=True, namespace={"name": name}
    )


@pytest.fixture(autouse=True)
def forget_made_events():
    yield
    gc.collect()


def ids(*events: type[Event], declared: tuple[type[Event], ...] | None = None) -> list[str]:
    return [error.id for error in event_errors(events, events if declared is None else declared)]


def test_a_declared_event_of_keys_is_fine():
    assert ids(event("a.done", order=str, count=int, late=bool, on=date | None), PersonClosed) == []


def test_an_event_that_no_manifest_lists_is_refused():
    assert ids(event("a.done", order=str), declared=(PersonClosed,)) == ["events.E001"]


def test_two_events_of_one_name_are_refused():
    assert ids(event("a.done", order=str), event("a.done", order=str)) == ["events.E002"]


@pytest.mark.parametrize("kind", [float, dict, list, bytes, object])
def test_a_value_that_is_not_plain_is_refused(kind):
    assert ids(event("a.done", order=kind)) == ["events.E003"]


@pytest.mark.parametrize("field", ["email", "first_name", "phone_number", "home_address", "note"])
def test_a_field_that_looks_personal_is_refused(field):
    assert ids(event("a.done", **{field: str})) == ["events.E004"]


@pytest.mark.parametrize(("job", "error"), [("sample.unheard_of", "events.E005"), ("sample.steps", "events.E006")])
def test_a_schedule_names_a_job_that_runs_by_itself(job, error):
    domains.register(Domain(label="sample-wrong", schedule={job: crontab()}))

    found = [error.id for error in schedule_errors()]

    del domains._domains["sample-wrong"]
    assert found == [error]
