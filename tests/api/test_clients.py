"""Clients generated from the document work with a customer, in Python and in TypeScript."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from apps.access.routes import openapi
from apps.customers.models import Customer

TYPESCRIPT = Path(__file__).with_name("typescript")
RUN = "import { tour } from './built/tour.js'; console.log(JSON.stringify(await tour(...process.argv.slice(1))))"


@pytest.fixture
def token(make_user, unit, api) -> str:
    cache.clear()
    Customer.objects.create(unit=unit, number="C-1", name="Bob")
    return api(make_user("customer-manager", unit))._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")


def run(*command: str, where: Path) -> str:
    # The generator formats what it wrote with the ruff that is installed beside it.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        command, cwd=where, env=os.environ | {"PATH": path}, check=False, capture_output=True, text=True, timeout=110
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def python_client(tmp_path, monkeypatch) -> Any:
    """The modules of a client that openapi-python-client has just written."""
    document = tmp_path / "openapi.json"
    document.write_text(openapi())
    command = Path(sys.executable).with_name("openapi-python-client")
    said = run(
        *(str(command), "generate", "--path", str(document), "--meta", "none"),
        *("--output-path", str(tmp_path / "generated_client"), "--fail-on-warning"),
        where=tmp_path,
    )
    assert "Warning" not in said
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"generated_client.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "generated_client"]:
        del sys.modules[name]


@pytest.fixture
def typescript_client(tmp_path) -> Path:
    """A folder with the compiled program of tests/api/typescript; its packages are fetched once."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so no TypeScript client was generated (apt-get install nodejs npm)")
    installed = settings.VAR_DIR / "typescript"
    wanted = (TYPESCRIPT / "package-lock.json").read_bytes()
    lock = installed / "package-lock.json"
    if not lock.exists() or lock.read_bytes() != wanted or not (installed / "node_modules").exists():
        shutil.copytree(TYPESCRIPT, installed, dirs_exist_ok=True)
        run("npm", "ci", "--no-audit", "--no-fund", where=installed)
    work = tmp_path / "typescript"
    shutil.copytree(TYPESCRIPT, work, ignore=shutil.ignore_patterns("node_modules"))
    (work / "node_modules").symlink_to(installed / "node_modules")
    (work / "openapi.json").write_text(openapi())
    run("npm", "run", "--silent", "generate", where=work)
    run("npm", "run", "--silent", "build", where=work)
    return work


@pytest.mark.django_db(transaction=True)
def test_a_generated_python_client_works_with_a_customer(python_client, token, live_server):
    models, calls = python_client("models"), lambda name: python_client(f"api.customers.customers_{name}").sync_detailed
    first = models.CustomersListOrdering("number")
    ada = models.CustomerRequest(number="PY-1", name="Ada", credit_limit="12.50", credit_currency="EUR")
    change = models.PatchedCustomerChangeRequest

    with python_client("client").AuthenticatedClient(base_url=live_server.url, token=token) as client:
        listed = calls("list")(client=client, page_size=1, ordering=first).parsed
        added = calls("create")(client=client, body=ada)
        key, read = added.parsed.id, added.headers["ETag"]
        changed = calls("partial_update")(key, client=client, if_match=read, body=change(name="Ada L."))
        stale = calls("partial_update")(key, client=client, if_match=read, body=change(name="Eve"))
        closed = calls("close")(key, client=client, body=models.CustomersCloseRequest(reason="moved away"))

    assert [customer.number for customer in listed.results] == ["C-1"]
    assert (added.status_code, added.parsed.credit_limit) == (201, "12.50")
    assert (changed.parsed.name, changed.headers["ETag"] == read) == ("Ada L.", False)
    assert (stale.status_code, stale.parsed.code) == (412, "stale_record")
    assert closed.parsed.status == "closed"
    assert Customer.objects.get(number="PY-1").name == "Ada L."


@pytest.mark.django_db(transaction=True)
def test_a_generated_typescript_client_works_with_a_customer(typescript_client, token, live_server):
    said = run("node", "--input-type=module", "--eval", RUN, live_server.url, token, where=typescript_client)

    assert json.loads(said) == {
        "listed": ["C-1"],
        "added": "TS-1",
        "changed": "Ada L.",
        "refused": "stale_record",
        "status": "closed",
    }
    assert Customer.objects.get(number="TS-1").name == "Ada L."
