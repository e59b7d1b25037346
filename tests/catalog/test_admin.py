"""The catalog in the admin."""

from decimal import Decimal

import pytest
from django.contrib.messages import get_messages

from apps.audit.models import AuditEvent
from apps.catalog.models import Product, Stock
from apps.catalog.services import reorder
from apps.events.models import PublishedEvent

URL = "/admin/catalog/product/"


@pytest.fixture
def staff(sign_in, make_user, unit):
    return sign_in(make_user("catalog-manager", unit))


@pytest.mark.parametrize("page", ["category", "supplier", "product", "price", "stock", "stockmovement", "reservation"])
def test_every_list_opens_and_searches(staff, make_product, unit, page):
    make_product(unit, on_hand=3)

    assert staff.get(f"/admin/catalog/{page}/", {"q": "p-"}).status_code == 200


def test_the_list_filters_what_must_be_reordered(staff, make_product, unit):
    make_product(unit, number="LOW", on_hand=3, reorder_level=5)
    reorder(make_product(unit, number="COMING", on_hand=3, reorder_level=5), quantity=9)

    page = staff.get(URL, {"stock": "low"}).content.decode()

    assert "LOW" in page
    assert "COMING" not in page


def test_discontinuing_is_an_action_and_twice_a_sentence(staff, make_product, unit):
    product = make_product(unit)
    words = {"action": "discontinue", "_selected_action": [str(product.pk)], "reason": "no longer made"}

    staff.post(URL, words)
    answer = staff.post(URL, words)

    assert Product.objects.get().is_discontinued is True
    assert any("discontinued already" in str(message) for message in get_messages(answer.wsgi_request))


def test_a_new_price_on_the_product_page_is_told(staff, make_product, unit):
    product = make_product(unit)

    staff.post(
        f"{URL}{product.pk}/change/",
        {
            "number": product.number,
            "name": product.name,
            "category": str(product.category_id),
            "reorder_level": "0",
            "tax_rate": "0",
            "prices-TOTAL_FORMS": "1",
            "prices-INITIAL_FORMS": "0",
            "prices-0-currency": "EUR",
            "prices-0-amount": "12.50",
            "prices-0-valid_from": "2024-01-01",
            "stock-TOTAL_FORMS": "0",
            "stock-INITIAL_FORMS": "0",
        },
    )

    assert product.prices.get().amount == Decimal("12.50")
    assert PublishedEvent.objects.filter(name="catalog.price_changed").count() == 1


def ask(staff, action, *products, **answers):
    words = {"action": action, "_selected_action": [str(product.pk) for product in products], **answers}
    return staff.post(URL, words)


def test_pieces_are_ordered_received_and_counted_by_actions(staff, make_product, unit):
    product = make_product(unit)

    ask(staff, "reorder", product, quantity="30")
    ask(staff, "receive", product, quantity="20")
    ask(staff, "correct", product, counted="18", reason="Two were broken")

    stock = Stock.objects.get(product=product)
    assert (stock.on_hand, stock.on_order) == (18, 10)
    corrected = product.movements.get(kind="corrected")
    assert (corrected.quantity, AuditEvent.objects.get(object_pk=corrected.pk).reason) == (-2, "Two were broken")


@pytest.mark.parametrize(
    ("action", "answers"),
    [("receive", {}), ("receive", {"quantity": "0"}), ("correct", {"counted": "7", "reason": ""})],
)
def test_a_page_asks_for_what_is_missing(staff, make_product, unit, action, answers):
    product = make_product(unit, on_hand=3)

    page = ask(staff, action, product, **answers)

    assert page.status_code == 200
    assert str(product.pk) in page.text
    assert Stock.objects.get().on_hand == 3


def test_a_viewer_moves_no_pieces(sign_in, make_user, make_product, unit):
    product = make_product(unit, on_hand=3)

    ask(sign_in(make_user("catalog-viewer", unit)), "receive", product, quantity="20")

    assert Stock.objects.get().on_hand == 3
