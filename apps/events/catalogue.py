"""`docs/generated/events.md`: what the domains tell, and who hears it."""

import inspect

from apps.events.bus import declared_events, field_types, subscribers_of

HEAD = """# Events

Written by `manage.py docs`. Every event is published in the transaction in which it happened and holds keys, states,
numbers and days, never a personal value.

| event | what happened | holds | heard by |
|---|---|---|---|
"""


def catalogue() -> str:
    rows = []
    for event in sorted(declared_events(), key=lambda declared: declared.name):
        meaning = " ".join(inspect.cleandoc(vars(event).get("__doc__") or "").split()).replace("|", "\\|")
        # A dataclass without a docstring is given its signature as one.
        said = "" if meaning.startswith(f"{event.__name__}(") else meaning
        held = ", ".join(f"`{name}`" for name in field_types(event))
        heard = ", ".join(f"`{name}`" for name in sorted(subscribers_of(event))) or "nobody yet"
        rows.append(f"| `{event.name}` | {said} | {held} | {heard} |")
    return HEAD + "\n".join(rows) + "\n"
