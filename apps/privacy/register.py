"""The register of processing activities (Art. 30 GDPR), read from the declarations."""

import orjson

from apps.kernel.classification import ACTIVITIES, classification_of
from apps.privacy.package import categories_of, retention_of, sources_of
from apps.privacy.subjects import searched_models


def entries() -> list[dict[str, object]]:
    return [
        {
            "key": key,
            "title": said.title,
            "purpose": said.purpose,
            "basis": said.basis,
            "art9": said.art9,
            "people": list(said.categories_of_subjects),
            "categories": categories_of(key),
            "sources": sources_of(key),
            "recipients": list(said.recipients),
            "transfers": list(said.transfers),
            "retention": retention_of(key),
            "measures": list(said.measures),
            "models": [model._meta.label for model in searched_models() if _activity(model) == key],
        }
        for key, said in sorted(ACTIVITIES.items())
    ]


def _activity(model: type) -> str:
    declared = classification_of(model)
    return declared.activity if declared else ""


def register_json() -> str:
    return orjson.dumps(entries(), option=orjson.OPT_INDENT_2).decode() + "\n"


def register_markdown() -> str:
    lines = ["# Register of processing activities (Art. 30 GDPR)", "", "Written by `manage.py docs`.", ""]
    for entry in entries():
        lines += [f"## {entry['title']}", "", "| | |", "|---|---|"]
        for name, value in entry.items():
            text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            if name != "title":
                lines.append(f"| {name} | {text.replace('|', '/') or '–'} |")
        lines.append("")
    return "\n".join(lines)
