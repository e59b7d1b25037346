"""Demonstration data: what every domain's `demo.py` writes, domain after domain, unit after unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

from django.apps import apps
from django.db import models, transaction
from django.utils.module_loading import import_string
from faker import Faker

from apps.access.models import Unit
from apps.access.services import create_unit
from apps.integrations.imports.profile import has_unit
from apps.kernel.registry import domains
from apps.kernel.trail import because

SIZES = {"small": 40, "medium": 200, "large": 2_000}
"""Customers in each unit; the other domains keep their proportion."""
UNITS = {"north": "North", "south": "South"}
LOCALES = ["en_GB", "de_DE", "fr_FR", "it_IT", "nl_NL", "pl_PL", "sv_SE"]


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
        for slug, unit in _units().items():
            for label in domains_in_order():
                yield Step(label, slug, _load(label, unit, size))


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
    faker = Faker(LOCALES)
    faker.seed_instance(f"{label} {unit.slug}")
    import_string(load)(unit, faker, size)
    return _rows(label, unit)


def _rows(label: str, unit: Unit) -> int:
    """Rows of this domain in this unit."""
    owned: list[type[models.Model]] = [model for model in apps.get_app_config(label).get_models() if has_unit(model)]
    return sum(model._base_manager.filter(unit=unit).count() for model in owned)
