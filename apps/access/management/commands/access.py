from argparse import ArgumentParser
from datetime import datetime
from typing import Any

import orjson
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.access.explain import explain
from apps.access.models import Unit, UnitRecord
from apps.accounts.models import User


class Command(BaseCommand):
    help = "Say why a user may do something, or may not: which assignment, which unit, which grant, since when."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        asked = verbs.add_parser("explain", help=self.help)
        asked.add_argument("user", help="e-mail or key of the user")
        asked.add_argument("permission", help="as in customers.view_customer")
        asked.add_argument("object", nargs="?", help="slug of a unit, or app.model:key")
        asked.add_argument("--at", help="a moment or a day in ISO 8601, now if left out")
        asked.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        user = self._user(options["user"])
        if options["permission"].count(".") != 1:
            raise CommandError("A permission looks like customers.view_customer.")
        row = self._row(options["object"]) if options["object"] else None
        said = explain(user, options["permission"], row, self._moment(options["at"]))
        if options["json"]:
            self.stdout.write(orjson.dumps({"allowed": said.allowed, "reasons": said.reasons}).decode())
            return
        self.stdout.write("Yes." if said.allowed else "No.")
        for reason in said.reasons:
            self.stdout.write(f"  {reason}")

    def _user(self, said: str) -> User:
        found = User.objects.filter(email__iexact=said) if "@" in said else User.objects.filter(pk=self._key(said))
        user = found.first()
        if user is None:
            raise CommandError("There is no such user.")
        return user

    def _key(self, said: str) -> str:
        field = User._meta.pk
        return str(field.to_python(said))

    def _row(self, said: str) -> "UnitRecord | Unit":
        label, _colon, key = said.partition(":")
        model: type[Model] = apps.get_model(label) if key else Unit
        row = model._default_manager.filter(**({"pk": key} if key else {"slug": label})).first()
        if not isinstance(row, UnitRecord | Unit):
            raise CommandError("There is no such object: name a unit by its slug, or a row as app.model:key.")
        return row

    def _moment(self, said: str | None) -> datetime:
        if not said:
            return timezone.now()
        day = parse_date(said)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(said)  # noqa: DTZ001
        if moment is None:
            raise CommandError("--at takes a day or a moment such as 2026-05-03 or 2026-05-03T12:00:00Z.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
