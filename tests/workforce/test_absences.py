from datetime import UTC, date, datetime

import pytest

from apps.events.models import PublishedEvent
from apps.workforce.models import Absence, Employee
from apps.workforce.services.absences import (
    AlreadyDecided,
    EndsBeforeItStarts,
    NotEmployedThen,
    Overlaps,
    OwnAbsence,
    approve_absence,
    reject_absence,
    request_absence,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_asking_says_nothing_about_why(employee):
    absence = request_absence(employee, kind="sickness", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 6))

    assert (absence.state, absence.unit) == ("requested", employee.unit)
    assert list(PublishedEvent.objects.values_list("name", "payload")) == [
        ("workforce.absence_requested", {"absence": str(absence.pk)})
    ]


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (date(2026, 3, 6), date(2026, 3, 9), Overlaps),
        (date(2026, 3, 1), date(2026, 3, 2), Overlaps),
        (date(2026, 4, 2), date(2026, 4, 1), EndsBeforeItStarts),
        (date(1992, 4, 30), date(1992, 5, 2), NotEmployedThen),
    ],
)
def test_days_that_cannot_be_are_refused(employee, absence, first, last, refusal):
    with pytest.raises(refusal):
        request_absence(employee, kind="vacation", starts_on=first, ends_on=last)

    assert list(Absence.objects.all()) == [absence]
    assert not PublishedEvent.objects.exists()


def test_nobody_is_away_after_having_left(employee):
    Employee.objects.filter(pk=employee.pk).update(left_on=date(2026, 3, 4))

    with pytest.raises(NotEmployedThen):
        request_absence(employee, kind="vacation", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 6))


def test_days_of_a_refused_absence_are_free_again(employee, absence, make_user):
    reject_absence(absence, by=make_user(), now=NOW)

    again = request_absence(employee, kind="vacation", starts_on=date(2026, 3, 6), ends_on=date(2026, 3, 9))

    assert again.state == "requested"


def test_an_approval_names_who_and_when(absence, make_user):
    colleague = make_user()

    approved = approve_absence(absence, by=colleague, now=NOW)

    assert (approved.state, approved.decided_by, approved.decided_at) == ("approved", colleague, NOW)


def test_nobody_decides_about_an_absence_of_his_own(employee, absence, make_user):
    employee.user = make_user()
    employee.save(update_fields=["user"])

    for decide in (approve_absence, reject_absence):
        with pytest.raises(OwnAbsence):
            decide(absence, by=employee.user, now=NOW)

    absence.refresh_from_db()
    assert (absence.state, absence.decided_by) == ("requested", None)
    assert not PublishedEvent.objects.exists()


def test_what_is_decided_stays_decided(absence, make_user):
    approve_absence(absence, by=make_user(), now=NOW)

    with pytest.raises(AlreadyDecided) as refusal:
        reject_absence(absence, by=make_user(), now=NOW)

    absence.refresh_from_db()
    assert refusal.value.details == {"state": "approved"}
    assert absence.state == "approved"
