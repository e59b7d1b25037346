from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Content, Line, beginning, panel
from apps.accounts.models import User
from apps.customers.models import Customer


@panel(
    "customers-dormant",
    title=_("Customers to win back or close"),
    icon="groups",
    permission="customers.reopen_customer",
    later=True,
    empty=_("No customer is dormant. One that nobody touched for a year appears here."),
)
def dormant(user: User) -> Content:
    rows = Customer.objects.visible_to(user, "reopen").filter(status=Customer.Status.DORMANT)
    return beginning(
        rows.order_by("updated_at", "pk"),
        _dormant,
        link=f"{reverse('admin:customers_customer_changelist')}?status__exact=dormant",
    )


def _dormant(customer: Customer) -> Line:
    return Line(
        text=customer.number,
        link=reverse("admin:customers_customer_change", args=[customer.pk]),
        note=customer.name,
        label=_("dormant since %(day)s") % {"day": date_format(customer.updated_at, "SHORT_DATE_FORMAT")},
    )
