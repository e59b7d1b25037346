from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.module_loading import import_string
from faker import Faker
from rich.console import Console
from rich.progress import track

from apps.access import services as access
from apps.access.models import Unit
from apps.access.routes import api_routes
from apps.accounts import services as accounts
from apps.accounts.factors import give_second_factor, random_password
from apps.accounts.models import Application, User
from apps.accounts.scopes import all_scopes
from apps.kernel.registry import Domain, Role, domains

FEWEST = 3
SIZE = 5
TOKEN_LIVES = timedelta(days=90)
PARTNERS = {"north": "acme", "south": "globex"}


class Command(BaseCommand):
    help = "Make personas of every shipped role, two partners and sample rows; running it again renews the secrets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything as JSON, secrets included")
        parser.add_argument("--force", action="store_true", help="also where DEBUG is off")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError("DEBUG is off: this looks like production. Say --force to seed it all the same.")
        with transaction.atomic():
            made = self._seed()
        if options["json"]:
            self.stdout.write(orjson.dumps(made, option=orjson.OPT_INDENT_2).decode())
            return
        self.stdout.write(f"{len(made['users'])} personas, {len(made['partners'])} partners at {made['base']}.")
        self.stdout.write("Their passwords, tokens and secrets are shown with --json.")

    def _seed(self) -> dict[str, Any]:
        root = Unit.objects.filter(parent=None).first() or access.create_unit(name="Company", slug="company")
        units = {slug: self._unit(slug, root) for slug in PARTNERS}
        roles = track(
            [role for _label, role in domains.roles()],
            description="Personas",
            console=Console(stderr=True),
            transient=True,
            disable=not self.stderr.isatty(),
        )
        return {
            "base": settings.BASE_URL,
            "units": {slug: str(unit.pk) for slug, unit in units.items()},
            "users": [self._persona(role, unit, root) for role in roles for unit in units.values()],
            "partners": [self._partner(PARTNERS[slug], unit) for slug, unit in units.items()],
            "samples": self._samples(units),
        }

    def _unit(self, slug: str, root: Unit) -> Unit:
        return Unit.objects.filter(slug=slug).first() or access.create_unit(
            name=slug.capitalize(), slug=slug, parent=root
        )

    def _persona(self, role: Role, unit: Unit, root: Unit) -> dict[str, str]:
        email = f"{role.slug}.{unit.slug}@steward.example"
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=f"{role.title}, {unit.name}"
        )
        self._assign(user, role, root if role.platform else unit)
        password = random_password()
        user.is_active = True
        user.set_password(password)
        user.save(update_fields=["password", "is_active", "updated_at"])
        accounts.credentials_changed(user)
        _token, key = accounts.issue_token(
            user, name="seed", scopes=all_scopes(), expires_at=timezone.now() + TOKEN_LIVES
        )
        persona = {"role": role.slug, "unit": unit.slug, "username": email, "password": password, "token": key}
        return {**persona, "totp": give_second_factor(user)} if role.platform else persona

    def _partner(self, name: str, unit: Unit) -> dict[str, Any]:
        roles = [(label, role) for label, role in domains.roles() if _suits_partners(role)]
        labels = {label for label, _role in roles}
        scopes = [scope for scope in all_scopes() if scope.split(":")[0] in labels]
        application = Application.objects.filter(name=name).first()
        if application is None:
            application, secret = accounts.register_application(name=name, scopes=scopes)
        else:
            accounts.set_scopes(application, scopes=scopes)
            application, secret = accounts.rotate_secret(application)
        for _label, role in roles:
            self._assign(application.user, role, unit)
        return {
            "name": name,
            "unit": unit.slug,
            "client_id": application.client_id,
            "client_secret": secret,
            "scopes": scopes,
        }

    def _assign(self, user: User, role: Role, unit: Unit) -> None:
        if not user.assignments.valid().filter(role__name=role.slug, unit=unit).exists():
            access.assign_role(user, role=role.slug, unit=unit, by=None, reason="seed")

    def _samples(self, units: dict[str, Unit]) -> dict[str, dict[str, list[str]]]:
        for unit in units.values():
            for domain in domains:
                self._fill(domain, unit)
        return {
            model._meta.label_lower: {slug: _keys(model, unit) for slug, unit in units.items()}
            for model in _unit_resources()
        }

    def _fill(self, domain: Domain, unit: Unit) -> None:
        """A domain without enough rows in this unit writes believable ones, once."""
        models = [model for model in _unit_resources() if model._meta.app_label == domain.label]
        if domain.demo and models and not any(len(_keys(model, unit)) >= FEWEST for model in models):
            faker = Faker()
            faker.seed_instance(unit.slug)
            import_string(domain.demo)(unit, faker, SIZE)


def _suits_partners(role: Role) -> bool:
    """A trading partner's system works with every domain except the files of our own staff."""
    return role.slug.endswith("-manager") and not role.slug.startswith("hr-")


def _unit_resources() -> Iterator[type[Model]]:
    """Each model that has a resource of its own in the API and whose rows all belong to a unit."""
    found = {}
    for route in api_routes():
        queryset = getattr(route.view, "queryset", None)
        if queryset is not None and _is_of_a_unit(queryset.model):
            found[queryset.model._meta.label_lower] = queryset.model
    yield from (found[label] for label in sorted(found))


def _is_of_a_unit(model: type[Model]) -> bool:
    return any(field.name == "unit" and not field.null for field in model._meta.concrete_fields)


def _keys(model: type[Model], unit: Unit) -> list[str]:
    return [
        str(key) for key in model._default_manager.filter(unit=unit).order_by("pk").values_list("pk", flat=True)[:5]
    ]
