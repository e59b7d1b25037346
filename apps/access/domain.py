from django.utils.translation import gettext_lazy as _

from apps.access.events import RoleAssigned, RoleEnded, RowGranted, RowRevoked, UnitMoved
from apps.kernel.registry import Domain, Role, domains

READING = (
    "view_unit",
    "view_assignment",
    "accounts.view_user",
    "accounts.view_application",
    "accounts.view_apitoken",
    "auth.view_group",
)

domains.register(
    Domain(
        label="access",
        api="apps.access.api.urls",
        events=(RoleAssigned, RoleEnded, RowGranted, RowRevoked, UnitMoved),
        roles=(
            Role(
                slug="administrator",
                title=_("Administrator"),
                platform=True,
                permissions=(
                    *READING,
                    "add_unit",
                    "change_unit",
                    "move_unit",
                    "add_assignment",
                    "end_assignment",
                    "delegate_assignment",
                    "accounts.add_user",
                    "accounts.change_user",
                    "accounts.deactivate_user",
                    "accounts.sign_out_user",
                    "accounts.add_application",
                    "accounts.change_application",
                    "accounts.rotate_application",
                    "accounts.revoke_apitoken",
                    "oversight.view_threshold",
                    "oversight.add_threshold",
                    "oversight.change_threshold",
                ),
            ),
            Role(
                slug="access-reviewer",
                title=_("Access reviewer"),
                platform=True,
                permissions=(*READING, "end_assignment"),
            ),
            Role(
                slug="unit-administrator",
                title=_("Unit administrator"),
                permissions=(
                    "view_unit",
                    "view_assignment",
                    "add_assignment",
                    "end_assignment",
                    "accounts.view_user",
                    "auth.view_group",
                ),
            ),
        ),
    )
)
