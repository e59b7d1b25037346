"""Writes a new domain: a folder under `apps/`, its tests, its page, and its word in the list of floors."""

import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import Context, Engine

TEMPLATE = Path(__file__).resolve().parents[1] / "domain"
PLACES = {"app": "apps/{app}", "tests": "tests/{app}", "docs": "docs/domains"}
NAME = re.compile(r"[a-z][a-z0-9_]{2,30}")


class Command(BaseCommand):
    help = "Write a new domain app, complete with API, admin, roles, event, tests and page."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="plural, lower case: the app's name, such as `visits`")
        parser.add_argument("--noun", help="one of them, such as `visit` (default: the name without its last s)")

    def handle(self, *args: Any, name: str, noun: str | None, **options: Any) -> None:
        noun = noun or name.removesuffix("s")
        if not NAME.fullmatch(name) or not NAME.fullmatch(noun):
            raise CommandError("A name is 3 to 31 lower-case letters, digits and underscores, beginning with a letter.")
        if noun == name:
            raise CommandError(f"{name} has no final s: say what one of them is called, with --noun.")
        root = Path(settings.BASE_DIR)
        if (root / "apps" / name).exists():
            raise CommandError(f"apps/{name} exists already. Choose another name.")
        self._add_floor(root / "pyproject.toml", name)
        for path in sorted(TEMPLATE.rglob("*-tpl")):
            self._write(path, root, name, self._words(name, noun))
        self.stdout.write(
            f"Wrote apps/{name}, tests/{name} and docs/domains/{name}.md.\n"
            "Next: ./manage.py makemigrations && ./manage.py migrate && ./manage.py docs && make check test"
        )

    @staticmethod
    def _words(name: str, noun: str) -> Context:
        human = noun.replace("_", " ")
        words = {
            "app_name": name,
            "camel_case_app_name": name.title().replace("_", ""),
            "noun": noun,
            "plural": name.replace("_", " "),
            "class_name": noun.title().replace("_", ""),
            "human": human,
            "human_plural": name.replace("_", " "),
            "title": human.capitalize(),
            "path": name.replace("_", "-"),
            "prefix": noun[0].upper(),
        }
        return Context(words, autoescape=False)

    @staticmethod
    def _write(path: Path, root: Path, name: str, words: Context) -> None:
        place, *rest = path.relative_to(TEMPLATE).parts
        file = "/".join(rest).removesuffix("-tpl")
        target = root / PLACES[place].format(app=name) / (f"{name}.md" if place == "docs" else file)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Engine().from_string(path.read_text()).render(words))

    @staticmethod
    def _add_floor(pyproject: Path, name: str) -> None:
        """On top of the house, where a new domain may import every other one."""
        text = pyproject.read_text()
        marker = "layers = [\n"
        if text.count(marker) != 1:
            raise CommandError("pyproject.toml has no single list of floors: add the domain there yourself.")
        pyproject.write_text(text.replace(marker, f'{marker}    "{name}",\n'))
