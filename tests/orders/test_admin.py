"""Orders in the admin: drafts are edited with their lines, steps are actions, refusals are sentences."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages

from apps.access.models import Assignment
from apps.orders.models import Order
from apps.workforce.models import Employee
from tests.architecture.rows import row_of
from tests.pages import sends

URL = "/admin/orders/order/"


@pytest.fixture
def staff(sign_in, make_user, unit):
    return sign_in(make_user("order-manager", unit))


def act(client, action: str, *orders: Order, **words: str) -> list[str]:
    answer = client.post(URL, {"action": action, "_selected_action": [str(order.pk) for order in orders], **words})
    return [str(message) for message in get_messages(answer.wsgi_request)]


def form(order: Order | None = None, **changes: str) -> dict[str, str]:
    lines = list(order.lines.all()) if order else []
    fields = {
        "currency": "EUR",
        "freight": "0",
        "discount": "0",
        "lines-TOTAL_FORMS": str(len(lines) or 1),
        "lines-INITIAL_FORMS": str(len(lines)),
    }
    for position, line in enumerate(lines):
        fields |= {
            f"lines-{position}-id": str(line.pk),
            f"lines-{position}-order": str(order.pk),
            f"lines-{position}-product": str(line.product_id),
            f"lines-{position}-quantity": str(line.quantity),
            f"lines-{position}-unit_price": str(line.unit_price),
            f"lines-{position}-discount": str(line.discount),
            f"lines-{position}-tax_rate": str(line.tax_rate),
        }
    return fields | changes


def test_the_list_shows_visible_orders_with_state_and_money(staff, make_order):
    order = make_order("placed")

    page = staff.get(URL)

    assert page.status_code == 200
    assert order.number in page.content.decode()
    assert "20.00 EUR" in page.content.decode()


def test_the_list_finds_by_the_beginning_of_the_number(staff, make_order):
    make_order()

    assert "O-000001" in staff.get(URL, {"q": "o-0000"}).content.decode()
    assert "O-000001" not in staff.get(URL, {"q": "000001"}).content.decode()


def test_an_agent_whom_the_reader_may_not_see_stays_as_he_is(staff, make_order, unit):
    order = make_order(agent=row_of(Employee, unit))

    url = f"{URL}{order.pk}/change/"
    saved = staff.post(url, {**sends(staff.get(url), "order_form"), "freight": "7"})

    assert saved.status_code == 302
    after = Order.objects.get()
    assert (after.agent_id, after.freight) == (order.agent_id, 7)


def test_steps_are_actions(staff, make_order):
    order = make_order()

    for action in ("place", "pay", "ship", "deliver"):
        act(staff, action, order)

    assert Order.objects.get().status == "delivered"


def test_a_refused_step_says_why_by_the_number(staff, make_order):
    good, bad = make_order("placed"), make_order()

    said = act(staff, "pay", good, bad)

    assert any(message.startswith(f"{bad.number}: An order in this state") for message in said)
    assert list(Order.objects.order_by("number").values_list("status", flat=True)) == ["paid", "draft"]


def test_cancelling_asks_for_a_reason_first(staff, make_order):
    order = make_order("placed")

    act(staff, "cancel", order)
    assert Order.objects.get().status == "placed"
    act(staff, "cancel", order, reason="ordered twice")

    assert Order.objects.get().status == "cancelled"


def test_an_order_is_written_with_lines_priced_by_the_catalog(staff, unit, customer, product):
    answer = staff.post(
        f"{URL}add/",
        form(
            unit=str(unit.pk),
            customer=str(customer.pk),
            **{"lines-0-product": str(product.pk), "lines-0-quantity": "3", "lines-0-discount": "0.1"},
        ),
    )

    order = Order.objects.get()
    assert answer.status_code == 302
    assert order.number == "O-000001"
    assert (order.net, order.total) == (Decimal("27.00"), Decimal("27.00"))


def test_changing_and_removing_lines_keeps_the_total_right(staff, make_order, customer):
    order = make_order()
    url = f"{URL}{order.pk}/change/"

    staff.post(url, form(order, customer=str(customer.pk), **{"lines-0-quantity": "7"}))
    assert Order.objects.get().total == Decimal("70.00")
    staff.post(url, form(order, customer=str(customer.pk), **{"lines-0-DELETE": "on"}))

    assert Order.objects.get().total == Decimal("0.00")


def test_a_placed_order_keeps_its_lines_whatever_is_posted(staff, make_order, customer):
    order = make_order("placed")

    staff.post(
        f"{URL}{order.pk}/change/",
        form(order, customer=str(customer.pk), ship_city="Reims", freight="99", **{"lines-0-quantity": "7"}),
    )

    changed = Order.objects.get()
    assert (changed.ship_city, changed.freight, changed.total) == ("Reims", Decimal(0), Decimal("20.00"))
    assert changed.lines.get().quantity == 2


def test_a_shipped_order_can_only_be_read(staff, make_order):
    order = make_order("shipped")

    assert staff.get(f"{URL}{order.pk}/change/").status_code == 200
    assert staff.post(f"{URL}{order.pk}/change/", form(order, ship_city="Reims")).status_code == 403
    assert Order.objects.get().ship_city == ""


def test_an_order_of_another_unit_is_not_there(sign_in, make_user, other_unit, make_order):
    order = make_order("placed")
    stranger = sign_in(make_user("order-manager", other_unit))

    assert order.number not in stranger.get(URL).content.decode()
    assert stranger.get(f"{URL}{order.pk}/change/").status_code == 302
    act(stranger, "cancel", order, reason="mine now")
    assert Order.objects.get().status == "placed"


def test_a_viewer_gets_no_actions(sign_in, make_user, unit, make_order):
    order = make_order()
    viewer = sign_in(make_user("order-viewer", unit))

    assert viewer.get(f"{URL}{order.pk}/change/").status_code == 200
    act(viewer, "place", order)

    assert Order.objects.get().status == "draft"


def test_the_list_names_the_customer_for_those_who_may_see_it(staff, sign_in, make_user, unit, make_order):
    order = make_order("placed")
    packer = make_user()
    role = Group.objects.create(name="packer")
    role.permissions.add(Permission.objects.get(codename="view_order"))
    Assignment.objects.create(user=packer, role=role, unit=unit)

    hidden = sign_in(packer).get(URL).content.decode()

    assert f"{order.customer.number} · {order.customer.name}" in staff.get(URL).content.decode()
    assert order.customer.number in hidden
    assert order.customer.name not in hidden


def test_periods_are_offered_from_the_calendar(staff, make_order):
    order = make_order("placed")
    year, month = order.placed_on.year, order.placed_on.month

    found = staff.get(URL, {"placed_on__year": year, "placed_on__month": month})

    assert found.context["cl"].result_count == 1
    assert [period.title for period in found.context["cl"].periods()][2:5] == ["1", "2", "3"]
    assert staff.get(URL, {"placed_on__year": year - 1}).context["cl"].result_count == 0
