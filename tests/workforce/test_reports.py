from datetime import date

import pytest

from apps.kernel.errors import NotPermitted
from apps.workforce.models import Employee
from tests.reporting import report_lines

HEADCOUNT, DIRECTORY = "workforce-headcount", "workforce-directory"


def test_headcount_is_of_those_who_work_here_and_for_hr(make_user, unit, employee, boss):
    Employee.objects.filter(pk=boss.pk).update(left_on=date(2026, 1, 1))

    lines = report_lines(HEADCOUNT, make_user("hr-viewer", unit))

    assert lines == ["Unit,Department,Employees", "North,Sales,1"]
    with pytest.raises(NotPermitted):
        report_lines(HEADCOUNT, make_user("workforce-viewer", unit))


def test_the_directory_holds_what_everybody_may_know(make_user, unit, employee):
    lines = report_lines(DIRECTORY, make_user("workforce-viewer", unit))

    assert lines == [
        "Number,Last name,First name,Department,Extension",
        "E-1,Davolio,Nancy,Sales,5467",
        "E-2,Fuller,Andrew,,",
    ]
