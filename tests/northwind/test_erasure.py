"""A customer of the Northwind company leaves the trail: no word of them is in a dump, and every proof still holds."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.keys import keys
from apps.audit.models import AuditEvent
from apps.customers.models import Customer
from apps.integrations.imports.profile import load_profile
from apps.integrations.imports.run import run_import
from apps.kernel.trail import Action, Context, acting, because
from tests.audit.sealing import ran, seal_everything, verified
from tests.northwind.export import SMALL, WHOLE

pytestmark = pytest.mark.django_db(transaction=True)

GROUND = "Art. 17(1)(a) GDPR"
NAMED = ("company_name", "contact_name", "address", "postal_code", "phone")
MADE_UP = {
    "MADEU,Made Up Buyers,Bea Buyer,Owner,2 Way,Paris,,75001,France,2,3": (
        'MADEU,Quintessa Köppelmann & Søn,Bea ""Qu"" Buyerley,Owner,17 Quintessenz-Straße,Paris,,QX 75001,France,'
        "(030) 555-7351,(030) 555-7352"
    ),
    "Made Up Buyers,2 Way,Paris,,75001": "Quintessa Köppelmann & Søn,17 Quintessenz-Straße,Paris,,QX 75001",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The whole company where it lies beside this project, and a made-up one otherwise."""
    if WHOLE.is_dir():
        return WHOLE
    for name, text in SMALL.items():
        for old, new in MADE_UP.items():
            text = text.replace(old, new)  # noqa: PLW2901
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def words_of(folder: Path, number: str) -> set[str]:
    with (folder / "customers.csv").open(encoding="utf-8") as file:
        [row] = [row for row in csv.DictReader(file) if row["customer_id"] == number]
    return {row[name] for name in NAMED if row[name]}


def spellings(word: str) -> set[bytes]:
    """As text, as JSON, as JSON inside JSON, as COPY writes it, and each of them as the hex digits of a bytea."""
    escaped = json.dumps(word)[1:-1]
    said = {word, escaped, json.dumps(escaped)[1:-1], word.replace("\\", "\\\\"), escaped.replace("\\", "\\\\")}
    return {form for text in said for form in (text.encode(), text.encode().hex().encode())}


def left(words: set[str]) -> set[str]:
    dump = ran("pg_dump", "--data-only", "-t", "audit_*", "-t", "events_*").lower()
    return {word for word in words if any(form.lower() in dump for form in spellings(word))}


def bundle(path: Path, customer: Customer) -> Path:
    wanted = ["--object", str(customer.pk)]
    call_command("audit", "report", "--format", "bundle", "--output", str(path), *wanted)
    return path


def holds(path: Path) -> bool:
    typed = [
        sys.executable,
        "-I",
        "apps/audit/standalone/verify.py",
        str(path),
        "--vkey",
        str(keys().signers[0].verifier),
    ]
    return subprocess.run(typed, capture_output=True, check=False).returncode == 0


@pytest.fixture
def officer(make_user) -> User:
    return make_user("data-protection-officer", email="officer@example.org")


def test_nothing_of_a_customer_is_left_and_every_proof_holds(
    folder: Path, officer: User, make_user, sign_in, tmp_path: Path
):
    number = "AROUT" if folder == WHOLE else "MADEU"
    words = words_of(folder, number)
    with acting(Context(source="command:import_data")):
        run_import(load_profile("northwind"), folder)
    customer = Customer.objects.get(number=number)
    with because(f"{sorted(words)[0]} asked for it"):
        customer.contacts.update(title="Owner of it all")
    reader = sign_in(make_user("customer-manager"))
    for word in words:
        assert reader.get(reverse("admin:customers_customer_changelist"), {"q": word}).status_code == 200
    seal_everything(limit=5_000)
    before = bundle(tmp_path / "before.zip", customer)
    assert left(words) == words

    keys_of = [str(customer.pk), *(str(contact.pk) for contact in customer.contacts.all())]
    call_command("audit", "redact", *keys_of, "--ground", GROUND, "--by", officer.email)

    assert left(words) == set()
    seal_everything(limit=5_000)
    assert left(words) == set()
    assert verified() == (0, "")
    assert holds(before)
    assert holds(bundle(tmp_path / "after.zip", customer))
    told = AuditEvent.objects.get(action=Action.REDACTED)
    assert (told.actor_id, told.additional_data["ground"]) == (officer.pk, GROUND)


@pytest.mark.parametrize(
    ("who", "ground", "sentence"),
    [
        ("officer", " ", "A redaction states its ground"),
        ("auditor", GROUND, "may redact"),
        ("nobody", GROUND, "may redact"),
    ],
)
def test_only_an_officer_redacts_and_says_why(unit, officer: User, make_user, who: str, ground: str, sentence: str):
    make_user("auditor", email="auditor@example.org")
    customer = Customer.objects.create(unit=unit, number="C-1", name="Quintessa")

    with pytest.raises(CommandError, match=sentence):
        call_command("audit", "redact", str(customer.pk), "--ground", ground, "--by", f"{who}@example.org")

    assert AuditEvent.objects.of(customer).get().personal["name"][2] == "Quintessa"
    assert not AuditEvent.objects.filter(action=Action.REDACTED).exists()


def test_what_names_no_record_is_refused(unit, officer: User):
    with pytest.raises(CommandError, match="no key of a record"):
        call_command("audit", "redact", "Quintessa", "--ground", GROUND, "--by", officer.email)
