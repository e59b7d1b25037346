"""A checkpoint as one line of JSON, for receivers that read documents and not notes."""

import orjson

from apps.audit.receivers.waiting import Item


def document(item: Item) -> bytes:
    said = {"position": item.key, "size": item.size, "note": item.text.decode()}
    return orjson.dumps({"type": "audit.checkpoint", "timestamp": item.at, "data": said}, option=orjson.OPT_UTC_Z)
