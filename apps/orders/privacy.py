"""The processing activity behind orders (Art. 30 GDPR), and who may not be erased yet."""

from apps.customers.models import Customer
from apps.kernel.classification import Activity, activity
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.orders.models import Order

activity(
    Activity(
        key="orders.sales",
        title="Sales",
        purpose="To take orders, deliver goods and keep the books that tax law demands.",
        basis="A6-1-b",
        categories_of_subjects=("customers", "recipients of deliveries", "sales agents"),
        recipients=("carriers: name and address of the delivery", "tax advisers and auditors: the books"),
        measures=(
            "Only roles of orders see them, each in its own unit.",
            "Amounts and states change by fixed steps only.",
        ),
    )
)


class Undelivered(BusinessError):
    """This customer's orders are on their way. Their address is needed until they are delivered or cancelled."""

    code = "undelivered_orders"


@Objections("customers.erase").register
def waits_for_orders(customer: Customer) -> BusinessError | None:
    count = Order.objects.open().filter(customer=customer).count()
    return Undelivered(count=count) if count else None
