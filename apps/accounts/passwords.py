"""How a password is kept, and which ones are refused (NIST SP 800-63B-4)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from apps.accounts.models import User

SHORTEST_REST = 8
FEWEST_CHARACTERS = 5
SHORTEST_NAME = 4
PRODUCT_WORDS = ("steward", "password", "passwort", "company", "welcome")


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id as OWASP sets it: 19 MiB, two passes, one lane. Django's own takes 100 MiB for each sign-in."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class NoKnownWords:
    """Refuses what a guesser tries first: the product, one's own name or address, one thing over and over."""

    def validate(self, password: str, user: "User | None" = None) -> None:
        said = password.casefold()
        rest = said
        for word in self._words(user):
            rest = rest.replace(word, "")
        if len(rest) < len(said) and len(rest) < SHORTEST_REST:
            raise ValidationError(
                _("This password is built from a word that is easy to guess, such as a name."),
                code="password_known_word",
            )
        if len(set(said)) < FEWEST_CHARACTERS:
            raise ValidationError(_("This password repeats too few characters."), code="password_repeats")

    def get_help_text(self) -> str:
        return _("A few unrelated words are easy to keep in mind. Names and the product's own name do not count.")

    def _words(self, user: "User | None") -> Iterator[str]:
        yield from PRODUCT_WORDS
        if user is not None:
            for part in (*user.name.casefold().split(), *user.email.casefold().replace(".", "@").split("@")):
                if len(part) >= SHORTEST_NAME:
                    yield part
