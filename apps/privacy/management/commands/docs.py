from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import track

from apps.kernel.documents import documents


class Command(BaseCommand):
    help = "Write docs/generated, or with --check say what is out of date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a file differs")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "docs" / "generated"
        names = track(
            sorted(documents),
            description="Documents",
            console=Console(stderr=True),
            transient=True,
            disable=not self.stderr.isatty(),
        )
        texts = {name: documents[name]() for name in names}
        stale = [
            name
            for name, text in texts.items()
            if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
        ]
        if options["check"] and stale:
            raise CommandError(f"Out of date: {', '.join(stale)}. Run `manage.py docs` and read what it changed.")
        for name in [] if options["check"] else stale:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(texts[name], encoding="utf-8")
            self.stdout.write(f"docs/generated/{name}")
