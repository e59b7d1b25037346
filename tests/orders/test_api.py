"""Orders through the API: what is accepted, what is refused, and who may."""

import pytest

from apps.audit.models import AuditEvent
from apps.catalog.models import Stock
from apps.kernel.trail import Action
from apps.orders.models import Order, OrderLine
from apps.orders.services import Wish

ORDERS = "/api/v1/orders/"


@pytest.fixture
def manager(api, make_user, unit):
    return api(make_user("order-manager", unit))


@pytest.fixture
def viewer(api, make_user, unit):
    return api(make_user("order-viewer", unit))


@pytest.fixture
def body(customer, product):
    return {"customer": str(customer.pk), "lines": [{"product": str(product.pk), "quantity": 3}]}


def pointers(answer) -> list[str]:
    return sorted(error["pointer"] for error in answer.json()["errors"])


SHOWN = [("order", "list"), ("orderline", "children")]


@pytest.mark.parametrize(
    ("door", "shown"),
    [
        (ORDERS, SHOWN),
        (f"{ORDERS}{{order}}/", [("order", "record"), ("orderline", "children")]),
        (f"{ORDERS}?fields=number,lines", SHOWN),
        (f"{ORDERS}?fields=number", [("order", "list")]),
    ],
)
def test_the_lines_inside_of_an_order_were_shown_too(viewer, make_order, door, shown):
    order = make_order()
    lines = [str(line.pk) for line in order.lines.all()]

    tag = viewer.get(door.format(order=order.pk))["ETag"]
    viewer.get(door.format(order=order.pk), headers={"If-None-Match": tag})

    reads = AuditEvent.objects.filter(action=Action.ACCESS).select_related("content_type").order_by("pk")
    assert [(read.content_type.model, read.additional_data["door"]) for read in reads] == shown * 2
    inside = [read.additional_data["ids"] for read in reads if read.content_type.model == "orderline"]
    assert inside == [lines] * (2 * (len(shown) - 1))


def test_an_order_is_made_with_its_lines_and_taken_to_delivery(manager, body):
    made = manager.post(ORDERS, {**body, "freight": "4.90"})
    url = f"{ORDERS}{made.json()['id']}/"
    states = [manager.post(f"{url}{verb}/").json()["status"] for verb in ("place", "pay", "ship", "deliver")]

    assert made.status_code == 201
    assert made.json()["number"] == "O-000001"
    assert made.json()["total"] == "34.90"
    assert made.json()["allowed"] == ["placed", "cancelled"]
    assert [(line["quantity"], line["unit_price"], line["net"]) for line in made.json()["lines"]] == [
        (3, "10.0000", "30.00")
    ]
    assert states == ["placed", "paid", "shipped", "delivered"]
    assert Stock.objects.values_list("on_hand", "reserved").get() == (97, 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"colour": "red"}, ["/colour"]),
        ({"status": "paid", "total": "0", "number": "7"}, ["/number", "/status", "/total"]),
        ({"currency": "eur"}, ["/currency"]),
        ({"freight": "-1"}, ["/freight"]),
        ({"freight": "1.005"}, ["/freight"]),
        ({"required_on": "tomorrow"}, ["/required_on"]),
        ({"lines": "none"}, ["/lines"]),
        ({"customer": "me"}, ["/customer"]),
        ({"customer": None}, ["/customer"]),
    ],
)
def test_bad_fields_are_named_and_nothing_is_stored(manager, body, change, expected):
    answer = manager.post(ORDERS, {**body, **change})

    assert answer.status_code == 400
    assert pointers(answer) == expected
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": -1}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 3_000_000_000}, "quantity"),
        ({"unit_price": "-0.01"}, "unit_price"),
        ({"discount": "1.01"}, "discount"),
        ({"tax_rate": "19"}, "tax_rate"),
        ({"net": "1"}, "net"),
        ({"colour": "red"}, "colour"),
        ({"product": "01890000-0000-7000-8000-000000000000"}, "product"),
    ],
)
def test_bad_lines_are_named_and_nothing_is_stored(manager, body, change, field):
    answer = manager.post(ORDERS, {**body, "lines": [{**body["lines"][0], **change}]})

    assert answer.status_code == 400
    assert pointers(answer) == [f"/lines/0/{field}"]
    assert not Order.objects.exists()


def test_a_product_of_an_invisible_unit_does_not_exist(manager, body, make_product, other_unit):
    foreign = make_product(other_unit)

    answer = manager.post(ORDERS, {**body, "lines": [{"product": str(foreign.pk), "quantity": 1}]})

    assert answer.status_code == 400
    assert pointers(answer) == ["/lines/0/product"]
    assert not Order.objects.exists()


def test_a_product_of_another_visible_unit_is_refused(api, make_user, root_unit, body, make_product, unit, other_unit):
    foreign = make_product(other_unit)
    client = api(make_user("order-manager", root_unit))

    answer = client.post(ORDERS, {**body, "unit": str(unit.pk), "lines": [{"product": str(foreign.pk), "quantity": 1}]})

    assert answer.status_code == 409
    assert answer.json()["code"] == "other_unit"
    assert not Order.objects.exists()


def test_the_same_product_twice_is_refused(manager, body):
    answer = manager.post(ORDERS, {**body, "lines": body["lines"] * 2})

    assert answer.status_code == 409
    assert answer.json()["code"] == "product_twice"
    assert not Order.objects.exists()


def test_an_illegal_step_is_409_with_the_allowed_ones(manager, make_order):
    order = make_order("placed")

    answer = manager.post(f"{ORDERS}{order.pk}/deliver/")

    assert answer.status_code == 409
    assert answer.json()["code"] == "illegal_transition"
    assert answer.json()["allowed"] == ["paid", "cancelled"]
    assert Order.objects.get().status == "placed"


