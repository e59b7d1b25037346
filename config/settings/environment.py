"""The environment, read strictly: a value that cannot be used stops the start with one sentence."""

import sys
from typing import Any, NoReturn

import environ
from django.core.exceptions import ImproperlyConfigured


def refuse(sentence: str) -> NoReturn:
    """Say what is wrong and what to do, and leave with exit code 2."""
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(2)


class Environment(environ.Env):
    """`django-environ`, but a missing or malformed variable is a sentence instead of a traceback."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ImproperlyConfigured:
            refuse(f"{var} is not set: give it a value in the environment (docs/operations/settings.md).")
        except (ValueError, KeyError):
            refuse(f"The value of {var} cannot be used: see docs/operations/settings.md for its form.")


env = Environment()
