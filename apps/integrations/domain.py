from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains

domains.register(
    Domain(
        label="integrations",
        roles=(
            Role(
                slug="import-manager",
                title=_("Import manager"),
                permissions=(
                    "view_importbatch",
                    "add_importbatch",
                    "confirm_importbatch",
                    "undo_importbatch",
                    "view_importfile",
                ),
            ),
        ),
    )
)
