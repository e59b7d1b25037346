"""The demonstration data are believable: what they show could have happened."""

from datetime import timedelta

from django.db.models import F, Sum
from django.utils import timezone
from faker import Faker

from apps.catalog import demo as catalog_demo
from apps.catalog.models import Reservation, Stock, StockMovement
from apps.customers import demo as customers_demo
from apps.orders import demo
from apps.orders.models import Order, OrderLine


def test_a_small_demonstration_adds_up(unit):
    faker = Faker(["en_GB", "de_DE"])
    faker.seed_instance(1)
    for load in (customers_demo.load, catalog_demo.load, demo.load):
        load(unit, faker, 40)

    assert Order.objects.count() == 200
    assert set(Order.objects.values_list("status", flat=True)) == set(Order.Status.values)
    assert not Order.objects.filter(net=0).exists()
    assert Order.objects.aggregate(sum=Sum("net"))["sum"] == OrderLine.objects.aggregate(sum=Sum("net"))["sum"]
    assert (
        Reservation.objects.aggregate(sum=Sum("quantity"))["sum"] == Stock.objects.aggregate(sum=Sum("reserved"))["sum"]
    )
    assert not Reservation.objects.exclude(status="open").exists()
    assert not Order.objects.filter(shipped_on__lt=F("placed_on")).exists()


def test_every_piece_in_the_house_came_by_a_movement(unit):
    faker = Faker(["en_GB", "de_DE"])
    faker.seed_instance(1)
    for load in (customers_demo.load, catalog_demo.load, demo.load):
        load(unit, faker, 40)

    moved = dict(
        StockMovement.objects.order_by().values("product").annotate(sum=Sum("quantity")).values_list("product", "sum")
    )
    assert moved == dict(Stock.objects.filter(on_hand__gt=0).values_list("product", "on_hand"))


def test_what_is_old_is_over_and_what_is_open_is_recent(unit):
    faker = Faker(["en_GB", "de_DE"])
    faker.seed_instance(1)
    for load in (customers_demo.load, catalog_demo.load, demo.load):
        load(unit, faker, 40)

    today = timezone.localdate()
    placed = Order.objects.exclude(placed_on=None)
    assert not placed.open().filter(placed_on__lt=today - timedelta(days=20)).exists()
    assert placed.open().exists()
    assert not Order.objects.open().exclude(customer__status="active").exists()
    assert not Order.objects.filter(delivered_on__gt=today).exists()
    days = list(placed.order_by("number").values_list("placed_on", flat=True))
    assert days == sorted(days)
    assert days[0] < today - timedelta(days=1_000)
