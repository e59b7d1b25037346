"""What one person is given of a whole company: their own values, and nobody else's.

The oracle does not read the declarations. It plants a word of its own in every column of text and JSON of every row,
and looks for keys and words in all tables and in the package.
"""

import io
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection, models

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.catalog.models import Product
from apps.customers.models import Address, Contact, Customer, CustomerGrant
from apps.events.models import PublishedEvent
from apps.integrations.models import ImportBatch, ImportedRow
from apps.orders.models import Order, OrderLine
from apps.privacy.package import write_package
from apps.privacy.subjects import resolve, snapshot
from apps.workforce.models import Absence, Employee
from tests.architecture.rows import row_of

pytestmark = pytest.mark.django_db(transaction=True)

ACTING = {
    "access.assignment.granted_by",
    "audit.alert.decided_by",
    "audit.auditevent.actor",
    "audit.legalhold.released_by",
    "audit.legalhold.set_by",
    "customers.contact.customer",
    "customers.customergrant.content_object",
    "integrations.importbatch.requested_by",
    "orders.order.agent",
    "oversight.reportdefinition.owner",
    "oversight.reportrun.requested_by",
    "privacy.privacyrequest.asked_by",
    "reports.bulkaction.requested_by",
    "reports.export.requested_by",
    "workforce.absence.decided_by",
    "workforce.employee.reports_to",
}
"""Relations by which a row names somebody whom it is not about."""
OF_SOFTWARE = ("accounts.application", "oauth2_provider")
"""An OAuth client acts as a service user, which is no human being."""
SHARED = {"orders.order.number"}
"""What buyer and seller may both know."""
REVIEWED = {
    "accounts.apitoken.name",
    "admin.logentry.change_message",
    "admin.logentry.object_repr",
    "audit.alert.reason",
    "integrations.importedrow.before",
    "workforce.employee.notes",
}
"""Text in which others may stand. It waits until somebody has looked."""
NEVER_SHOWN = {
    "password",
    "digest",
    "session_key",
    "data",
    "token",
    "token_checksum",
    "code",
    "code_challenge",
    "nonce",
    "claims",
    "device_code",
    "user_code",
    "key",
    "session_hash",
}
"""Secrets: the package says that one is held."""

BUILT = {"customers.address.customer", "orders.order.customer", "orders.ordergrant.content_object"}
"""Relations whose rows the cast makes by hand."""
MORE = {"customers.customer.merged_into": {"status": "closed", "closed_at": datetime(2024, 1, 1, tzinfo=UTC)}}
"""What the database wants beside such a relation."""
OF_A_ROW = {"integrations.importedrow.model", "integrations.importedrow.object"}
"""What an import has written."""
ROLES = ("staff", "buyer", "contact")


class Words:
    """Short words that stand nowhere else, each known by the column that it was planted in."""

    def __init__(self, letters: str) -> None:
        self.letters = letters
        self.planted: dict[str, str] = {}

    def new(self, place: str) -> str:
        word = f"{self.letters}{len(self.planted):03d}"
        self.planted[word] = place
        return word


def tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def plant(row: models.Model, words: Words) -> None:
    model = type(row)
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        place = f"{model._meta.label_lower}.{field.name}"
        if field.primary_key or field.is_relation or field.choices or place in OF_A_ROW:
            continue
        if isinstance(field, models.JSONField):
            values[field.name] = {"word": words.new(place)}
        elif isinstance(field, models.EmailField):
            values[field.name] = f"{words.new(place)}@example.org"
        elif isinstance(field, models.CharField | models.TextField) and (field.max_length or 99) >= 6:
            values[field.name] = words.new(place)
    if values:
        model._base_manager.filter(pk=row.pk).update(**values)


def permission_for(model: type[models.Model], person: models.Model) -> dict[str, Any]:
    """A grant wants a permission of the kind of row that it opens."""
    names = {field.name for field in (*model._meta.concrete_fields, *model._meta.private_fields)}
    if not {"permission", "content_object"} <= names:
        return {}
    opened = type(person) if "object_pk" in names else model._meta.get_field("content_object").related_model
    permission = Permission.objects.filter(content_type__model=opened._meta.model_name)[0]
    generic = {"content_type": permission.content_type, "object_pk": str(person.pk)} if "object_pk" in names else {}
    return {"permission": permission, **generic}


