from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _

from apps.orders.models import Order
from apps.reports.registry import Report, report

report(
    Report(
        slug="orders-by-month",
        title=_("Orders by month and state"),
        model=Order,
        columns={
            "Month": "month",
            "State": "status",
            "Currency": "currency",
            "Orders": Count("pk"),
            "Total": Sum("total"),
        },
        rows=lambda orders: (
            orders.exclude(placed_on=None)
            .annotate(month=TruncMonth("placed_on"))
            .values("month", "status", "currency")
            .order_by("month", "status", "currency")
        ),
    )
)
report(
    Report(
        slug="orders-revenue-by-customer",
        title=_("Paid orders by customer"),
        model=Order,
        columns={
            "Customer": "customer__number",
            "Currency": "currency",
            "Orders": Count("pk"),
            "Revenue": Sum("total"),
        },
        rows=lambda orders: (
            orders.filter(status__in=("paid", "shipped", "delivered"))
            .values("customer__number", "currency")
            .order_by("customer__number", "currency")
        ),
    )
)
