from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains
from apps.workforce import events

WHO_IS_WHERE = tuple(
    f"view_{noun}" for noun in ("employee", "employeeterritory", "department", "position", "territory", "region")
)
FOR_HR = (*WHO_IS_WHERE, "view_hr_employee", "view_absence")

domains.register(
    Domain(
        label="workforce",
        api="apps.workforce.api.urls",
        demo="apps.workforce.demo.load",
        events=(
            events.EmployeeHired,
            events.EmployeeTransferred,
            events.EmployeePromoted,
            events.ManagerAssigned,
            events.AccountLinked,
            events.EmployeeTerminated,
            events.AbsenceRequested,
            events.AbsenceApproved,
            events.AbsenceRejected,
            events.AbsenceWithdrawn,
            events.AbsenceShortened,
        ),
        roles=(
            Role(slug="workforce-viewer", title=_("Workforce viewer"), permissions=WHO_IS_WHERE),
            Role(slug="hr-viewer", title=_("HR viewer"), permissions=FOR_HR),
            Role(
                slug="hr-manager",
                title=_("HR manager"),
                permissions=(
                    *FOR_HR,
                    "add_employee",
                    "change_employee",
                    "transfer_employee",
                    "promote_employee",
                    "assign_manager_employee",
                    "terminate_employee",
                    "add_absence",
                    "approve_absence",
                    "reject_absence",
                    "withdraw_absence",
                    "shorten_absence",
                    "add_employeeterritory",
                    "delete_employeeterritory",
                    *(
                        f"{verb}_{noun}"
                        for noun in ("department", "position", "territory", "region")
                        for verb in ("add", "change", "delete")
                    ),
                ),
            ),
            Role(
                slug="workforce-administrator",
                title=_("Workforce administrator"),
                permissions=(*WHO_IS_WHERE, "link_account_employee"),
            ),
        ),
    )
)
