"""Commands of others that would go past our rules."""

from django.core.management import BaseCommand, CommandError


class RefusedCommand(BaseCommand):
    """Stands before a command of the same name and says in its `help` what is right instead."""

    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Whatever else was typed, the answer is the same."""
        super().run_from_argv(argv[:2])

    def handle(self, *args: object, **options: object) -> None:
        raise CommandError(self.help)
