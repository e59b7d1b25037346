from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.customers.models import CustomerGrant

URL = "/api/v1/customers/"
VERBS = {"close": {"reason": "moved away"}, "reopen": {}, "merge": {}}


def test_a_viewer_sees_the_customers_of_the_own_unit(api, make_user, unit, customer, stranger):
    rows = api(make_user("customer-viewer", unit)).get(URL).json()["results"]

    assert [row["id"] for row in rows] == [str(customer.pk)]


def test_a_role_above_sees_everything_below(api, make_user, root_unit, customer, stranger):
    rows = api(make_user("customer-viewer", root_unit)).get(URL).json()["results"]

    assert {row["id"] for row in rows} == {str(customer.pk), str(stranger.pk)}


def test_a_row_of_another_unit_does_not_exist(api, make_user, unit, stranger, customer):
    client = api(make_user("customer-manager", unit))
    door = f"{URL}{stranger.pk}/"

    assert client.get(door).status_code == 404
    assert client.patch(door, {"name": "Mine"}, headers={"If-Match": "*"}).status_code == 404
    for verb, words in VERBS.items():
        body = {"survivor": str(customer.pk)} if verb == "merge" else words
        assert client.post(f"{door}{verb}/", body).status_code == 404
    stranger.refresh_from_db()
    assert (stranger.name, stranger.status) == ("Blauer See", "active")


def test_a_customer_elsewhere_cannot_be_named_as_survivor(api, make_user, unit, stranger, customer):
    client = api(make_user("customer-manager", unit))

    answer = client.post(f"{URL}{customer.pk}/merge/", {"survivor": str(stranger.pk)})

    customer.refresh_from_db()
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/survivor"
    assert customer.status == "active"


def test_a_viewer_is_refused_every_verb_and_nothing_changes(api, make_user, unit, customer, twin, contact):
    client = api(make_user("customer-viewer", unit))
    door = f"{URL}{customer.pk}/"

    statuses = {
        "add": client.post(URL, {"number": "C-9", "name": "New"}).status_code,
        "change": client.patch(door, {"name": "Other"}, headers={"If-Match": "*"}).status_code,
        "close": client.post(f"{door}close/", {"reason": "moved away"}).status_code,
        "reopen": client.post(f"{door}reopen/", {}).status_code,
        "merge": client.post(f"{door}merge/", {"survivor": str(twin.pk)}).status_code,
        "delete contact": client.delete(f"/api/v1/contacts/{contact.pk}/", headers={"If-Match": "*"}).status_code,
    }

    before = (customer.name, customer.status, customer.updated_at)
    customer.refresh_from_db()
    contact.refresh_from_db()
    assert set(statuses.values()) == {403}
    assert (customer.name, customer.status, customer.updated_at) == before


def test_a_grant_opens_one_customer_with_its_contacts(api, make_user, customer, twin, contact):
    guest = make_user()
    CustomerGrant.objects.create(
        user=guest, permission=Permission.objects.get(codename="view_customer"), content_object=customer
    )
    client = api(guest)

    assert [row["id"] for row in client.get(URL).json()["results"]] == [str(customer.pk)]
    assert client.get(f"/api/v1/contacts/{contact.pk}/").status_code == 200
    assert client.get(f"{URL}{twin.pk}/").status_code == 404
    assert client.patch(f"{URL}{customer.pk}/", {"name": "Other"}, headers={"If-Match": "*"}).status_code == 403

    CustomerGrant.objects.update(valid_until=timezone.now())
    assert api(guest).get(f"{URL}{customer.pk}/").status_code == 404
