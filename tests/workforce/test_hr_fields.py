"""What is of special care is shown to HR and to nobody else, by no way."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from apps.access.models import Assignment
from apps.audit.models import AuditEvent
from apps.kernel.trail import Action
from apps.reports.tables import table_of
from apps.workforce.admin import EmployeeAdmin
from apps.workforce.models import Absence, Employee

URL = "/api/v1/employees/"
FOR_EVERYBODY = {
    "id", "unit", "number", "first_name", "last_name", "title", "department", "position", "territories", "extension",
}  # fmt: skip
SECRETS = ("1968", "507 - 20th", "Seattle", "555-9857", "psychology")


@pytest.fixture
def viewer(make_user, unit):
    return make_user("workforce-viewer", unit)


@pytest.fixture
def hr(make_user, unit):
    return make_user("hr-viewer", unit)


@pytest.fixture
def hr_manager(make_user, unit):
    return make_user("hr-manager", unit)


def test_a_viewer_is_shown_who_is_where_and_no_more(api, viewer, employee):
    client = api(viewer)

    one = client.get(f"{URL}{employee.pk}/")
    row = next(row for row in client.get(URL).json()["results"] if row["id"] == str(employee.pk))

    assert set(one.json()) == set(row) == FOR_EVERYBODY
    assert row["extension"] == "5467"
    assert not [secret for secret in SECRETS if secret in one.content.decode()]


def test_hr_is_shown_everything(api, hr, employee):
    row = api(hr).get(f"{URL}{employee.pk}/").json()

    assert (row["birth_date"], row["address"], row["home_phone"]) == (
        "1968-12-08", "507 - 20th Ave. E.", "(206) 555-9857",
    )  # fmt: skip
    assert row["notes"] == "Education includes a BA in psychology."


def test_hr_of_one_unit_is_a_viewer_in_another(api, make_user, root_unit, other_unit, hr, employee):
    both = make_user("hr-viewer", other_unit)
    both.assignments.create(role=Group.objects.get(name="workforce-viewer"), unit=root_unit)

    assert set(api(both).get(f"{URL}{employee.pk}/").json()) == FOR_EVERYBODY


def test_the_trail_says_which_fields_each_reader_was_shown(api, viewer, hr, employee):
    for reader in (viewer, hr):
        client = api(reader)
        row = client.get(f"{URL}{employee.pk}/").json()
        client.get(URL)

        read = AuditEvent.objects.filter(action=Action.ACCESS, actor=reader.pk).order_by("pk")
        assert [entry.additional_data["fields"] for entry in read] == [list(row), list(row)]
        assert [entry.additional_data["door"] for entry in read] == ["record", "list"]


@pytest.mark.parametrize("name", ["birth_date", "address", "city", "home_phone", "notes", "hired_on", "reports_to"])
def test_no_filter_and_no_ordering_tells_what_is_concealed(api, viewer, hr, employee, name):
    for user in (viewer, hr):
        assert api(user).get(f"{URL}?{name}=x").status_code == 400
        assert api(user).get(f"{URL}?ordering={name}").status_code == 400
        assert api(user).get(f"{URL}?search=Seattle").json()["results"] == []


def test_absences_exist_for_hr_only(api, viewer, hr, absence):
    door = f"/api/v1/absences/{absence.pk}/"

    assert api(viewer).get("/api/v1/absences/").status_code == 403
    assert api(viewer).get(door).status_code == 404
    assert api(hr).get(door).json()["kind"] == "sickness"


def test_who_may_change_but_not_read_writes_nothing_of_it(api, viewer, employee):
    clerk = Group.objects.create(name="clerk")
    clerk.permissions.add(Permission.objects.get(codename="change_employee"))
    viewer.assignments.create(role=clerk, unit=employee.unit)
    client = api(viewer)

    assert (
        client.patch(f"{URL}{employee.pk}/", {"notes": "x", "extension": "1"}, headers={"If-Match": "*"}).status_code
        == 403
    )
    employee.refresh_from_db()
    assert (employee.notes, employee.extension) == ("Education includes a BA in psychology.", "5467")
    assert client.patch(f"{URL}{employee.pk}/", {"extension": "1"}, headers={"If-Match": "*"}).status_code == 200


def test_the_page_of_the_admin_conceals_the_same(sign_in, viewer, hr, hr_manager, employee):
    door = reverse("admin:workforce_employee_change", args=[employee.pk])

    concealed = sign_in(viewer).get(door).content.decode()
    shown = sign_in(hr).get(door).content.decode()

    assert "Davolio" in concealed
    assert not [secret for secret in SECRETS if secret in concealed]
    assert "507 - 20th" in shown
    assert "psychology" in shown
    assert "psychology" in sign_in(hr_manager).get(door).content.decode()


def test_the_history_tells_hr_and_nobody_else(sign_in, viewer, hr, employee):
    employee.address = "14 Garrett Hill"
    employee.save(update_fields=["address"])
    door = reverse("admin:workforce_employee_history", args=[employee.pk])

    assert sign_in(viewer).get(door).status_code == 403
    assert "14 Garrett Hill" in sign_in(hr).get(door).content.decode()


@pytest.mark.parametrize("query", ["q=Seattle", "q=psychology", "birth_date__year=1968", "city=Seattle", "o=6"])
def test_no_search_and_no_filter_of_the_admin_tells_it(sign_in, viewer, employee, boss, query):
    client = sign_in(viewer)
    door = reverse("admin:workforce_employee_changelist")

    page = client.get(f"{door}?{query}", follow=True).content.decode()
    without = client.get(door).content.decode()

    found = ("Davolio" in page, "Fuller" in page)
    assert found in ((False, False), ("Davolio" in without, "Fuller" in without))


def test_a_viewer_has_no_page_of_absences(sign_in, viewer, hr, absence):
    door = reverse("admin:workforce_absence_changelist")

    assert sign_in(viewer).get(door).status_code == 403
    assert sign_in(hr).get(door).status_code == 200


def test_every_field_of_an_employee_is_for_everybody_or_for_hr():
    placed = {*EmployeeAdmin.for_everybody, *EmployeeAdmin.for_hr}
    shown = {field.name for field in Employee._meta.concrete_fields}

    assert shown - placed == {"id", "created_at", "updated_at", "user"}
    assert set(EmployeeAdmin.for_everybody) == FOR_EVERYBODY - {"id", "territories"}


def test_asking_for_an_hr_field_by_name_shows_it_to_hr_alone(api, make_user, unit, employee):
    door = f"{URL}{employee.pk}/?fields=extension,birth_date"
    viewer, hr = api(make_user("workforce-viewer", unit)), api(make_user("hr-viewer", unit))

    assert viewer.get(door).json() == {"id": str(employee.pk), "extension": employee.extension}
    assert list(hr.get(door).json()) == ["id", "extension", "birth_date"]
    assert {tuple(row) for row in viewer.get(f"{URL}?fields=birth_date").json()["results"]} == {("id",)}


@pytest.mark.parametrize(
    ("source", "name"), [("resource", "employees"), ("list", "workforce.employee")], ids=["resource", "list"]
)
def test_an_export_has_no_column_of_hr_for_others(make_user, unit, employee, source, name):
    columns = {
        role: set(table_of(source, name, "", make_user(role, unit)).names) for role in ("workforce-viewer", "hr-viewer")
    }

    assert columns["workforce-viewer"] == FOR_EVERYBODY
    assert {"birth_date", "home_phone"} <= columns["hr-viewer"]


@pytest.mark.parametrize(
    ("source", "name"), [("resource", "employees"), ("list", "workforce.employee")], ids=["resource", "list"]
)
def test_hr_of_one_unit_exports_no_secret_of_another(make_user, unit, other_unit, employee, source, name):
    reader = make_user("workforce-viewer", unit)
    Assignment.objects.create(user=reader, role=Group.objects.get(name="hr-viewer"), unit=other_unit)

    table = table_of(source, name, "", reader)

    row = next(dict(zip(table.names, row, strict=True)) for row in table if employee.number in row)
    assert (row["last_name"], row["birth_date"], row["home_phone"]) == ("Davolio", None, None)
    assert not [secret for secret in SECRETS if secret in str(row)]


def test_whoever_is_away_today_is_named_on_the_start_page_and_that_is_entered(sign_in, hr, employee):
    today = timezone.localdate()
    Absence.objects.create(
        unit=employee.unit,
        employee=employee,
        kind="vacation",
        starts_on=today,
        ends_on=today,
        state="approved",
        decided_at=timezone.now(),
    )

    page = sign_in(hr).get(reverse("admin:start_panel", args=["away-today"]))

    assert b"Nancy Davolio" in page.content
    reads = AuditEvent.objects.filter(action=Action.ACCESS, content_type__model="employee")
    assert [(read.object_pk, read.additional_data) for read in reads] == [
        (str(employee.pk), {"door": "start", "fields": ["first_name", "last_name"]})
    ]
