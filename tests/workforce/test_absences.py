from datetime import UTC, date, datetime

import pytest

from apps.events.models import PublishedEvent
from apps.workforce.models import Absence, Employee
from apps.workforce.services.absences import (
    AlreadyDecided,
    EndsBeforeItStarts,
    HasBegun,
    NotApproved,
    NotEmployedThen,
    NotShorter,
    NotStanding,
    Overlaps,
    OwnAbsence,
    approve_absence,
    reject_absence,
    request_absence,
    shorten_absence,
    withdraw_absence,
)
from apps.workforce.services.employment import StillAbsent, terminate

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


def test_withdrawn_days_are_free_again(employee, absence):
    withdraw_absence(absence, today=date(2026, 3, 9))

    again = request_absence(employee, kind="vacation", starts_on=date(2026, 3, 6), ends_on=date(2026, 3, 9))

    absence.refresh_from_db()
    assert (absence.state, again.state) == ("withdrawn", "requested")
    with pytest.raises(NotStanding):
        withdraw_absence(absence, today=date(2026, 3, 1))


def test_approved_days_are_withdrawn_until_they_begin(absence, make_user):
    approve_absence(absence, by=make_user(), now=NOW)

    with pytest.raises(HasBegun):
        withdraw_absence(absence, today=date(2026, 3, 2))

    absence.refresh_from_db()
    assert absence.state == "approved"
    assert withdraw_absence(absence, today=date(2026, 3, 1)).state == "withdrawn"


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 6), date(2026, 3, 7)])
def test_shortening_ends_an_absence_within_itself(absence, make_user, day):
    approve_absence(absence, by=make_user(), now=NOW)

    with pytest.raises(NotShorter):
        shorten_absence(absence, ends_on=day, by=make_user())

    absence.refresh_from_db()
    assert absence.ends_on == date(2026, 3, 6)


def test_only_approved_days_are_shortened_and_never_ones_own(employee, absence, make_user):
    with pytest.raises(NotApproved):
        shorten_absence(absence, ends_on=date(2026, 3, 4), by=make_user())
    approve_absence(absence, by=make_user(), now=NOW)
    employee.user = make_user()
    employee.save(update_fields=["user"])

    with pytest.raises(OwnAbsence):
        shorten_absence(absence, ends_on=date(2026, 3, 4), by=employee.user)

    absence.refresh_from_db()
    assert absence.ends_on == date(2026, 3, 6)


def test_who_leaves_in_the_middle_of_an_absence_leaves_once_it_is_shortened(absence, make_user):
    junior = Employee.objects.create(
        unit=absence.unit, number="E-7", first_name="Ann", last_name="Lee", hired_on=date(2020, 1, 1)
    )
    Absence.objects.filter(pk=absence.pk).update(employee=junior)
    approve_absence(absence, by=make_user(), now=NOW)
    with pytest.raises(StillAbsent):
        terminate(junior, last_day=date(2026, 3, 4))

    shorten_absence(absence, ends_on=date(2026, 3, 4), by=make_user())

    assert terminate(junior, last_day=date(2026, 3, 4)).left_on == date(2026, 3, 4)


def test_withdrawing_and_shortening_by_the_api(absence, make_user, unit, api):
    client, place = api(make_user("hr-manager", unit)), f"/api/v1/absences/{absence.pk}/"
    client.post(f"{place}approve/")

    shortened = client.post(f"{place}shorten/", {"ends_on": "2026-03-04"}, format="json")
    refused = api(make_user("hr-viewer", unit)).post(f"{place}withdraw/")

    assert (shortened.status_code, shortened.json()["ends_on"]) == (200, "2026-03-04")
    assert refused.status_code == 403
    assert Absence.objects.get().state == "approved"
