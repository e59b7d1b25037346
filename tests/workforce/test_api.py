from datetime import date

import pytest

from apps.workforce.models import Absence, Department, Employee, Region, Territory

URL = "/api/v1/employees/"


@pytest.fixture
def manager(api, make_user, unit):
    return api(make_user("hr-manager", unit))


def test_hr_hires_transfers_promotes_and_terminates(manager, unit, boss, department, position):
    made = manager.post(
        URL,
        {
            "number": "E-9",
            "first_name": "Anne",
            "last_name": "Dodsworth",
            "hired_on": "2026-01-01",
            "reports_to": str(boss.pk),
        },
    )
    door = f"{URL}{made.json()['id']}/"

    assert made.status_code == 201
    assert manager.post(f"{door}transfer/", {"department": str(department.pk)}).json()["department"] == str(
        department.pk
    )
    assert manager.post(f"{door}promote/", {"position": str(position.pk)}).json()["title"] == "Sales Representative"
    assert manager.post(f"{door}assign-manager/", {"manager": None}).json()["reports_to"] is None
    assert manager.post(f"{door}terminate/", {"last_day": "2026-03-31"}).json()["left_on"] == "2026-03-31"
    assert manager.post(f"{door}terminate/", {"last_day": "2026-03-31"}).json()["code"] == "has_left"


@pytest.mark.parametrize("name", ["reports_to", "department", "position", "hired_on", "left_on"])
def test_what_a_service_guards_is_read_only_afterwards(manager, employee, name):
    answer = manager.patch(f"{URL}{employee.pk}/", {name: None, "extension": "1"}, headers={"If-Match": "*"})

    employee.refresh_from_db()
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"pointer": f"/{name}", "code": "read_only_field", "detail": "This field is read-only."}
    ]
    assert employee.extension == "5467"


def test_a_circle_of_managers_is_409(manager, boss, junior):
    answer = manager.post(f"{URL}{boss.pk}/assign-manager/", {"manager": str(junior.pk)})

    boss.refresh_from_db()
    assert (answer.status_code, answer.json()["code"]) == (409, "manager_cycle")
    assert boss.reports_to is None


def test_an_hr_viewer_reads_and_is_refused_every_verb(
    api, make_user, unit, employee, department, position, boss, absence
):
    client = api(make_user("hr-viewer", unit))
    door = f"{URL}{employee.pk}/"

    statuses = [
        client.patch(door, {"extension": "1"}, headers={"If-Match": "*"}).status_code,
        client.post(f"{door}transfer/", {"department": str(department.pk)}).status_code,
        client.post(f"{door}promote/", {"position": str(position.pk)}).status_code,
        client.post(f"{door}assign-manager/", {"manager": None}).status_code,
        client.post(f"{door}terminate/", {"last_day": "2026-03-31"}).status_code,
        client.post(f"/api/v1/absences/{absence.pk}/approve/", {}).status_code,
        client.post(f"/api/v1/absences/{absence.pk}/reject/", {}).status_code,
    ]

    before = (employee.extension, employee.position_id, employee.reports_to_id, employee.left_on)
    employee.refresh_from_db()
    absence.refresh_from_db()
    assert statuses == [403] * 7
    assert (employee.extension, employee.position_id, employee.reports_to_id, employee.left_on) == before
    assert absence.state == "requested"


def test_an_employee_of_another_unit_does_not_exist(manager, other_unit):
    stranger = Employee.objects.create(
        unit=other_unit, number="E-1", first_name="S", last_name="T", hired_on=date(2020, 1, 1)
    )

    assert manager.get(f"{URL}{stranger.pk}/").status_code == 404
    assert manager.patch(f"{URL}{stranger.pk}/", {"extension": "1"}, headers={"If-Match": "*"}).status_code == 404
    assert manager.post(f"{URL}{stranger.pk}/terminate/", {"last_day": "2026-03-31"}).status_code == 404
    assert manager.post("/api/v1/absences/", absence_of(stranger)).status_code == 400
    assert Absence.objects.count() == 0


def absence_of(employee: Employee) -> dict[str, str]:
    return {"employee": str(employee.pk), "kind": "vacation", "starts_on": "2026-03-02", "ends_on": "2026-03-06"}


def test_an_absence_is_asked_for_and_approved(manager, employee):
    asked = manager.post("/api/v1/absences/", absence_of(employee))
    again = manager.post("/api/v1/absences/", absence_of(employee))
    approved = manager.post(f"/api/v1/absences/{asked.json()['id']}/approve/", {})

    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    assert (again.status_code, again.json()["code"]) == (409, "overlaps")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")


def test_a_stale_change_is_412_with_the_present_etag(manager, employee):
    door = f"{URL}{employee.pk}/"
    read = manager.get(door)
    manager.patch(door, {"extension": "1"}, headers={"If-Match": "*"})

    stale = manager.patch(door, {"extension": "2"}, headers={"If-Match": read["ETag"]})

    employee.refresh_from_db()
    assert (stale.status_code, stale["ETag"]) == (412, manager.get(door)["ETag"])
    assert employee.extension == "1"


def test_reference_rows_are_kept_by_hr(manager, unit, employee):
    region = manager.post("/api/v1/regions/", {"number": "1", "name": "Eastern"}).json()
    territory = manager.post("/api/v1/territories/", {"number": "01581", "name": "Westboro", "region": region["id"]})
    given = manager.post(
        "/api/v1/employee-territories/", {"employee": str(employee.pk), "territory": territory.json()["id"]}
    )

    assert (given.status_code, given.json()["unit"]) == (201, str(unit.pk))
    assert manager.get(f"{URL}{employee.pk}/").json()["territories"] == [territory.json()["id"]]
    assert manager.delete(f"/api/v1/regions/{region['id']}/", headers={"If-Match": "*"}).status_code == 409
    assert (Region.objects.count(), Territory.objects.count()) == (1, 1)


def test_a_department_is_named_once_in_a_unit(manager, department):
    answer = manager.post("/api/v1/departments/", {"name": "Sales"})

    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")
    assert Department.objects.count() == 1
