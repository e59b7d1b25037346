"""The declarations in words that people read: why, what, how long."""

import re
from typing import Any

from apps.privacy.graph import Model

BASES = {
    "A6-1-a": "you agreed",
    "A6-1-b": "a contract with you, or steps towards one",
    "A6-1-c": "a duty by law",
    "A6-1-d": "vital interests",
    "A6-1-e": "a task in the public interest",
    "A6-1-f": "legitimate interests",
}
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*\+00:00")


def basis(term: str) -> str:
    """`A6-1-b` → a contract with you, or steps towards one (Art. 6(1)(b) GDPR)."""
    _, number, letter = term.split("-")
    return f"{BASES[term]} (Art. 6({number})({letter}) GDPR)"


def category(term: str) -> str:
    """`pd:PhysicalAddress` → physical address."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", term.removeprefix("pd:")).replace("IP", "IP ").lower()


def field_name(model: Model, name: str) -> str:
    """What a form calls the field; for a place inside JSON, the field and the place."""
    first, _, rest = name.partition(".")
    label = str(getattr(model._meta.get_field(first), "verbose_name", first))
    return f"{label}: {rest}" if rest else label


def value(model: Model, name: str, said: Any) -> str:
    """A state by its label, a moment to the minute."""
    choices = {} if "." in name else dict(getattr(model._meta.get_field(name), "flatchoices", ()))
    return MOMENT.sub(r"\1 \2 UTC", str(choices.get(said, said))) if not isinstance(said, dict | list) else str(said)
