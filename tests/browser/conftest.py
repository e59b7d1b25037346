"""Debian's chromium before the running product."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from apps.accounts.models import User

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


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when it logs an error, such as a refused script or style."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


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


def code_of(secret: str) -> str:
    """The code that an authenticator app shows now (RFC 6238)."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


def serious(page: Page) -> list[str]:
    """What axe finds that keeps somebody out."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in {"serious", "critical"}]
