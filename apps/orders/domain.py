from django.utils.translation import gettext_lazy as _

from apps.kernel.registry import Domain, Role, domains
from apps.orders import events

VIEW = ("view_shipper", "view_order", "view_orderline")

domains.register(
    Domain(
        label="orders",
        api="apps.orders.api.urls",
        demo="apps.orders.demo.load",
        events=(
            events.OrderPlaced,
            events.OrderPaid,
            events.OrderShipped,
            events.OrderDelivered,
            events.OrderCancelled,
            events.OrderReturned,
        ),
        roles=(
            Role(slug="order-viewer", title=_("Order viewer"), permissions=VIEW),
            Role(
                slug="order-manager",
                title=_("Order manager"),
                permissions=(
                    *VIEW,
                    "add_shipper",
                    "change_shipper",
                    "delete_shipper",
                    "add_order",
                    "change_order",
                    "add_orderline",
                    "change_orderline",
                    "delete_orderline",
                    "place_order",
                    "pay_order",
                    "ship_order",
                    "deliver_order",
                    "cancel_order",
                    "return_order",
                    "customers.view_customer",
                    "catalog.view_category",
                    "catalog.view_product",
                    "catalog.view_price",
                    "catalog.view_stock",
                ),
            ),
        ),
    )
)
