from datetime import date

from apps.workforce.models import Employee

HEADCOUNT, DIRECTORY = "/reports/workforce-headcount.csv", "/reports/workforce-directory.csv"


def test_headcount_is_of_those_who_work_here_and_for_hr(sign_in, make_user, unit, employee, boss):
    Employee.objects.filter(pk=boss.pk).update(left_on=date(2026, 1, 1))

    answer = sign_in(make_user("hr-viewer", unit)).get(HEADCOUNT)

    assert answer.getvalue().decode("utf-8-sig").splitlines() == ["Unit,Department,Employees", "North,Sales,1"]
    assert sign_in(make_user("workforce-viewer", unit)).get(HEADCOUNT).status_code == 404


def test_the_directory_holds_what_everybody_may_know(sign_in, make_user, unit, employee):
    answer = sign_in(make_user("workforce-viewer", unit)).get(DIRECTORY)

    assert answer.getvalue().decode("utf-8-sig").splitlines() == [
        "Number,Last name,First name,Department,Extension",
        "E-1,Davolio,Nancy,Sales,5467",
        "E-2,Fuller,Andrew,,",
    ]
