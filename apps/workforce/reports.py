from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.reports.registry import Report, report
from apps.workforce.models import Employee

report(
    Report(
        slug="workforce-directory",
        title=_("Employees and their extensions"),
        model=Employee,
        columns={
            "Number": "number",
            "Last name": "last_name",
            "First name": "first_name",
            "Department": "department__name",
            "Extension": "extension",
        },
        rows=lambda employees: employees.order_by("last_name", "first_name", "pk"),
    )
)
# Who has left is for HR, and in a small department a count would tell.
report(
    Report(
        slug="workforce-headcount",
        title=_("Headcount by department"),
        model=Employee,
        demands="view_hr",
        columns={"Unit": "unit__name", "Department": "department__name", "Employees": Count("pk")},
        rows=lambda employees: (
            employees.filter(left_on=None)
            .values("unit__name", "department__name")
            .order_by("unit__name", "department__name")
        ),
    )
)
