"""Debian's chromium before the running product."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Model
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from apps.access.models import ObjectGrant, Unit
from apps.access.services import grant
from apps.accounts.models import User
from apps.integrations.demo import load_demo
from tests.architecture.rows import row_of
from tests.browser.totp import code_of

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PASSWORD = "a long enough password of the tests"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip("chromium is not installed, so the browser tests did not run (apt-get install chromium)")
    # Playwright's loop runs in this thread, and Django refuses the database beside any loop unless told otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield context
    context.close()


def watch(page: Page, base: str) -> list[str]:
    """What goes wrong on this page from now on: errors, refused scripts and styles, requests to another host."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    own = (base, "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else complaints.append(request.url))
    return complaints


@pytest.fixture
def page(context: BrowserContext, live_server: Any) -> Iterator[Page]:
    """A page that fails its test when anything goes wrong on it."""
    page = context.new_page()
    complaints = watch(page, live_server.url)
    yield page
    assert complaints == []


@dataclass
class House:
    """The product at work, with a few rows of everything, for a whole module of tests."""

    url: str
    browser: Browser
    personas: list[dict[str, str]]
    partners: list[dict[str, str]]
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def context(self, name: str) -> BrowserContext:
        """One browser for each person; `name` begins their e-mail address."""
        if name not in self._contexts:
            context = self.browser.new_context(
                base_url=self.url, viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce"
            )
            client = Client()
            # Axes wants a client's address, and nobody has asked over the network here.
            with override_settings(AXES_ENABLED=False):
                client.force_login(User.objects.get(email__startswith=f"{name}@"), backend=BACKEND)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
            self._contexts[name] = context
        return self._contexts[name]

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


def _fill(model: type[Model], unit: Unit) -> None:
    if not issubclass(model, ObjectGrant):
        row_of(model, unit)
        return
    opened = model._meta.get_field("content_object").related_model
    row = opened._base_manager.first() or row_of(opened, unit)
    grant(User.objects.first(), permission=f"view_{opened._meta.model_name}", row=row, by=None)


BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(scope="module")
def house(chromium: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """Demonstration data, the personas of `seed`, a row of every page of the admin, and one server."""
    with django_db_blocker.unblock(), override_settings(ALLOWED_HOSTS=["127.0.0.1"]):
        list(load_demo(6))
        out = StringIO()
        call_command("seed", "--force", "--json", stdout=out)
        made = json.loads(out.getvalue())
        for model in admin.site._registry:
            if not model._base_manager.exists():
                _fill(model, Unit.objects.get(slug="north"))
        server = LiveServer("127.0.0.1")
        house = House(server.url, chromium, made["users"], made["partners"])
        yield house
        house.close()
        server.stop()
        call_command("flush", verbosity=0, interactive=False)


SignIn = Callable[[Page, User], None]


@pytest.fixture
def enter() -> SignIn:
    """`enter(page, user)`: type e-mail and password, and the code of the second factor when it is asked for."""

    def walk_in(page: Page, user: User) -> None:
        secret = generate_totp_secret()
        user.set_password(PASSWORD)
        user.save()
        if any(assignment.role.name in PLATFORM for assignment in user.assignments.select_related("role")):
            TOTP.activate(user, secret)
        page.goto("/admin/")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        if "/2fa/" in page.url:
            page.get_by_label("Code").fill(code_of(secret))
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/admin/**")

    return walk_in


PLATFORM = {"administrator", "data-protection-officer", "auditor", "access-reviewer", "operator"}


def serious(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds that keeps somebody out."""
    options = {"runOnly": ["color-contrast"]} if colours_only else {"resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['html'][:150]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]
