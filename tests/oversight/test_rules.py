"""What stands out, in exact figures, and what does not."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import override_settings

from apps.accounts.models import User
from apps.audit.alerts import explain_alert
from apps.audit.models import Alert
from apps.oversight.anomalies.rules import begin_of, findings, judge
from apps.oversight.models import ActorHour, Threshold
from tests.oversight.conftest import DAY, before

pytestmark = pytest.mark.django_db

NOON = begin_of(DAY) + timedelta(hours=12)


def found(day: date = DAY) -> list[tuple[str, str, int, int]]:
    """Who stands out by which rule, with the figure of the day and the limit."""
    emails = dict(User.objects.values_list("pk", "email"))
    return [
        (emails[each.actor], each.rule.value, each.figures["value"], each.figures["limit"]) for each in findings(day)
    ]


@pytest.fixture
def clerk(hired):
    return hired("customer-viewer", email="clerk@example.org")


def test_an_empty_trail_raises_nothing():
    assert found() == []
    assert judge({DAY}, now=NOON) == 0


def test_a_quiet_actor_raises_nothing(clerk, worked):
    worked(clerk, before(DAY, 28), acts=30, reads=60)
    worked(clerk, [DAY], acts=35, reads=75)

    assert found() == []


def test_a_spike_is_told_with_the_figures_on_which_it_was_decided(clerk, worked):
    worked(clerk, before(DAY, 28), reads=100)
    worked(clerk, [DAY], reads=501)

    [spike] = findings(DAY)

    assert spike.figures == {
        "day": "2026-03-10",
        "value": 501,
        "limit": 500,
        "factor": 8.0,
        "floor": 500,
        "basis": "own",
        "days": 28,
        "median": 100.0,
        "spread": 50.0,
    }


def test_at_the_limit_nothing_stands_out(clerk, worked):
    worked(clerk, before(DAY, 28), reads=100)
    worked(clerk, [DAY], reads=500)

    assert found() == []


def test_who_varies_from_day_to_day_has_a_wider_limit(clerk, worked):
    for number, day in enumerate(before(DAY, 28)):
        worked(clerk, [day], reads=20 if number % 2 else 180)
    worked(clerk, [DAY], reads=741)

    # Half of the days have 20 and half 180: the median is 100, and each day is 80 away from it.
    assert found() == [("clerk@example.org", "reads", 741, 740)]


def test_below_the_floor_nothing_stands_out_however_little_was_usual(clerk, worked):
    worked(clerk, before(DAY, 28), reads=2)
    worked(clerk, [DAY], reads=500)

    assert found() == []


def test_one_wild_day_in_the_past_does_not_hide_the_next_one(clerk, worked):
    worked(clerk, before(DAY, 27), reads=100)
    worked(clerk, [before(DAY, 28)[-1]], reads=90_000)
    worked(clerk, [DAY], reads=501)

    assert found() == [("clerk@example.org", "reads", 501, 500)]


def test_a_slow_drift_moves_the_limit_with_it(clerk, worked):
    days = before(DAY, 60)
    for number, day in enumerate(reversed(days)):
        worked(clerk, [day], reads=100 + 10 * number)
    worked(clerk, [DAY], reads=700)

    assert found() == []
    assert [found(day) for day in days[:40]] == [[]] * 40


def test_only_his_last_28_days_count(clerk, worked):
    days = before(DAY, 56)
    worked(clerk, days[28:], reads=1_000)
    worked(clerk, days[:28], reads=100)
    worked(clerk, [DAY], reads=600)

    assert found() == [("clerk@example.org", "reads", 600, 500)]


def test_days_of_absence_are_no_days_of_his(clerk, worked):
    worked(clerk, [day - timedelta(days=60) for day in before(DAY, 28)], reads=100)
    worked(clerk, [DAY], reads=490)

    assert found() == []


def test_a_new_actor_is_compared_with_the_others_of_his_role(clerk, hired, worked):
    for _number in range(3):
        worked(hired("customer-viewer"), before(DAY, 10), reads=200)
    worked(hired("order-viewer"), before(DAY, 28), reads=9_000)
    worked(clerk, before(DAY, 9), reads=1)
    worked(clerk, [DAY], reads=1_001)

    [spike] = findings(DAY)

    assert (spike.figures["basis"], spike.figures["days"], spike.figures["median"]) == ("role", 30, 200.0)
    assert (spike.figures["value"], spike.figures["limit"]) == (1_001, 1_000)


def test_a_new_person_is_not_compared_with_services_of_the_role(clerk, hired, worked):
    worked(hired("customer-viewer", kind=User.Kind.SERVICE), before(DAY, 28), reads=50_000)
    worked(clerk, [DAY], reads=4_001)

    assert found() == [("clerk@example.org", "reads", 4_001, 4_000)]


def test_with_ten_days_of_his_own_the_role_is_no_measure_any_more(clerk, hired, worked):
    worked(hired("customer-viewer"), before(DAY, 28), reads=1_000)
    worked(clerk, before(DAY, 10), reads=100)
    worked(clerk, [DAY], reads=501)

    assert found() == [("clerk@example.org", "reads", 501, 500)]


def test_where_nobody_has_a_past_the_limit_is_the_floor_times_the_factor(clerk, worked):
    worked(clerk, [DAY], reads=4_001)

    [spike] = findings(DAY)

    assert (spike.figures["basis"], spike.figures["limit"], spike.figures["median"]) == ("none", 4_000, None)
    ActorHour.objects.update(reads=4_000)
    assert found() == []


def test_a_part_time_worker_is_measured_by_the_days_on_which_he_works(clerk, worked):
    worked(clerk, before(DAY, 20, on=(0, 1)), acts=40, reads=120)
    worked(clerk, [DAY], acts=45, reads=599)

    assert found() == []
    worked(clerk, [DAY], hour=11, reads=2)
    assert found() == [("clerk@example.org", "reads", 601, 600)]


def test_a_part_time_worker_who_swaps_a_day_raises_nothing(clerk, worked):
    thursday = DAY + timedelta(days=2)
    worked(clerk, before(DAY, 20, on=(0, 1)), acts=40)
    worked(clerk, [thursday], acts=400)

    assert found(thursday) == []


def test_rows_that_leave_the_house_have_a_limit_of_their_own(clerk, worked):
    worked(clerk, before(DAY, 12), exported=4_000)
    worked(clerk, [DAY], exported=20_001)

    assert found() == [("clerk@example.org", "exports", 20_001, 20_000)]


def test_a_service_account_is_held_to_its_own_past_and_has_no_hours(hired, worked):
    service = hired("customer-viewer", kind=User.Kind.SERVICE, email="partner@example.org")
    worked(service, before(DAY, 28), hour=2, acts=900, reads=20_000)
    worked(service, [DAY], hour=14, acts=900, reads=100_001)

    assert found() == [("partner@example.org", "reads", 100_001, 100_000)]


def test_work_at_night_of_somebody_who_works_by_day_stands_out(clerk, worked):
    worked(clerk, before(DAY, 40), hour=10, acts=30)
    worked(clerk, [DAY], hour=3, acts=51)

    [night] = findings(DAY)

    assert night.figures == {
        "day": "2026-03-10",
        "value": 51,
        "limit": 50,
        "factor": 20.0,
        "floor": 50,
        "days": 40,
        "hours": [3],
        "near": 0,
    }


@pytest.mark.parametrize("hour", [8, 12])
def test_two_hours_earlier_or_later_is_the_same_time_of_day(clerk, worked, hour):
    worked(clerk, before(DAY, 40), hour=10, acts=30)
    worked(clerk, [DAY], hour=hour, acts=500)

    assert found() == []


def test_a_glance_at_night_is_no_work(clerk, worked):
    worked(clerk, before(DAY, 40), hour=10, acts=30)
    worked(clerk, [DAY], hour=3, acts=50)

    assert found() == []


def test_who_has_worked_at_this_hour_on_one_day_in_twenty_may_do_so_again(clerk, worked):
    days = before(DAY, 40)
    worked(clerk, days, hour=10, acts=30)
    worked(clerk, days[:2], hour=3, acts=30)
    worked(clerk, [DAY], hour=4, acts=100)

    assert found() == []


def test_hours_around_midnight_are_neighbours(clerk, worked):
    worked(clerk, before(DAY, 40), hour=23, acts=30)
    worked(clerk, [DAY], hour=1, acts=100)

    assert found() == []


def test_a_weekend_is_another_time_than_a_working_day(clerk, worked):
    saturday = DAY + timedelta(days=4)
    worked(clerk, before(DAY, 40), hour=10, acts=30)
    worked(clerk, [saturday], hour=10, acts=60)

    assert found(saturday) == [("clerk@example.org", "hours", 60, 50)]


def test_before_twenty_days_of_work_nobody_has_usual_hours(clerk, worked):
    worked(clerk, before(DAY, 19), hour=10, acts=30)
    worked(clerk, [DAY], hour=3, acts=5_000)

    assert found() == []


@override_settings(TIME_ZONE="Europe/Berlin")
@pytest.mark.parametrize("monday", [date(2026, 3, 30), date(2026, 10, 26)])
def test_the_clocks_change_and_nobody_stands_out(clerk, worked, monday):
    worked(clerk, before(monday, 40), hour=8, acts=30, reads=100)
    worked(clerk, [monday], hour=10, acts=60, reads=500)

    assert found(monday) == []
    worked(clerk, [monday], hour=5, acts=60)
    assert found(monday) == [("clerk@example.org", "hours", 60, 50)]


@override_settings(TIME_ZONE="Asia/Kolkata")
def test_a_day_is_a_day_of_the_house(clerk, worked):
    worked(clerk, before(DAY, 28), hour=0, reads=100)
    worked(clerk, [DAY], hour=0, reads=300)
    worked(clerk, [DAY], hour=23, reads=300)

    assert found() == [("clerk@example.org", "reads", 600, 500)]
    assert found(DAY - timedelta(days=1)) == []


def test_a_role_may_have_thresholds_of_its_own_in_either_direction(clerk, worked):
    worked(clerk, before(DAY, 28), reads=100)
    worked(clerk, [DAY], reads=501)
    role = Group.objects.get(name="customer-viewer")

    own = Threshold.objects.create(role=role, rule="reads", factor=9, floor=50)
    assert found() == []
    Threshold.objects.filter(pk=own.pk).update(factor=2)
    assert found() == [("clerk@example.org", "reads", 501, 200)]
    Threshold.objects.filter(pk=own.pk).update(floor=501)
    assert found() == []


def test_of_several_roles_the_more_generous_threshold_counts(hired, worked, unit):
    clerk = hired("customer-viewer", email="clerk@example.org")
    Group.objects.get(name="order-viewer").assignments.create(user=clerk, unit=unit, valid_from=NOON)
    Threshold.objects.create(role=Group.objects.get(name="order-viewer"), rule="reads", factor=10, floor=200)
    worked(clerk, before(DAY, 28), reads=100)
    worked(clerk, [DAY], reads=601)
    clerk.assignments.update(valid_from=NOON)

    assert found() == [("clerk@example.org", "reads", 601, 600)]


def test_a_day_is_told_once_for_each_rule_whatever_was_answered(clerk, worked, hired):
    worked(clerk, before(DAY, 40), hour=10, acts=30, reads=100)
    worked(clerk, [DAY], hour=3, acts=51, reads=501)

    assert judge({DAY}, now=NOON) == 2
    first = Alert.objects.get(rule="reads")
    explain_alert(first, reason="the yearly check", by=hired("auditor"), now=NOON)
    ActorHour.objects.filter(hour__gte=begin_of(DAY)).update(reads=1_900)

    assert judge({DAY}, now=NOON) == 0
    assert (first.about, first.actor, first.details["value"]) == (f"{clerk.pk}:2026-03-10", clerk, 501)
    assert sorted(Alert.objects.values_list("rule", "state")) == [("hours", "open"), ("reads", "explained")]


def test_what_is_older_than_a_week_when_it_is_counted_raises_nothing(clerk, worked):
    worked(clerk, [DAY], reads=5_000)

    assert judge({DAY}, now=NOON + timedelta(days=7)) == 0
    assert judge({DAY}, now=NOON + timedelta(days=6)) == 1
