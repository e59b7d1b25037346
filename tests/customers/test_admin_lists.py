import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.urls import reverse

from apps.access import lists
from apps.access.models import Assignment, Unit
from apps.customers.models import Customer

LIST = "admin:customers_customer_changelist"


@pytest.fixture
def manager(sign_in, make_user, unit):
    return sign_in(make_user("customer-manager", unit))


@pytest.fixture
def customers(unit):
    return Customer.objects.bulk_create(
        Customer(unit=unit, number=f"C-{number:03}", name=f"Customer {number}") for number in range(160)
    )


@pytest.fixture
def slow_search(db):
    """A database that takes its time over every row that a search looks at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION public.upper(text) RETURNS text LANGUAGE plpgsql VOLATILE AS "
            "$$ BEGIN PERFORM pg_sleep(0.1); RETURN pg_catalog.upper($1); END $$;"
            "SET LOCAL search_path = public, pg_catalog"
        )


def test_a_long_list_is_counted_up_to_a_limit(manager, customers, monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 120)

    page = manager.get(reverse(LIST))

    assert page.context["cl"].result_count == 120
    assert "120+" in " ".join(page.content.decode().split())
    assert "?p=3" in page.content.decode()
    assert "?p=4" not in page.content.decode()


def test_a_short_list_is_counted_exactly(manager, customers):
    said = " ".join(manager.get(reverse(LIST), {"q": "C-00"}).content.decode().split())

    assert "10 customers" in said


def test_a_page_beyond_the_limit_is_refused_in_words(manager, customers, monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 120)

    page = manager.get(reverse(LIST), {"p": 4})

    assert page.status_code == 422
    assert "Narrow it by filters" in page.content.decode()


def test_a_list_that_takes_too_long_is_refused_in_words(manager, customers, monkeypatch, slow_search):
    monkeypatch.setattr(lists, "BUDGET", "200ms")

    page = manager.get(reverse(LIST), {"q": "c"})

    assert page.status_code == 422
    assert "Type more letters, or narrow the list by filters." in page.content.decode()


def test_offers_that_take_too_long_are_a_line_that_says_so(manager, customers, monkeypatch, slow_search):
    monkeypatch.setattr(lists, "BUDGET", "200ms")
    asked = {"app_label": "customers", "model_name": "contact", "field_name": "customer", "term": "c"}

    offered = manager.get(reverse("admin:autocomplete"), asked).json()

    assert [(line["text"], line["disabled"]) for line in offered["results"]] == [
        ("Too many match. Type more letters.", True)
    ]


def test_a_search_takes_several_words_as_one_beginning(manager, customer, twin):
    found = manager.get(reverse(LIST), {"q": 'alfreds  futter"'})
    beginning = manager.get(reverse(LIST), {"q": "alfreds  futter-"})

    assert found.context["cl"].result_count == 0
    assert [row.number for row in beginning.context["cl"].result_list] == ["C-2"]


@pytest.mark.parametrize("column", ["phone", "phone__startswith", "orders__number"])
def test_only_what_the_list_offers_can_be_filtered(manager, customer, column):
    assert manager.get(reverse(LIST), {column: "0"}).status_code == 400


def test_the_units_of_the_filter_are_those_of_the_reader(manager, sign_in, make_user, unit, other_unit, root_unit):
    Assignment.objects.create(
        user=(both := make_user("customer-manager", unit)),
        role=Group.objects.get(name="customer-viewer"),
        unit=other_unit,
    )
    Unit.objects.create(name="West", slug="west", path="/company/west/", parent=root_unit)

    [units] = [spec for spec in sign_in(both).get(reverse(LIST)).context["cl"].filter_specs if spec.title == "unit"]

    assert [name for _key, name in units.lookup_choices] == ["North", "South"]
    assert "unit" not in [spec.title for spec in manager.get(reverse(LIST)).context["cl"].filter_specs]


def test_an_empty_list_says_what_to_do(manager, make_user, sign_in, unit):
    viewer = sign_in(make_user("customer-viewer", unit))

    assert "No customers yet" in manager.get(reverse(LIST)).content.decode()
    assert "Add the first one" in manager.get(reverse(LIST)).content.decode()
    assert "Nothing found" in manager.get(reverse(LIST), {"q": "nobody"}).content.decode()
    assert "What you may see will stand here." in viewer.get(reverse(LIST)).content.decode()
