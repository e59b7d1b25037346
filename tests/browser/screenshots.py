"""The pictures in `docs/images`, taken from the running product: `python -m tests.browser.screenshots`.

It starts the product as `make up` does, on a port of its own, and signs in as the people of `seed`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.totp import code_of

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PORT = os.environ.get("PORT", "8765")
BASE = f"http://127.0.0.1:{PORT}"
PATIENCE = 300
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
PICTURES = (
    ("start", "order-manager", "/admin/"),
    ("customers", "customer-manager", "/admin/customers/customer/"),
    ("customer", "customer-manager", "/admin/customers/customer/{customer}/change/"),
    ("history", "customer-manager", "/admin/customers/customer/{customer}/history/"),
    ("orders", "order-manager", "/admin/orders/order/"),
    ("order", "order-manager", "/admin/orders/order/{order}/change/"),
    ("products", "catalog-manager", "/admin/catalog/product/"),
    ("employees", "hr-manager", "/admin/workforce/employee/"),
    ("audit", "auditor", "/admin/audit/auditevent/?model=customers.customer&action__exact=1"),
    ("officer", "auditor", "/admin/"),
    ("timeline", "auditor", "/admin/audit/auditevent/record/orders.order/{order}/"),
    ("moment", "auditor", "/admin/audit/auditevent/moment/customers.customer/{customer}/"),
    ("requests", "data-protection-officer", "/admin/privacy/privacyrequest/"),
)


@contextmanager
def running() -> Iterator[None]:
    product = subprocess.Popen([sys.executable, "-m", "config.up"], cwd=ROOT, env={**os.environ, "PORT": PORT})
    try:
        until = time.time() + PATIENCE
        while not _is_ready():
            if product.poll() is not None or time.time() > until:
                raise SystemExit("The product did not start: see its messages above.")
            time.sleep(1)
        yield
    finally:
        product.send_signal(signal.SIGTERM)
        product.wait()


def _is_ready() -> bool:
    try:
        with urllib.request.urlopen(f"{BASE}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


def personas() -> dict[str, dict[str, str]]:
    """The people of the unit North by their roles."""
    done = subprocess.run(
        [sys.executable, "manage.py", "seed", "--json", "--force"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {user["role"]: user for user in json.loads(done.stdout)["users"] if user["unit"] == "north"}


def sign_in(browser: Browser, person: dict[str, str]) -> BrowserContext:
    context = browser.new_context(base_url=BASE, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Email").fill(person["username"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    if "/2fa/" in page.url:
        page.get_by_label("Code").fill(code_of(person["totp"]))
        page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/**")
    page.close()
    return context


def rows(context: BrowserContext, person: dict[str, str], path: str) -> list[dict[str, Any]]:
    answer = context.request.get(path, headers={"Authorization": f"Bearer {person['token']}"})
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def set_limits(context: BrowserContext, person: dict[str, str], customers: list[dict[str, Any]]) -> None:
    """Work of a person for the trail to tell of, beside the loading of the demonstration."""
    for number, row in enumerate(customers, start=1):
        answer = context.request.patch(
            f"/api/v1/customers/{row['id']}/",
            headers={"Authorization": f"Bearer {person['token']}", "If-Match": "*"},
            data={"credit_limit": f"{number * 2500}.00"},
        )
        assert answer.ok, answer.text()


def take(page: Page, name: str, path: str) -> None:
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path)
            page.wait_for_load_state("networkidle")
            page.evaluate("document.fonts.ready")
            page.screenshot(path=IMAGES / f"{name}-{scheme}-{size}.png")


def main() -> None:
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    IMAGES.mkdir(exist_ok=True)
    with running(), sync_playwright() as playwright:
        people = personas()
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        contexts = {role: sign_in(browser, people[role]) for role in {role for _name, role, _path in PICTURES}}
        seller, keeper = people["order-manager"], people["customer-manager"]
        [paid] = rows(contexts["order-manager"], seller, "/api/v1/orders/?status=paid&page_size=1")
        customers = rows(contexts["customer-manager"], keeper, "/api/v1/customers/?ordering=number&page_size=50")
        trusted = [row for row in customers if row["credit_limit"]]
        set_limits(contexts["customer-manager"], keeper, trusted[:8])
        keys = {"order": paid["id"], "customer": trusted[0]["id"]}
        for name, role, path in PICTURES:
            page = contexts[role].new_page()
            take(page, name, path.format(**keys))
            page.close()
        browser.close()
    taken = sorted(IMAGES.glob("*.png"))
    print(f"{len(taken)} pictures, {sum(file.stat().st_size for file in taken) // 1024} kB in docs/images.")


if __name__ == "__main__":
    main()
