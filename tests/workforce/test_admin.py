from datetime import date

import pytest
from django.urls import reverse

from apps.workforce.models import Absence, Department, Employee


@pytest.fixture
def manager(sign_in, make_user, unit):
    return sign_in(make_user("hr-manager", unit))


def test_somebody_is_hired_on_the_page(manager, unit, boss):
    form = {
        "unit": str(unit.pk),
        "number": "E-9",
        "first_name": "Anne",
        "last_name": "Dodsworth",
        "hired_on": "2026-01-01",
        "reports_to": str(boss.pk),
        "employee_territories-TOTAL_FORMS": "0",
        "employee_territories-INITIAL_FORMS": "0",
    }

    answer = manager.post(reverse("admin:workforce_employee_add"), form)

    assert answer.status_code == 302
    assert Employee.objects.get(number="E-9").reports_to == boss


def test_a_manager_who_left_is_refused_on_the_page(manager, unit, boss):
    Employee.objects.filter(pk=boss.pk).update(left_on=date(2026, 1, 1))
    form = {
        "unit": str(unit.pk),
        "number": "E-9",
        "first_name": "Anne",
        "last_name": "Dodsworth",
        "hired_on": "2026-01-01",
        "reports_to": str(boss.pk),
        "employee_territories-TOTAL_FORMS": "0",
        "employee_territories-INITIAL_FORMS": "0",
    }

    answer = manager.post(reverse("admin:workforce_employee_add"), form)

    assert "This manager has left." in answer.content.decode()
    assert Employee.objects.count() == 1


def test_absences_are_approved_from_the_list(manager, absence):
    keys = {"action": "approve", "_selected_action": [str(absence.pk)]}

    manager.post(reverse("admin:workforce_absence_changelist"), keys)
    again = manager.post(reverse("admin:workforce_absence_changelist"), keys, follow=True)

    absence.refresh_from_db()
    assert absence.state == "approved"
    assert "This absence has been decided already." in again.content.decode()


def test_an_absence_is_asked_for_on_the_page(manager, employee):
    form = {"employee": str(employee.pk), "kind": "vacation", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}

    first = manager.post(reverse("admin:workforce_absence_add"), form)
    second = manager.post(reverse("admin:workforce_absence_add"), form)

    assert first.status_code == 302
    assert "away on some of these days already" in second.content.decode()
    assert Absence.objects.get().unit == employee.unit


def test_a_filter_does_not_list_departments_of_other_units(manager, other_unit, employee):
    Department.objects.create(unit=other_unit, name="Secret Laboratory")

    page = manager.get(reverse("admin:workforce_employee_changelist")).content.decode()

    assert "Davolio" in page
    assert "Secret Laboratory" not in page
