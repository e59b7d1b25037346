from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from apps.customers import events
from apps.kernel.registry import Domain, Role, domains

VIEW = ("view_customer", "view_contact", "view_address")

domains.register(
    Domain(
        label="customers",
        api="apps.customers.api.urls",
        demo="apps.customers.demo.load",
        events=(
            events.CustomerClosed,
            events.CustomerReopened,
            events.CustomerFellDormant,
            events.CustomersMerged,
        ),
        schedule={"customers.remind_dormant": crontab(minute="0", hour="6")},
        roles=(
            Role(slug="customer-viewer", title=_("Customer viewer"), permissions=VIEW),
            Role(
                slug="customer-manager",
                title=_("Customer manager"),
                permissions=(
                    *VIEW,
                    "add_customer",
                    "change_customer",
                    "close_customer",
                    "reopen_customer",
                    "merge_customer",
                    *(f"{verb}_{noun}" for noun in ("contact", "address") for verb in ("add", "change", "delete")),
                ),
            ),
        ),
    )
)
