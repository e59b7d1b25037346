from django.utils.translation import gettext_lazy as _

from apps.catalog import events
from apps.kernel.registry import Domain, Role, domains

VIEW = (
    "view_category",
    "view_supplier",
    "view_product",
    "view_price",
    "view_stock",
    "view_stockmovement",
    "view_reservation",
)

domains.register(
    Domain(
        label="catalog",
        api="apps.catalog.api.urls",
        demo="apps.catalog.demo.load",
        events=(
            events.PriceChanged,
            events.ProductDiscontinued,
            events.StockReceived,
            events.StockCorrected,
            events.StockRanLow,
        ),
        roles=(
            Role(slug="catalog-viewer", title=_("Catalog viewer"), permissions=VIEW),
            Role(
                slug="catalog-manager",
                title=_("Catalog manager"),
                permissions=(
                    *VIEW,
                    "add_category",
                    "change_category",
                    "delete_category",
                    "add_supplier",
                    "change_supplier",
                    "delete_supplier",
                    "add_product",
                    "change_product",
                    "discontinue_product",
                    "receive_product",
                    "reorder_product",
                    "correct_product",
                    "add_price",
                ),
            ),
        ),
    )
)
