from django_filters import DateFilter

from apps.access.api.filters import StrictFilterSet
from apps.orders.models import Order


class OrderFilter(StrictFilterSet):
    placed_from = DateFilter(field_name="placed_on", lookup_expr="gte")
    placed_until = DateFilter(field_name="placed_on", lookup_expr="lte")

    class Meta(StrictFilterSet.Meta):
        model = Order
        fields = ("number", "status", "customer", "agent", "placed_on")
