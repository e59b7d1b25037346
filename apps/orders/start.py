from datetime import date

from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.access.panels import Bar, Content, Line, Place, Tone, beginning, panel
from apps.accounts.models import User
from apps.orders.models import Order

LIST = "admin:orders_order_changelist"
MONTHS = 12


@panel(
    "orders-to-finish",
    title=_("Orders to be paid or sent"),
    icon="local_shipping",
    permission="orders.view_order",
    empty=_("Every order in your units is paid and sent. A new one appears here when it is placed."),
)
def to_finish(user: User) -> Content:
    """The ones that have waited longest."""
    rows = Order.objects.visible_to(user).unshipped().order_by("placed_on", "pk")
    return beginning(rows, _waiting, link=f"{reverse(LIST)}?status__exact=placed")


def _waiting(order: Order) -> Line:
    today = timezone.localdate()
    days = (today - order.placed_on).days if order.placed_on else 0
    late = order.required_on is not None and order.required_on < today
    waits = ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    if late:
        label = _("wanted by %(day)s: late") % {"day": date_format(order.required_on, "SHORT_DATE_FORMAT")}
    elif order.status == Order.Status.PLACED and not days:
        label = _("placed today, unpaid")
    elif order.status == Order.Status.PLACED:
        label = _("unpaid for %(waits)s") % {"waits": waits}
    else:
        label = _("paid, to be sent")
    return Line(
        text=order.number,
        link=reverse("admin:orders_order_change", args=[order.pk]),
        note=order.ship_name,
        label=label,
        tone=Tone.LATE if late else Tone.SOON if order.status == Order.Status.PLACED else Tone.PLAIN,
    )


@panel(
    "orders-by-month",
    title=_("Orders placed, by month"),
    icon="bar_chart",
    permission="orders.view_order",
    place=Place.FIGURES,
    later=True,
    empty=_("No order was placed in your units in the last twelve months."),
)
def by_month(user: User) -> Content:
    today = timezone.localdate()
    months = [_month_before(today, back) for back in reversed(range(MONTHS))]
    rows = Order.objects.visible_to(user).filter(placed_on__gte=months[0])
    placed = dict(rows.annotate(month=TruncMonth("placed_on")).values_list("month").annotate(Count("pk")))
    return Content(
        bars=[Bar(label=date_format(month, "M Y"), value=placed.get(month, 0)) for month in months],
        link=reverse(LIST),
    )


def _month_before(day: date, back: int) -> date:
    month = day.year * 12 + day.month - 1 - back
    return date(month // 12, month % 12 + 1, 1)
