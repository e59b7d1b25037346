"""The demonstration data are believable: what they show could have happened."""

from django.db.models import F, Sum
from faker import Faker

from apps.catalog import demo as catalog_demo
from apps.catalog.models import Reservation, Stock
from apps.customers import demo as customers_demo
from apps.orders import demo
from apps.orders.models import Order, OrderLine


def test_a_small_demonstration_adds_up(unit):
    faker = Faker(["en_GB", "de_DE"])
    faker.seed_instance(1)
    for load in (customers_demo.load, catalog_demo.load, demo.load):
        load(unit, faker, 40)

    assert Order.objects.count() == 320
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status.values)
    assert not Order.objects.filter(net=0).exists()
    assert Order.objects.aggregate(sum=Sum("net"))["sum"] == OrderLine.objects.aggregate(sum=Sum("net"))["sum"]
    assert (
        Reservation.objects.aggregate(sum=Sum("quantity"))["sum"] == Stock.objects.aggregate(sum=Sum("reserved"))["sum"]
    )
    assert not Reservation.objects.exclude(status="open").exists()
    assert not Order.objects.filter(shipped_on__lt=F("placed_on")).exists()
