from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import connection, transaction

from apps.access import services
from apps.access.models import Assignment, Unit
from apps.accounts.factors import give_second_factor, random_password
from apps.accounts.models import User

ONE_AT_A_TIME = 7_301_001
"""Advisory lock: two first administrators at once are one and a refusal."""


class Command(BaseCommand):
    help = "Make the first administrator and show a generated password and TOTP secret once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--json", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        self._check(email)
        password = random_password()
        user = User.objects.create_user(email, password)
        root = Unit.objects.filter(parent=None).first() or services.create_unit(name="Company", slug="company")
        services.assign_role(user, role=services.ADMINISTRATOR, unit=root, by=None, reason="The first administrator")
        secret = give_second_factor(user)
        if options["json"]:
            made = {"email": email, "password": password, "totp": secret}
            self.stdout.write(orjson.dumps(made).decode())
            return
        self.stdout.write(f"Administrator {email}. This is shown once:")
        self.stdout.write(f"  password  {password}")
        self.stdout.write(f"  TOTP      {secret}")

    def _check(self, email: str) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError("This is not an e-mail address.") from error
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        if Assignment.objects.valid().filter(role__name=services.ADMINISTRATOR, user__is_active=True).exists():
            raise CommandError("There is an administrator already. New ones are appointed in the admin.")
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError("Somebody has this e-mail address already. Choose another.")
