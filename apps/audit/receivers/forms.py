"""The forms in which sealed entries leave: a function for each name of `configuration.FORMS`."""

from collections.abc import Callable
from typing import Any

import orjson

from apps.audit.receivers import ecs, ocsf

Form = Callable[[bytes], bytes]
"""From the line of a leaf to a line that holds no newline, and holds the sequence."""


def told(tell: Callable[[dict[str, Any]], dict[str, Any]]) -> Form:
    return lambda line: orjson.dumps(tell(orjson.loads(line)))


forms: dict[str, Form] = {"leaf": bytes, "ocsf": told(ocsf.event), "ecs": told(ecs.document)}
"""`leaf` is the exact bytes, which hash to the tree of a checkpoint."""
