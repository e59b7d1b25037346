from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains

domains.register(
    Domain(
        label="integrations",
        api="apps.integrations.api.urls",
        demo="apps.integrations.imports.demo.load",
        schedule={"integrations.prune": crontab(hour="4", minute="10")},
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
                    "events.view_work",
                    "events.cancel_work",
                    "events.retry_work",
                ),
            ),
            Role(
                slug="operator",
                title=_("Operator"),
                platform=True,
                permissions=(
                    "view_importbatch",
                    "events.view_work",
                    "events.retry_work",
                    "events.cancel_work",
                    "events.park_work",
                    "events.view_publishedevent",
                    "events.view_schedule",
                    "events.view_relay",
                    "files.view_storedfile",
                    "audit.view_receiver",
                ),
            ),
        ),
    )
)
