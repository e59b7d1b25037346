"""A leaf of the sealed log: the exact bytes of one JSON line that says what an entry says, personal values as digests.

A disclosure is base64url of the JSON `[salt, field, value]`; its digest is base64url of its SHA-256. So a value can be
shown and checked, or erased, without touching the line.
"""

import json
import secrets
from binascii import b2a_base64
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from django.contrib.contenttypes.models import ContentType

VERSION = 1
REASON, ADDRESS, MALFORMED = "@reason", "@address", "@malformed"
"""The names under which a reason and an address stand among the digests."""

Digests = dict[str, str]


class Salts(NamedTuple):
    """Of the two personal values that are columns of the entry; they stand beside the leaf."""

    reason: str = ""
    address: str = ""


class Entry(NamedTuple):
    """One row of the trail as the database spells it. JSON stays text, so that no number loses a digit."""

    id: int
    txid: str
    timestamp: str
    content_type: int
    action: int
    object_pk: str
    actor: str | None
    cid: str
    source: str
    unit: str | None
    subject: str | None
    batch: str
    db_user: str
    application_name: str
    changes: str
    details: str
    personal: str
    reason: str
    address: str | None


COLUMNS = """e.id, e.txid::text, to_char(e."timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.content_type_id, e.action, e.object_pk, e.actor_id::text, e.cid, e.source, e.unit_id::text, e.subject::text,
    e.batch, e.db_user, e.application_name, e.changes::text, e.additional_data::text, e.personal::text, e.reason,
    abbrev(e.remote_addr)"""


class Kinds(dict[int, str]):
    """Key of a content type → label of its model, looked up once; empty when there is none any more."""

    def __missing__(self, key: int) -> str:
        found = ContentType.objects.filter(pk=key).values_list("app_label", "model").first()
        self[key] = label = ".".join(found or ())
        return label


_URLSAFE = bytes.maketrans(b"+/", b"-_")
_read = json.JSONDecoder(parse_int=orjson.Fragment, parse_float=orjson.Fragment).raw_decode


def _base64url(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False).translate(_URLSAFE, b"=")


def disclosures(entry: Entry, salts: Salts) -> Iterator[tuple[str, bytes]]:
    """Each personal field that is still there, with what proves its value."""
    if entry.personal != "{}":
        try:
            personal, _end = _read(entry.personal)
            said = [(field, orjson.dumps([salt, field, [old, new]])) for field, (salt, old, new) in personal.items()]
        except (AttributeError, TypeError, ValueError, RecursionError):
            said = [(MALFORMED, b"")]
        for field, disclosed in said:
            yield field, _base64url(disclosed)
    for field, salt, value in ((REASON, salts.reason, entry.reason), (ADDRESS, salts.address, entry.address)):
        if value:
            yield field, _base64url(orjson.dumps([salt, field, [None, value]]))


def digests(entry: Entry, salts: Salts) -> Digests:
    return {field: _base64url(sha256(disclosure).digest()).decode() for field, disclosure in disclosures(entry, salts)}


def new_salts(entry: Entry) -> Salts:
    return Salts(
        secrets.token_urlsafe(16) if entry.reason else "",
        secrets.token_urlsafe(16) if entry.address else "",
    )


def line(entry: Entry, sequence: int, kind: str, committed: Digests) -> bytes:
    """`s` sequence, `t` time, `m` model, `o` object, `a` action, `u` actor, `q` request, `c` clear fields, `d` digests;
    `e` number and `x` transaction in the database, `w` source, `n` unit, `p` subject, `b` batch, `i` details, `l` login
    and `k` application of the connection. What is empty is left out.
    """
    words: dict[str, Any] = {
        "v": VERSION,
        "s": sequence,
        "t": entry.timestamp,
        "m": kind,
        "o": entry.object_pk,
        "a": entry.action,
        "u": entry.actor,
        "q": entry.cid,
        "c": orjson.Fragment(entry.changes),
        "d": committed,
        "e": entry.id,
        "x": int(entry.txid),
        "w": entry.source,
        "l": entry.db_user,
    }
    if entry.unit:
        words["n"] = entry.unit
    if entry.subject:
        words["p"] = entry.subject
    if entry.batch:
        words["b"] = entry.batch
    if entry.application_name:
        words["k"] = entry.application_name
    if entry.details != "{}":
        words["i"] = orjson.Fragment(entry.details)
    return orjson.dumps(words)
