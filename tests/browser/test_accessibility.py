"""Nobody is kept out of any page: axe finds nothing serious, in light and in dark."""

from urllib.parse import urlencode

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from apps.access.models import Unit
from apps.access.services import assign_role
from apps.accounts.models import User
from apps.audit.models import Alert, AuditEvent
from apps.customers.models import Customer
from apps.kernel.registry import domains
from apps.oversight.models import ReportDefinition
from tests.browser.conftest import House, serious, watch

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("house")]

EVERYBODY = "everybody"
PAGES = (
    "/accounts/",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/tokens/",
    "/problems/",
    "/reports/",
)
OUTSIDE = ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/nowhere/")


@pytest.fixture(scope="module")
def page(house: House) -> Page:
    """The page of somebody who holds every role in the whole organisation."""
    everybody = User.objects.create_user(f"{EVERYBODY}@steward.example", name="Evi Everybody")
    root = Unit.objects.get(parent=None)
    for _label, role in domains.roles():
        assign_role(everybody, role=role.slug, unit=root, by=None, reason="to see every page")
    # Without a second factor every page would be the one that asks for it.
    TOTP.activate(everybody, generate_totp_secret())
    return house.context(EVERYBODY).new_page()


def look(page: Page, house: House, path: str) -> list[str]:
    """Open it in light, look again in dark, and say what is wrong."""
    complaints = watch(page, house.url)
    page.emulate_media(color_scheme="light")
    page.goto(path)
    found = serious(page)
    if "/2fa/" in page.url.removesuffix(path):
        found.append(f"{path} leads to {page.url}")
    page.emulate_media(color_scheme="dark")
    # The admin asks once, when it opens.
    page.evaluate("document.documentElement.matches('[x-data]') && document.documentElement.classList.add('dark')")
    return [*complaints, *found, *(f"dark {one}" for one in serious(page, colours_only=True))]


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label), ids=str)
def test_the_list_and_the_form_of_every_model_keep_nobody_out(house: House, page: Page, model: type[Model]) -> None:
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    row = model._base_manager.order_by("pk").first()

    found = {
        path: look(page, house, path)
        for path in (
            reverse(f"admin:{name}_changelist"),
            reverse(f"admin:{name}_change", args=[row.pk]),
        )
    }

    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize("slug", sorted(role.slug for _label, role in domains.roles()))
def test_the_start_page_of_every_role_keeps_nobody_out(house: House, slug: str) -> None:
    page = house.context(f"{slug}.north").new_page()

    found = look(page, house, "/admin/")

    page.close()
    assert found == []


@pytest.fixture(scope="module")
def plain_page(house: House) -> Page:
    """The page of somebody without a role, and without a second factor that some pages would ask for once more."""
    User.objects.create_user("somebody@steward.example", name="Sam Somebody")
    return house.context("somebody").new_page()


@pytest.mark.parametrize("path", PAGES)
def test_what_everybody_has_keeps_nobody_out(house: House, plain_page: Page, path: str) -> None:
    assert look(plain_page, house, path) == []


@pytest.mark.parametrize("path", OUTSIDE)
def test_what_strangers_see_keeps_nobody_out(house: House, path: str) -> None:
    stranger = house.browser.new_context(base_url=house.url)
    page = stranger.new_page()

    found = look(page, house, path)

    stranger.close()
    assert [one for one in found if "404" not in one] == []


@pytest.mark.parametrize("name", ["customers_customer", "orders_order", "privacy_privacyrequest", "workforce_employee"])
def test_an_empty_form_and_a_history_keep_nobody_out(house: House, page: Page, name: str) -> None:
    row = next(model for model in admin.site._registry if f"{model._meta.app_label}_{model._meta.model_name}" == name)
    key = row._base_manager.order_by("pk")[0].pk

    paths = [reverse(f"admin:{name}_add"), reverse(f"admin:{name}_history", args=[key])]
    found = {path: look(page, house, path) for path in paths}

    assert {path: said for path, said in found.items() if said} == {}


def test_the_pages_of_the_auditor_keep_nobody_out(house: House, page: Page) -> None:
    page.goto("/admin/")
    customer = Customer.objects.order_by("pk")[0]
    entry = AuditEvent.objects.of(customer).order_by("id")[0]
    actor = User.objects.get(email__startswith=EVERYBODY)
    known = {"label": "customers.customer", "key": customer.pk}
    alert, report = Alert.objects.earliest("pk"), ReportDefinition.objects.earliest("pk")
    Alert.objects.filter(pk=alert.pk).update(state=Alert.State.OPEN, reason="", decided_by=None, decided_at=None)
    moments = urlencode({"at": entry.timestamp.isoformat(), "beside": timezone.now().isoformat()})

    found = {
        path: look(page, house, path)
        for path in (
            reverse("admin:audit_auditevent_change", args=[entry.pk]),
            reverse("admin:audit_record", kwargs=known),
            reverse("admin:audit_subject", args=[customer.pk]),
            reverse("admin:audit_actor", args=[actor.pk]),
            reverse("admin:audit_request", args=[entry.cid or "none"]),
            reverse("admin:audit_batch", args=["none"]),
            f"{reverse('admin:audit_moment', kwargs=known)}?{moments}",
            f"{reverse('admin:oversight_hourcount_changelist')}?weekday=1&hour=9",
            reverse("admin:oversight_reportdefinition_add"),
            f"{reverse('admin:oversight_reportdefinition_add')}?kind=entries",
            reverse("admin:oversight_reportdefinition_do", args=[report.pk, "run"]),
            reverse("admin:audit_alert_do", args=[alert.pk, "escalate"]),
        )
    }

    assert {path: said for path, said in found.items() if said} == {}
