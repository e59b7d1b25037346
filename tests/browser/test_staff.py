"""What staff see, on a wide and on a narrow screen."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from apps.access.models import Unit
from apps.accounts.models import User
from apps.customers.models import Customer
from tests.browser.conftest import SignIn, serious

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def manager(make_user: Callable[..., User], unit: Unit) -> User:
    return make_user("customer-manager", unit, name="Mara Manager")


@pytest.fixture
def customer(unit: Unit) -> Customer:
    return Customer.objects.create(unit=unit, number="C-1", name="Alder Ltd", kind="organisation")


def test_a_stale_save_is_refused_and_keeps_what_was_typed(
    page: Page, enter: SignIn, manager: User, customer: Customer
) -> None:
    enter(page, manager)
    page.goto(f"/admin/customers/customer/{customer.pk}/change/")
    Customer.objects.filter(pk=customer.pk).update(phone="111")

    page.locator("input[name=phone]").fill("222")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Somebody else changed this record")).to_be_visible()
    expect(page.locator("input[name=phone]")).to_have_value("222")
    customer.refresh_from_db()
    assert customer.phone == "111"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_of_customers_keeps_nobody_out_on_a_narrow_screen(
    page: Page, enter: SignIn, manager: User, customer: Customer, scheme: Any
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme)

    enter(page, manager)
    page.goto("/admin/customers/customer/")

    expect(page.get_by_role("link", name="C-1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_the_description_of_the_api_opens_without_the_internet(context: BrowserContext) -> None:
    # Not `page`: Swagger writes one style inline, which our policy refuses and it does without.
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/api/v1/docs/")

    expect(page.locator(".opblock-tag").first).to_be_visible(timeout=20_000)
    assert [url for url in asked if not url.startswith((page.url.split("/api/")[0], "data:"))] == []
