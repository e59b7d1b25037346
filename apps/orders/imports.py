"""What an import owes to orders that it wrote past the services: their sums."""

from collections.abc import Sequence
from uuid import UUID

from apps.integrations.imports.registry import settles
from apps.orders.models import Order
from apps.orders.services import recalculate


def sum_up(keys: Sequence[UUID]) -> None:
    recalculate(Order.objects.filter(pk__in=keys))


settles("orders.Order", sum_up)