def test_too_few_pieces_is_409_and_the_draft_stays(manager, make_order, make_product, unit):
    order = make_order(lines=[Wish(product=make_product(unit, on_hand=1), quantity=2)])

    answer = manager.post(f"{ORDERS}{order.pk}/place/")

    assert answer.status_code == 409
    assert answer.json()["code"] == "not_enough_stock"
    assert list(answer.json()["products"].values()) == [{"wanted": 2, "available": 1}]
    assert Order.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("verb", "said", "pointer"),
    [
        ("place", {"on": "2020-01-01"}, "/on"),
        ("cancel", {}, "/reason"),
        ("cancel", {"reason": ""}, "/reason"),
        ("return", {"reason": "broken"}, "/restock"),
        ("return", {"reason": "broken", "restock": "perhaps"}, "/restock"),
    ],
)
def test_bad_input_of_a_verb_is_400_and_changes_nothing(manager, make_order, verb, said, pointer):
    order = make_order("delivered" if verb == "return" else "draft")

    answer = manager.post(f"{ORDERS}{order.pk}/{verb}/", said)

    assert answer.status_code == 400
    assert pointers(answer) == [pointer]
    assert Order.objects.get().status == order.status


def test_a_return_says_whether_the_goods_can_be_sold(manager, make_order):
    order = make_order("delivered")

    answer = manager.post(f"{ORDERS}{order.pk}/return/", {"reason": "broken", "restock": True})

    assert answer.status_code == 200
    assert answer.json()["status"] == "returned"
    assert Stock.objects.get().on_hand == 100


def test_lines_of_a_draft_are_replaced_and_of_a_placed_order_refused(manager, make_order, body):
    order = make_order()
    url = f"{ORDERS}{order.pk}/"

    changed = manager.patch(url, {"lines": body["lines"]}, headers={"If-Match": "*"})
    manager.post(f"{url}place/")
    refused = manager.patch(url, {"lines": []}, headers={"If-Match": "*"})

    assert (changed.status_code, changed.json()["total"]) == (200, "30.00")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_draft")
    assert OrderLine.objects.get().quantity == 3


def test_a_stale_order_is_412_and_stays(manager, make_order):
    order = make_order()
    url = f"{ORDERS}{order.pk}/"
    seen = manager.get(url)["ETag"]
    manager.patch(url, {"ship_city": "Reims"}, headers={"If-Match": "*"})

    answer = manager.patch(url, {"ship_city": "Lyon"}, headers={"If-Match": seen})

    assert answer.status_code == 412
    assert Order.objects.get().ship_city == "Reims"


def test_a_viewer_reads_his_unit_and_does_nothing(viewer, make_order):
    order = make_order("placed")

    assert [row["id"] for row in viewer.get(ORDERS).json()["results"]] == [str(order.pk)]
    assert viewer.patch(f"{ORDERS}{order.pk}/", {"ship_city": "x"}, headers={"If-Match": "*"}).status_code == 403
    for verb in ("place", "pay", "ship", "deliver"):
        assert viewer.post(f"{ORDERS}{order.pk}/{verb}/").status_code == 403, verb
    assert Order.objects.get().status == "placed"


def test_an_order_of_another_unit_does_not_exist(api, make_user, other_unit, make_order):
    order = make_order("placed")
    stranger = api(make_user("order-manager", other_unit))

    assert stranger.get(ORDERS).json()["results"] == []
    assert stranger.get(f"{ORDERS}{order.pk}/").status_code == 404
    assert stranger.post(f"{ORDERS}{order.pk}/cancel/", {"reason": "x"}).status_code == 404
    assert Order.objects.get().status == "placed"


def test_orders_are_filtered_by_state_and_days_and_nothing_unknown(viewer, make_order):
    make_order()
    placed = make_order("placed")

    def found(**asked: str) -> list[str]:
        return [row["id"] for row in viewer.get(ORDERS, asked).json()["results"]]

    assert found(status="placed") == [str(placed.pk)]
    assert found(placed_from="2024-05-06", placed_until="2024-05-06") == [str(placed.pk)]
    assert found(placed_from="2024-05-07") == []
    assert viewer.get(ORDERS, {"colour": "red"}).status_code == 400
    assert viewer.get(ORDERS, {"ordering": "freight"}).status_code == 400
    assert len(found(ordering="-placed_on")) == 2


@pytest.mark.parametrize("path", ["orders", "shippers"])
def test_a_longer_list_costs_no_more_queries(viewer, make_order, path, django_assert_max_num_queries):
    make_order("placed")
    viewer.get(f"/api/v1/{path}/")
    with django_assert_max_num_queries(9) as few:
        viewer.get(f"/api/v1/{path}/")
    for _ in range(4):
        make_order("placed")

    with django_assert_max_num_queries(len(few)):
        assert viewer.get(f"/api/v1/{path}/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_change_of_a_line_alone_gives_the_order_another_tag(manager, body):
    order = Order.objects.get(pk=manager.post(ORDERS, body).json()["id"])
    door = f"{ORDERS}{order.pk}/"
    seen, listed = manager.get(door)["ETag"], manager.get(ORDERS)["ETag"]
    assert manager.get(door, headers={"If-None-Match": seen}).status_code == 304
    assert manager.get(ORDERS, headers={"If-None-Match": listed}).status_code == 304

    order.lines.update(quantity=7)

    assert manager.get(door, headers={"If-None-Match": seen}).status_code == 200
    assert manager.get(ORDERS, headers={"If-None-Match": listed}).status_code == 200
    assert manager.patch(door, {"ship_city": "x"}, headers={"If-Match": seen}).status_code == 412
