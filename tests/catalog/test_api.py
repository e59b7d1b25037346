"""The catalog through the API: what is accepted, what is refused, and who may."""

from datetime import date

import pytest

from apps.catalog.models import Price, Product, Stock
from apps.catalog.services import reserve

PRODUCTS = "/api/v1/products/"


@pytest.fixture
def manager(api, make_user, unit):
    return api(make_user("catalog-manager", unit))


@pytest.fixture
def viewer(api, make_user, unit):
    return api(make_user("catalog-viewer", unit))


@pytest.fixture
def product(make_product, unit) -> Product:
    return make_product(unit)


def test_a_manager_adds_a_product_and_a_price(manager, product):
    body = {"number": "N-1", "name": "Tea", "category": str(product.category_id), "tax_rate": "0.07"}
    made = manager.post(PRODUCTS, body)
    price = manager.post(
        "/api/v1/prices/",
        {"product": made.json()["id"], "currency": "EUR", "amount": "12.5", "valid_from": "2024-01-01"},
    )

    assert made.status_code == 201
    assert made.json()["tax_rate"] == "0.0700"
    assert price.status_code == 201
    assert Price.objects.get().valid_from == date(2024, 1, 1)


def test_unknown_and_guarded_fields_are_refused_by_name(manager, product):
    answer = manager.patch(
        f"{PRODUCTS}{product.pk}/", {"is_discontinued": True, "colour": "red"}, headers={"If-Match": "*"}
    )

    assert answer.status_code == 400
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == ["/colour", "/is_discontinued"]
    product.refresh_from_db()
    assert product.is_discontinued is False


def test_a_category_of_an_invisible_unit_does_not_exist(manager, make_product, other_unit):
    foreign = make_product(other_unit)

    answer = manager.post(PRODUCTS, {"number": "N-1", "name": "Tea", "category": str(foreign.category_id)})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/category"
    assert Product.objects.count() == 1


def test_a_category_of_another_visible_unit_is_refused(api, make_user, root_unit, make_product, unit, other_unit):
    client = api(make_user("catalog-manager", root_unit))
    foreign = make_product(other_unit)

    answer = client.post(
        PRODUCTS, {"unit": str(unit.pk), "number": "N-1", "name": "Tea", "category": str(foreign.category_id)}
    )

    assert answer.status_code == 409
    assert answer.json()["code"] == "other_unit"
    assert Product.objects.count() == 1


def test_a_number_is_taken_once_per_unit(manager, product):
    body = {"number": product.number, "name": "Tea", "category": str(product.category_id)}

    answer = manager.post(PRODUCTS, body)

    assert answer.status_code == 409
    assert answer.json()["code"] == "already_exists"


@pytest.mark.parametrize(
    ("verb", "body", "pointer"),
    [
        ("receive", {"quantity": -1}, "/quantity"),
        ("receive", {"quantity": 0}, "/quantity"),
        ("receive", {}, "/quantity"),
        ("receive", {"quantity": 1, "why": "x"}, "/why"),
        ("reorder", {"quantity": "many"}, "/quantity"),
        ("correct", {"counted": -1, "reason": "x"}, "/counted"),
        ("correct", {"counted": 1}, "/reason"),
        ("discontinue", {"reason": "x"}, "/reason"),
    ],
)
def test_bad_input_of_a_verb_is_400_and_changes_nothing(manager, product, verb, body, pointer):
    answer = manager.post(f"{PRODUCTS}{product.pk}/{verb}/", body)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Stock.objects.exists()
    product.refresh_from_db()
    assert product.is_discontinued is False


def test_receiving_answers_the_stock(manager, product):
    answer = manager.post(f"{PRODUCTS}{product.pk}/receive/", {"quantity": 20})

    assert answer.status_code == 200
    assert answer.json()["on_hand"] == answer.json()["available"] == 20


def test_discontinuing_twice_is_409(manager, product):
    first = manager.post(f"{PRODUCTS}{product.pk}/discontinue/")
    second = manager.post(f"{PRODUCTS}{product.pk}/discontinue/")

    assert (first.status_code, first.json()["is_discontinued"]) == (200, True)
    assert (second.status_code, second.json()["code"]) == (409, "already_discontinued")


def test_a_viewer_reads_his_unit_and_does_nothing(viewer, product, make_product, other_unit):
    foreign = make_product(other_unit)

    assert [row["number"] for row in viewer.get(PRODUCTS).json()["results"]] == [product.number]
    assert viewer.get(f"{PRODUCTS}{foreign.pk}/").status_code == 404
    assert viewer.post(f"{PRODUCTS}{product.pk}/receive/", {"quantity": 1}).status_code == 403
    assert viewer.post(f"{PRODUCTS}{foreign.pk}/receive/", {"quantity": 1}).status_code in {403, 404}
    assert not Stock.objects.exists()


def test_an_unknown_filter_is_refused(viewer):
    answer = viewer.get(PRODUCTS, {"colour": "red"})

    assert answer.status_code == 400
    assert "/colour" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["categories", "suppliers", "products", "prices", "stock", "stock-movements", "reservations"]
)
def test_a_longer_list_costs_no_more_queries(viewer, make_product, unit, path, django_assert_max_num_queries):
    make_product(unit, on_hand=1)
    viewer.get(f"/api/v1/{path}/")
    with django_assert_max_num_queries(8) as few:
        viewer.get(f"/api/v1/{path}/")
    for _ in range(4):
        reserve({make_product(unit, on_hand=1).pk: 1}, holder=unit.pk)

    with django_assert_max_num_queries(len(few)):
        assert viewer.get(f"/api/v1/{path}/").status_code == 200
