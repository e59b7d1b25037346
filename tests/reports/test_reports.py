import csv
import io

import pytest

from tests.sample.models import Deal, Person

URL = "/reports/sample-deals.csv"


@pytest.fixture
def deals(unit, other_unit):
    for place in (unit, other_unit):
        buyer = Person.objects.create(unit=place, number="1", name=f"=HYPERLINK({place.slug})")
        Deal.objects.create(unit=place, number=place.slug, buyer=buyer, total="12.50")


def test_a_report_holds_the_rows_of_the_readers_units_and_runs_no_formula(sign_in, make_user, unit, deals):
    answer = sign_in(make_user("sample-viewer", unit)).get(URL)

    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows == [["Number", "Buyer", "Total"], ["north", "'=HYPERLINK(north)", "12.50"]]
    assert answer["Content-Disposition"] == 'attachment; filename="sample-deals.csv"'


def test_without_the_permission_a_report_does_not_exist(sign_in, make_user, deals):
    assert sign_in(make_user()).get(URL).status_code == 404
    assert "No report is open" in sign_in(make_user()).get("/reports/").text


def test_the_catalogue_names_what_one_may_take(sign_in, make_user, unit):
    assert "Deals by buyer" in sign_in(make_user("sample-viewer", unit)).get("/reports/").text
