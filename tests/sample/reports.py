from django.db.models import F

from apps.reports.registry import Report, report
from tests.sample.models import Deal

report(
    Report(
        slug="sample-deals",
        title="Deals by buyer",
        model=Deal,
        columns={"Number": "number", "Buyer": "buyer__name", "Total": F("total")},
        rows=lambda deals: deals.order_by("number"),
    )
)
