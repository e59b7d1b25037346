"""The addresses of the API, found by their first word instead of one after the other."""

import re
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, ResolverMatch, URLResolver


class Resources(URLResolver):
    """Tries only the addresses that begin with the word that was asked for, such as `customers`."""

    @cached_property
    def groups(self) -> dict[str, URLResolver]:
        grouped: dict[str, list[Any]] = {}
        for pattern in self.url_patterns:
            word = str(pattern.pattern).removeprefix("^").partition("/")[0]
            if not re.fullmatch(r"[\w-]+", word):
                raise ImproperlyConfigured(f"The address {pattern.pattern} begins with no plain word: give it one.")
            grouped.setdefault(word, []).append(pattern)
        return {word: URLResolver(self.pattern, patterns) for word, patterns in grouped.items()}

    def resolve(self, path: str) -> ResolverMatch:
        match = self.pattern.match(path)
        group = self.groups.get(match[0].partition("/")[0]) if match else None
        if group is None:
            raise Resolver404({"path": path})
        return group.resolve(path)