class Cast:
    """Somebody in every role, everything that hangs on them, and a word in each column."""

    def __init__(self, letters: str, unit: Unit, product: Product) -> None:
        self.unit, self.product = unit, product
        self.words = {role: Words(f"{letters}{role[0]}") for role in (*ROLES, "firm", "other contact")}
        self.rows: dict[str, list[models.Model]] = defaultdict(list)
        user = User.objects.create_user(f"{letters}@example.org", name="x")
        employee = row_of(Employee, unit, user=user)
        buyer = Customer.objects.create(unit=unit, number=f"C-{letters}", name="x", kind="person")
        firm = Customer.objects.create(unit=unit, number=f"F-{letters}", name="x")
        self.people: dict[str, list[models.Model]] = {
            "staff": [user, employee],
            "buyer": [buyer],
            "contact": [Contact.objects.create(unit=unit, customer=firm, name="x")],
            "firm": [firm],
        }
        self.order_for(buyer, "buyer")
        self.order_for(firm, "firm")
        for role, people in self.people.items():
            self.rows[role] += people
            for person in people:
                PublishedEvent.objects.create(name="sample", aggregate=str(person.pk), payload={"key": str(person.pk)})
                self.hang_on(person, role)
            self.import_again(role)
            for row in self.rows[role]:
                plant(row, self.words[role])

    def order_for(self, customer: Customer, role: str) -> None:
        order = Order.objects.create(unit=self.unit, number=f"O-{customer.number}", customer=customer)
        line = OrderLine.objects.create(unit=self.unit, order=order, product=self.product, quantity=1, unit_price=1)
        self.rows[role] += [order, line, Address.objects.create(unit=self.unit, customer=customer, lines="x")]

    def hang_on(self, person: models.Model, role: str) -> None:
        """A row of every model that a relation of its own joins to this person."""
        for model in (model for model in tables() if not model._meta.label_lower.startswith(OF_SOFTWARE)):
            for field in model._meta.concrete_fields:
                label = f"{model._meta.label_lower}.{field.name}"
                unique = isinstance(field, models.OneToOneField)
                if field.related_model is type(person) and not unique and label not in ACTING | BUILT:
                    given = {field.name: person, **permission_for(model, person), **MORE.get(label, {})}
                    self.rows[role].append(row_of(model, self.unit, **given))

    def import_again(self, role: str) -> None:
        batch = ImportBatch.objects.create(unit=self.unit, profile="x")
        self.rows[role] += [
            ImportedRow.objects.create(
                batch=batch,
                position=position,
                model=row._meta.label_lower,
                object=str(row.pk),
                created=False,
                version=1,
            )
            for position, row in enumerate(self.rows[role], 1)
        ]

    def act_on(self, other: "Cast") -> None:
        """Name this person in rows that are about the other."""
        [user, employee], [buyer] = self.people["staff"], self.people["buyer"]
        contact = Contact.objects.create(unit=self.unit, customer=buyer, name="x")
        plant(contact, other.words["other contact"])
        other.set_on(Order, agent=employee)
        other.set_on(Employee, reports_to=employee)
        other.set_on(Absence, decided_by=user)
        other.set_on(Assignment, granted_by=user)
        other.set_on(CustomerGrant, content_object=buyer)

    def set_on(self, model: type[models.Model], **values: Any) -> None:
        keys = [row.pk for rows in self.rows.values() for row in rows if type(row) is model]
        assert model._base_manager.filter(pk__in=keys).update(**values)

    def keys(self, role: str) -> list[str]:
        return [str(person.pk) for person in self.people[role]]


@pytest.fixture
def product(unit: Unit, make_product: Any) -> Product:
    return make_product(unit)


@pytest.fixture
def anna(unit: Unit, product: Product) -> Cast:
    return Cast("q", unit, product)


@pytest.fixture
def bert(unit: Unit, product: Product, anna: Cast) -> Cast:
    bert = Cast("z", unit, product)
    for other, acting in ((anna, bert), (bert, anna)):
        acting.act_on(other)
    return bert


def packed(folder: Path, *rows: models.Model) -> dict[str, bytes]:
    target = io.BytesIO()
    with snapshot() as alias:
        write_package(target, resolve([(type(row), row.pk) for row in rows], using=alias), export="x")
    with zipfile.ZipFile(target) as archive:
        archive.extractall(folder)
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "manifest-sha256.txt"], cwd=folder / "dsar-x", check=True)
    return {str(path.relative_to(folder / "dsar-x")): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def naming(words: list[str]) -> set[tuple[str, str]]:
    """Every row of every table in which one of these words stands, by reading the tables and nothing else."""
    found: set[tuple[str, str]] = set()
    with connection.cursor() as cursor:
        for model in tables():
            table, key = model._meta.db_table, model._meta.pk.column
            cursor.execute(
                f'SELECT "{key}"::text FROM "{table}" t WHERE t::text ~ %s',
                ["|".join(words)],
            )
            found |= {(model._meta.label_lower, str(row[0])) for row in cursor.fetchall()}
    return found


def held(files: dict[str, bytes]) -> set[tuple[str, str]]:
    return {
        (name.removeprefix("data/records/").removesuffix(".jsonl"), orjson.loads(line)["_id"])
        for name, content in files.items()
        if name.startswith("data/records/")
        for line in content.splitlines()
    }


@pytest.mark.parametrize("role", ROLES)
def test_every_row_that_names_the_person_and_no_value_of_anybody_else(
    role: str, anna: Cast, bert: Cast, tmp_path: Path
) -> None:
    mine = anna.words[role].planted

    files = packed(tmp_path, anna.people[role][0])

    everything = b"\n".join(files.values()).decode()
    others = [words for cast in (anna, bert) for words in cast.words.values() if words is not anna.words[role]]
    assert [
        (word, words.planted[word])
        for words in others
        for word, place in words.planted.items()
        if word in everything and place not in SHARED
    ] == []
    assert naming([*anna.keys(role), *mine]) - held(files) == set()
    hidden = {place for word, place in mine.items() if word not in everything}
    assert {place for place in hidden if place.rpartition(".")[2] not in NEVER_SHOWN} <= REVIEWED


def test_every_model_was_searched(anna: Cast, bert: Cast, tmp_path: Path) -> None:
    manifest = orjson.loads(packed(tmp_path, anna.people["contact"][0])["manifest.json"])

    assert {*manifest["models"], *manifest["models_with_no_rows"]} == {model._meta.label_lower for model in tables()}
    assert {"customers.customer", "orders.order", "workforce.employee"} <= set(manifest["models_with_no_rows"])
