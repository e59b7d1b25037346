"""Every declaration as one canonical JSON text: a change of what is held about people is a change of this file."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

from apps.kernel.classification import ACTIVITIES, GROUNDS, classification_of
from apps.privacy.subjects import searched_models


def canonical(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        said = {item.name: canonical(getattr(value, item.name)) for item in fields(value)}
        return {
            "is": type(value).__name__,
            **{key: inner for key, inner in said.items() if inner not in ("", None, [], {})},
        }
    if isinstance(value, Mapping):
        return {str(key): canonical(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [canonical(inner) for inner in value]
    return getattr(value, "__qualname__", str(value)) if callable(value) else value


def lock() -> str:
    models = {}
    for model in searched_models():
        declared = classification_of(model)
        if declared is not None:
            models[model._meta.label_lower] = {**canonical(declared), "fields": canonical(declared.kinds())}
    document = {"models": models, "activities": canonical(ACTIVITIES), "grounds": canonical(GROUNDS)}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def lock_digest() -> str:
    return hashlib.sha256(lock().encode()).hexdigest()
