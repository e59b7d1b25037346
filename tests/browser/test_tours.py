"""A working day of each role, from the sign-in to what they came for."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, StorageState, expect

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.catalog.models import Product, Stock
from apps.customers.models import Contact, Customer
from apps.kernel.trail import Context, acting
from apps.orders.models import Order
from apps.privacy.models import PrivacyRequest
from tests.audit.sealing import seal_everything
from tests.browser.conftest import House, watch
from tests.browser.totp import code_of
from tests.reports.conftest import work_off

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("house")]

Enter = Callable[[str], Page]


@pytest.fixture(scope="module")
def sessions() -> dict[str, StorageState]:
    """Of those who have signed in: the same code of a second factor is not taken twice."""
    return {}


@pytest.fixture
def walk_in(house: House, sessions: dict[str, StorageState]) -> Iterator[Enter]:
    """`walk_in("auditor")`: sign in as this role in North; whatever goes wrong on the way fails the test."""
    contexts, complaints = [], []

    def enter(role: str) -> Page:
        person = next(one for one in house.personas if (one["role"], one["unit"]) == (role, "north"))
        context = house.browser.new_context(
            base_url=house.url,
            viewport={"width": 1440, "height": 900},
            locale="en-GB",
            storage_state=sessions.get(role),
        )
        contexts.append(context)
        page = context.new_page()
        complaints.append(watch(page, house.url))
        page.goto("/admin/")
        if role in sessions:
            return page
        page.get_by_label("Email").fill(person["username"])
        page.get_by_label("Password").fill(person["password"])
        page.get_by_role("button", name="Sign in").click()
        if "totp" in person:
            page.get_by_label("Code").fill(code_of(person["totp"]))
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/admin/**")
        sessions[role] = context.storage_state()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert [one for some in complaints for one in some] == []


def test_staff_find_a_customer_by_the_beginning_of_the_name_and_change_the_phone(house: House, walk_in: Enter) -> None:
    customer = Customer.objects.filter(unit__slug="north").earliest("number")
    page = walk_in("customer-manager")

    page.goto("/admin/customers/customer/")
    page.locator("input[name=q]").fill(customer.name[:6])
    page.keyboard.press("Enter")
    page.get_by_role("link", name=customer.number, exact=True).click()
    page.locator("input[name=phone]").fill("+49 30 901820")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.goto(f"/admin/customers/customer/{customer.pk}/history/")
    expect(page.get_by_text("+49 30 901820").first).to_be_visible()


def test_the_second_of_two_people_is_shown_what_the_first_one_changed(house: House, walk_in: Enter) -> None:
    customer = Customer.objects.filter(unit__slug="north")[1]
    page = walk_in("customer-manager")
    page.goto(f"/admin/customers/customer/{customer.pk}/change/")
    Customer.objects.filter(pk=customer.pk).update(phone="111")

    page.locator("input[name=phone]").fill("222")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed while you had it open")).to_be_visible()
    assert Customer.objects.get(pk=customer.pk).phone == "111"
    page.get_by_label("Take what you typed:").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert Customer.objects.get(pk=customer.pk).phone == "222"


def test_staff_take_an_order_from_draft_to_shipped(house: House, walk_in: Enter) -> None:
    order = Order.objects.filter(unit__slug="north", status="draft").first()
    assert order is not None
    Stock.objects.filter(unit__slug="north").update(on_hand=1_000)
    page = walk_in("order-manager")

    for verb in ("Place", "Mark as paid", "Ship"):
        page.goto(f"/admin/orders/order/?q={order.number}")
        page.locator("input.action-select").check()
        page.locator("select[name=action]").select_option(label=verb)
        page.get_by_role("button", name="Run").click()
        expect(page.get_by_role("link", name=order.number, exact=True)).to_be_visible()

    assert Order.objects.get(pk=order.pk).status == "shipped"


def choose(page: Page, field: str, words: str) -> None:
    """Type into a field that looks rows up, and take the first."""
    page.locator(f"select[name='{field}'] + .select2 .select2-selection").click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option--highlighted", has_text=words).click()


def test_staff_add_an_order_whose_price_comes_from_the_catalog(house: House, walk_in: Enter) -> None:
    customer = Customer.objects.filter(unit__slug="north", status="active").first()
    product = Product.objects.filter(unit__slug="north", is_discontinued=False).first()
    assert customer is not None
    assert product is not None
    page = walk_in("order-manager")

    page.goto("/admin/orders/order/add/")
    page.locator("select[name=unit]").select_option(label="North")
    choose(page, "customer", customer.number)
    page.locator("#lines-group").get_by_text("Add another").first.click()
    choose(page, "lines-0-product", product.number)
    page.locator("input[name=lines-0-quantity]").fill("2")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()
    order = Order.objects.filter(unit__slug="north").latest("created_at")
    assert (order.status, order.customer_id) == ("draft", customer.pk)
    assert order.lines.get().unit_price == product.prices.latest("valid_from").amount


def test_staff_export_what_the_filter_shows(house: House, walk_in: Enter) -> None:
    shown = Customer.objects.filter(unit__slug="north", kind="person").values_list("number", flat=True)
    page = walk_in("customer-manager")

    page.goto("/admin/customers/customer/?kind__exact=person")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=20_000) as downloading:
        work_off()

    lines = downloading.value.path().read_text().splitlines()
    assert len(lines) == len(shown) + 1
    assert all(any(number in line for line in lines) for number in shown)


def test_an_administrator_invites_somebody_who_may_do_nothing_yet(house: House, walk_in: Enter) -> None:
    page = walk_in("administrator")

    page.goto("/admin/accounts/user/add/")
    page.locator("input[name=email]").fill("new.colleague@steward.example")
    page.locator("input[name=name]").fill("Nora New")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("A link to set a password has been sent.")).to_be_visible()
    invited = User.objects.get(email="new.colleague@steward.example")
    assert (invited.name, invited.assignments.count()) == ("Nora New", 0)


def test_an_auditor_finds_who_changed_what(house: House, walk_in: Enter) -> None:
    customer = Customer.objects.filter(unit__slug="north")[2]
    Customer.objects.filter(pk=customer.pk).update(phone="333")
    page = walk_in("auditor")

    page.goto(f"/admin/audit/auditevent/?object={customer.pk}")
    page.locator("#result_list tbody a").first.click()

    expect(page.get_by_text("333").first).to_be_visible()
    expect(page.get_by_text(str(customer.pk)).first).to_be_visible()


def test_an_auditor_takes_a_bundle_about_a_person_that_a_stranger_verifies(
    house: House, walk_in: Enter, tmp_path: Path
) -> None:
    seller = User.objects.get(email="order-manager.north@steward.example")
    customer = Customer.objects.filter(unit__slug="north")[3]
    with acting(Context(source="admin", actor=seller.pk)):
        Customer.objects.filter(pk=customer.pk).update(phone="+49 30 901821")
    seal_everything()
    page = walk_in("auditor")

    page.get_by_role("link", name="Audit entries").click()
    page.locator("input[name=q]").fill(seller.email)
    page.keyboard.press("Enter")
    page.locator("#result_list").get_by_role("link", name=seller.name).first.click()
    expect(page.get_by_role("heading", name=f"Done by {seller.name}")).to_be_visible()
    expect(page.get_by_text("+49 30 901821").first).to_be_visible()

    page.get_by_role("link", name="Saved reports").click()
    page.get_by_role("link", name="Add saved report").first.click()
    page.get_by_role("link", name="Activity of a person").click()
    page.get_by_label("Title").fill("One seller")
    page.get_by_label("Person").fill(seller.email)
    page.get_by_label("Format").select_option("bundle")
    page.get_by_label("Period").select_option("fixed")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="One seller").first.click()
    page.get_by_role("link", name="Make it now").click()
    page.get_by_role("button", name="Make it now").click()
    work_off()
    page.reload()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download").click()

    with zipfile.ZipFile(downloading.value.path()) as bundle:
        bundle.extractall(tmp_path)
    key = page.request.get("/.well-known/audit-keys").text().split("vkey ")[1].strip()
    check = [sys.executable, "verify.py", ".", "--vkey", key]
    intact = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    entries = tmp_path / "entries.jsonl"
    entries.write_text(entries.read_text().replace(str(customer.pk), str(seller.pk)))
    forged = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "+49 30 901821" in (tmp_path / "report.html").read_text()
    assert (intact.returncode, intact.stdout.split(" of ")[0]) == (0, f"OK: {AuditEvent.objects.by(seller.pk).count()}")
    assert (forged.returncode, forged.stdout.split()[0]) == (1, "FAIL")


def test_an_officer_opens_a_request_and_fetches_its_package_once(house: House, walk_in: Enter) -> None:
    contact = Contact.objects.filter(unit__slug="north").earliest("pk")
    officer = next(one for one in house.personas if one["role"] == "data-protection-officer")
    page = walk_in("data-protection-officer")

    page.goto("/admin/privacy/privacyrequest/add/")
    page.locator("input[name=words]").fill(contact.email)
    page.get_by_role("button", name="Search").click()
    page.locator("input[name=subjects]").first.check()
    page.get_by_role("button", name="Open the request").click()
    expect(page.get_by_text("The request is open, and its package is being made.")).to_be_visible()
    work_off()
    page.reload()
    page.get_by_role("link", name="Fetch the package").click()
    page.get_by_label("Password").fill(officer["password"])
    page.get_by_role("button", name="Confirm").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Fetch it now").click()

    with zipfile.ZipFile(downloading.value.path()) as package:
        assert any(name.endswith("/data/index.html") for name in package.namelist())
        assert contact.email in "".join(
            package.read(name).decode() for name in package.namelist() if name.endswith("customers.contact.jsonl")
        )
    assert PrivacyRequest.objects.latest("created_at").state == "delivered"


def test_an_assignment_that_ends_is_gone_at_the_next_click(house: House, walk_in: Enter) -> None:
    clerk = walk_in("customer-viewer")
    clerk.goto("/admin/customers/customer/")
    expect(clerk.locator("#result_list tbody tr").first).to_be_visible()
    assignment = User.objects.get(email="customer-viewer.north@steward.example").assignments.get()
    administrator = walk_in("administrator")

    administrator.goto("/admin/access/assignment/?q=customer-viewer.north")
    administrator.locator(f"input.action-select[value='{assignment.pk}']").check()
    administrator.locator("select[name=action]").select_option(label="End at once")
    administrator.get_by_role("button", name="Run").click()
    administrator.locator("[name=reason]").fill("moved to another team")
    administrator.get_by_role("button", name="End at once").click()

    assert clerk.request.get("/admin/customers/customer/").status == 403


def test_a_partner_changes_a_customer_and_is_told_when_the_row_has_moved_on(house: House) -> None:
    partner = next(one for one in house.partners if one["unit"] == "north")
    pair = b64encode(f"{partner['client_id']}:{partner['client_secret']}".encode()).decode()
    wish = urlencode({"grant_type": "client_credentials", "scope": "customers:read customers:write"}).encode()
    _status, _headers, issued = call(house, "POST", "/oauth/token/", wish, {"Authorization": f"Basic {pair}"})
    bearer = {"Authorization": f"Bearer {issued['access_token']}", "Content-Type": "application/json"}
    number = b'{"number": "C-NEW", "name": "Alder Ltd"}'

    created, headers, customer = call(house, "POST", "/api/v1/customers/", number, bearer)
    path = f"/api/v1/customers/{customer['id']}/"
    unsaid, _, _ = call(house, "PATCH", path, b'{"phone": "1"}', bearer)
    changed, _, _ = call(house, "PATCH", path, b'{"phone": "1"}', {**bearer, "If-Match": headers["ETag"]})
    stale, _, told = call(house, "PATCH", path, b'{"phone": "2"}', {**bearer, "If-Match": headers["ETag"]})
    closed, _, _ = call(house, "POST", f"{path}close/", b'{"reason": "moved away"}', bearer)
    again, _, refused = call(house, "POST", f"{path}close/", b'{"reason": "again"}', bearer)

    assert (created, unsaid, changed, stale, closed, again) == (201, 428, 200, 412, 200, 409)
    assert (told["code"], refused["code"]) == ("stale_record", "already_closed")
    assert Customer.objects.get(pk=customer["id"]).phone == "1"


def call(house: House, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any, Any]:
    """What a partner's own program sends and gets."""
    request = urllib.request.Request(f"{house.url}{path}", data=body, headers=headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, json.load(refusal)
