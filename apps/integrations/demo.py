"""Demonstration data: what every domain's `demo.py` writes, domain after domain, unit after unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from graphlib import TopologicalSorter

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from faker import Faker

from apps.access.models import Unit
from apps.access.services import create_unit
from apps.integrations.imports.profile import has_unit
from apps.kernel.registry import domains
from apps.kernel.trail import because
from apps.privacy.graph import people_models
from apps.privacy.models import PrivacyRequest
from apps.privacy.services import cancel_request, open_request

SIZES = {"small": 40, "medium": 200, "large": 1_000}
"""Customers in each of the two units; the other domains keep their proportion."""
UNITS = {"north": "North", "south": "South"}
LOCALES = {
    "north": ["en_GB", "de_DE", "nl_NL", "sv_SE", "pl_PL"],
    "south": ["fr_FR", "it_IT", "es_ES", "pt_PT", "de_AT"],
}
WISHES = ((2, "By e-mail."), (27, "By letter."), (35, "By telephone, confirmed by e-mail."))
"""Days since a person asked, and how."""


@dataclass(frozen=True)
class Step:
    """One domain's share in one unit."""

    domain: str
    unit: str
    rows: int
    """0: its rows were there before."""


def domains_in_order() -> list[str]:
    """The domains with demonstration data, each after those to which its rows refer."""
    named = {domain.label for domain in domains if domain.demo}
    graph = {
        label: {
            field.related_model._meta.app_label
            for model in apps.get_app_config(label).get_models()
            for field in model._meta.concrete_fields
            if isinstance(field.related_model, type)
        }
        & named - {label}
        for label in sorted(named)
    }
    return list(TopologicalSorter(graph).static_order())


def load_demo(size: int) -> Iterator[Step]:
    """All of it or nothing; a domain that has rows in a unit is left alone there."""
    with transaction.atomic(), because("Demonstration data"):
        nobody_asked = not PrivacyRequest.objects.exists()
        for slug, unit in _units().items():
            for label in domains_in_order():
                yield Step(label, slug, _load(label, unit, size))
            yield Step("privacy", slug, _ask_for_data(unit) if nobody_asked else 0)


def _ask_for_data(unit: Unit) -> int:
    """People of this unit asked for their data: one lately, one whose month is almost over, one who thought better."""
    today = timezone.localdate()
    models_of_unit = [model for model in people_models() if has_unit(model)]
    people = [row for model in models_of_unit if (row := model._base_manager.filter(unit=unit).first()) is not None]
    for person, (age, note) in zip(people, WISHES, strict=False):
        received = today - timedelta(days=age)
        subject = f"{person._meta.label_lower}:{person.pk}"
        request = open_request([subject], received_on=received, by=None, today=today, note=note)
        if age == max(WISHES)[0]:
            cancel_request(request, reason="The person has withdrawn the request.", now=timezone.now())
    return min(len(people), len(WISHES))


def _units() -> dict[str, Unit]:
    root = Unit.objects.filter(parent=None).order_by("created_at").first() or create_unit(
        name="Company", slug="company"
    )
    return {
        slug: Unit.objects.filter(slug=slug).first() or create_unit(name=name, slug=slug, parent=root)
        for slug, name in UNITS.items()
    }


def _load(label: str, unit: Unit, size: int) -> int:
    load = domains[label].demo
    if load is None or _rows(label, unit):
        return 0
    faker = Faker(LOCALES[unit.slug])
    faker.seed_instance(f"{label} {unit.slug}")
    import_string(load)(unit, faker, size)
    return _rows(label, unit)


def _rows(label: str, unit: Unit) -> int:
    """Rows of this domain in this unit."""
    owned: list[type[models.Model]] = [model for model in apps.get_app_config(label).get_models() if has_unit(model)]
    return sum(model._base_manager.filter(unit=unit).count() for model in owned)
