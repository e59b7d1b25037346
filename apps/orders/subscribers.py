"""What orders say when a lower floor asks, and do when it speaks."""

from django.db.models.functions import Now

from apps.catalog.models import Product
from apps.customers.events import CustomersMerged
from apps.customers.models import Customer
from apps.events.bus import on
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.orders.models import Order


class OpenOrders(BusinessError):
    """This customer has open orders. Deliver or cancel them first."""

    code = "open_orders"


class StillOrdered(BusinessError):
    """Orders that have not left the house contain this product. Ship or cancel them first."""

    code = "still_ordered"


@Objections("customers.close").register
@Objections("customers.dormant").register
def has_open_orders(customer: Customer) -> BusinessError | None:
    count = Order.objects.open().filter(customer=customer).count()
    return OpenOrders(count=count) if count else None


@Objections("catalog.discontinue").register
def is_still_ordered(product: Product) -> BusinessError | None:
    count = Order.objects.unshipped().filter(lines__product=product).count()
    return StillOrdered(count=count) if count else None


@on(CustomersMerged)
def move_orders(event: CustomersMerged) -> None:
    Order.objects.filter(customer_id=event.customer).update(customer_id=event.survivor, updated_at=Now())
