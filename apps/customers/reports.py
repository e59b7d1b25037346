from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from apps.customers.models import Customer
from apps.reports.registry import Report, report

report(
    Report(
        slug="customers-by-status",
        title=_("Customers by unit, kind and status"),
        model=Customer,
        columns={"Unit": "unit__name", "Kind": "kind", "Status": "status", "Customers": Count("pk")},
        rows=lambda customers: customers.values("unit__name", "kind", "status").order_by(
            "unit__name", "kind", "status"
        ),
    )
)
