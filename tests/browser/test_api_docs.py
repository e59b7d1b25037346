"""The description of the API in a browser: no refused style or script, and a token opens it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from rest_framework.test import APIClient

from apps.access.models import Unit
from apps.accounts.models import User
from apps.customers.models import Customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_operation_is_tried_out_with_a_token(
    page: Page, make_user: Callable[..., User], unit: Unit, api: Callable[[User], APIClient]
) -> None:
    Customer.objects.create(unit=unit, number="C-1", name="Alder Ltd", kind="organisation")
    viewer = api(make_user("customer-viewer", unit))
    token = viewer._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")

    page.goto("/api/v1/docs/")
    page.locator(".btn.authorize").click()
    form = page.locator(".auth-container", has=page.locator("#auth-bearer-value"))
    form.locator("#auth-bearer-value").fill(token)
    form.locator("button.authorize").click()
    page.locator(".close-modal").click()
    page.locator("#operations-tag-customers").click()
    operation = page.locator("#operations-customers-customers_list")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table")).to_contain_text("Alder Ltd")
