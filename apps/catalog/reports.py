from typing import cast

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Product
from apps.catalog.querysets import ProductQuerySet
from apps.reports.registry import Report, report

report(
    Report(
        slug="products-to-reorder",
        title=_("Products to reorder"),
        model=Product,
        columns={
            "Number": "number",
            "Name": "name",
            "Supplier": "supplier__number",
            "Free": F("stock__on_hand") - F("stock__reserved"),
            "On order": "stock__on_order",
            "Reorder level": "reorder_level",
        },
        rows=lambda products: cast("ProductQuerySet", products).to_reorder().order_by("number", "pk"),
    )
)
