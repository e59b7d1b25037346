"""The package that answers a request for access: a BagIt bag (RFC 8493) in a zip, written as a stream."""

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from html import escape
from operator import or_
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

import orjson
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.kernel.classification import ACTIVITIES, GROUNDS, Classification, Keep, classification_of
from apps.kernel.durations import in_words
from apps.kernel.spreadsheets import neutral
from apps.kernel.trail import Action
from apps.privacy.disclosure import Shown, plain, schema_of, show
from apps.privacy.graph import Model
from apps.privacy.lock import lock_digest
from apps.privacy.subjects import Person, kind_value, rows_about, searched_models
from apps.privacy.wording import basis, category, field_name, value

EPOCH = (1980, 1, 1, 0, 0, 0)
IN_MEMORY = 1 << 20
STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}table{border-collapse:collapse;margin:1rem 0;width:100%}th,td{border:1px solid #767676;"
    "padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:break-word}th[scope=row]{width:14rem}"
    "caption{text-align:left;font-weight:bold;padding:.3rem 0}a{color:#0b4f9e}"
    "@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#8ab8ff}}"
    "@media print{body{max-width:none;margin:0;color:#000;background:#fff}a{color:#000}tr{break-inside:avoid}}"
)
NOT_KEPT = "This installation does not keep this kind of record yet."


@dataclass
class Bag:
    """A zip whose every file is hashed while it is written."""

    archive: zipfile.ZipFile
    root: str
    payload: dict[str, tuple[str, int]] = field(default_factory=dict)
    tags: dict[str, tuple[str, int]] = field(default_factory=dict)

    @contextmanager
    def open(self, path: str) -> Iterator[Any]:
        info = zipfile.ZipInfo(f"{self.root}/{path}", date_time=EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self.archive.open(info, "w", force_zip64=True) as stream:
            hashed = _Hashed(stream)
            yield hashed
        files = self.payload if path.startswith("data/") else self.tags
        files[path] = (hashed.digest.hexdigest(), hashed.size)

    def write(self, path: str, content: str | bytes) -> None:
        with self.open(path) as stream:
            stream.write(content if isinstance(content, bytes) else content.encode())

    def json(self, path: str, document: object) -> None:
        self.write(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS, default=plain))


class _Hashed:
    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest, self.size = stream, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)


@dataclass
class Report:
    """What the package holds, for its manifest and for the officer."""

    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    redacted: Counter[tuple[str, str]] = field(default_factory=Counter)
    withheld: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    portable: list[str] = field(default_factory=list)


def write_package(
    target: IO[bytes],
    person: Person,
    *,
    export: UUID | str,
    request: str = "",
    regime: str = "",
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Write everything that names the person into `target`. Run it under one snapshot.

    `progress` hears how many of how many models were searched.
    """
    report = Report()
    models = searched_models()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        bag = Bag(archive, f"dsar-{export}")
        pages: dict[str, Any] = {}
        for done, model in enumerate(models):
            if progress is not None:
                progress(done, len(models))
            _write_model(bag, person, model, report, pages)
        for key, page in sorted(pages.items()):
            _write_page(bag, key, page)
        _write_access_log(bag, person)
        for name in ("recipients", "consents", "decisions"):
            bag.write(f"data/{name}.jsonl", orjson.dumps({"empty": True, "reason": NOT_KEPT}) + b"\n")
        _write_summaries(bag, report, sorted(pages))
        _write_tags(bag, report, person, export=str(export), request=request, regime=regime)
    return report


def _write_model(bag: Bag, person: Person, model: Model, report: Report, pages: dict[str, Any]) -> None:
    declared = classification_of(model)
    label = model._meta.label_lower
    report.rows[label] = 0
    rows = rows_about(person, model)
    first = next(rows, None)
    if first is None or declared is None:
        return
    activity = declared.activity or "none"
    if activity not in pages:
        pages[activity] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    page = pages[activity]
    page.write(f"<h2>{escape(str(model._meta.verbose_name_plural))}</h2>\n".encode())
    path = f"data/records/{label}.jsonl"
    files: set[str] = set()
    portable = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    with bag.open(path) as stream:
        for found in _with_first(first, rows):
            shown = show(model, declared, found)
            stream.write(orjson.dumps(shown.line, default=plain) + b"\n")
            page.write(_table(model, shown).encode())
            _count(report, label, shown)
            files.update(shown.files)
            if shown.portable:
                portable.write(orjson.dumps({"_id": shown.line["_id"], **shown.portable}) + b"\n")
    report.bytes[label] = bag.payload[path][1]
    bag.json(f"data/schema/{label}.schema.json", schema_of(model, declared))
    with portable:
        _write_portable(bag, label, portable, report)
    for name in sorted(files - report.files):
        _write_file(bag, name, report)


def _with_first(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _count(report: Report, label: str, shown: Shown) -> None:
    report.rows[label] += 1
    report.redacted.update((label, name) for name in shown.redacted)
    report.withheld.update((label, name, why) for name, why in shown.withheld)


def _write_portable(bag: Bag, label: str, lines: Any, report: Report) -> None:
    if not lines.tell():
        return
    report.portable.append(label)
    columns: dict[str, None] = {}
    lines.seek(0)
    with bag.open(f"data/portability/{label}.jsonl") as stream:
        for line in lines:
            stream.write(line)
            columns.update(dict.fromkeys(orjson.loads(line)))
    lines.seek(0)
    with bag.open(f"data/portability/{label}.csv") as stream:
        stream.write(_csv_line(list(columns)))
        for line in lines:
            row = orjson.loads(line)
            stream.write(_csv_line([row.get(column) for column in columns]))


def _csv_line(cells: list[Any]) -> bytes:
    """A cell that a spreadsheet would run as a formula gets an apostrophe."""
    text = ["" if cell is None else cell if isinstance(cell, str) else orjson.dumps(cell).decode() for cell in cells]
    line = io.StringIO()
    csv.writer(line).writerow(neutral(cell) for cell in text)
    return line.getvalue().encode()


def _write_file(bag: Bag, name: str, report: Report) -> None:
    report.files.add(name)
    if not default_storage.exists(name):
        report.missing.append(safe_name(name))
        return
    with default_storage.open(name) as blob:
        digest = hashlib.file_digest(blob, "sha256").hexdigest()
        blob.seek(0)
        with bag.open(f"data/files/{digest}/{safe_name(name)}") as stream:
            while chunk := blob.read(1 << 16):
                stream.write(chunk)


def safe_name(name: str) -> str:
    """The last part of a path, of letters, digits, dots and dashes only."""
    return re.sub(r"[^\w.-]", "_", re.split(r"[/\\]", name)[-1]).lstrip(".")[:100] or "file"


def _write_access_log(bag: Bag, person: Person) -> None:
    """When somebody read or took the person's rows and for what purpose; who it was, as a role only (C-579/21)."""
    of_them = []
    for model, keys in person.keys.items():
        kind, rows = kind_value(AuditEvent, "content_type", model), sorted(map(str, keys))
        if rows:
            in_lists = reduce(or_, (Q(additional_data__contains={"ids": [key]}) for key in rows))
            of_them.append(Q(content_type=kind) & (Q(object_pk__in=rows) | in_lists))
    reads = AuditEvent.objects.using(person.using).filter(
        reduce(or_, of_them), action__in=(Action.ACCESS, Action.EXPORT)
    )
    with bag.open("data/access-log.jsonl") as stream:
        for entry in reads.order_by("timestamp", "id").values("timestamp", "action", "reason", "source").iterator():
            said = {
                "at": entry["timestamp"],
                "what": Action(entry["action"]).name.lower(),
                "purpose": entry["source"],
                "who": "staff",
            }
            stream.write(orjson.dumps(said) + b"\n")


def _write_summaries(bag: Bag, report: Report, activities: list[str]) -> None:
    redactions = [
        {"model": model, "field": name, "count": count, "ground": "A15-4"}
        for (model, name), count in sorted(report.redacted.items())
    ]
    withheld = [
        {"model": model, "field": name, "reason": why, "count": count}
        for (model, name, why), count in sorted(report.withheld.items())
    ]
    bag.json("data/redactions.json", redactions)
    bag.json("data/withheld.json", withheld)
    if report.missing:
        bag.json("data/files/missing.json", sorted(report.missing))
    bag.json("data/processing.jsonld", processing(activities))
    bag.write("data/index.html", _index(report, activities))


def processing(activities: list[str]) -> dict[str, Any]:
    """What Art. 15(1)(a)-(h) and (2) asks for, per activity, in the words of DPV 2.3."""
    context = {"dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#"}
    graph = [
        {
            "@id": f"urn:activity:{key}",
            "@type": "dpv:Process",
            "dpv:hasName": ACTIVITIES[key].title,
            "dpv:hasPurpose": ACTIVITIES[key].purpose,
            "dpv:hasLegalBasis": f"eu-gdpr:{ACTIVITIES[key].basis}",
            "dpv:hasPersonalData": categories_of(key),
            "dpv:hasStorageCondition": retention_of(key),
            "dpv:hasRecipient": list(ACTIVITIES[key].recipients),
            "dpv:hasDataTransfer": list(ACTIVITIES[key].transfers),
            "dpv:hasDataSource": sources_of(key),
            "dpv:hasRight": ["eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17", "eu-gdpr:A18", "eu-gdpr:A20", "eu-gdpr:A21"],
            "dpv:hasAutomatedDecisionMaking": "none declared",
        }
        for key in activities
        if key in ACTIVITIES
    ]
    return {"@context": context, "@graph": graph}


def _declared_under(key: str) -> Iterator[tuple[Model, Classification]]:
    for model in searched_models():
        declared = classification_of(model)
        if declared is not None and declared.activity == key:
            yield model, declared


def categories_of(key: str) -> list[str]:
    kinds = (kind for _, declared in _declared_under(key) for kind in declared.kinds().values() if kind.is_personal)
    return sorted({term for kind in kinds if (term := getattr(kind, "category", ""))})


def sources_of(key: str) -> list[str]:
    kinds = (kind for _, declared in _declared_under(key) for kind in declared.kinds().values() if kind.is_personal)
    return sorted({kind.source or kind.origin for kind in kinds})


def retention_of(key: str) -> list[str]:
    periods = {
        f"{in_words(declared.retention.keep)} from “{field_name(model, declared.retention.anchor)}” "
        f"({declared.retention.law})"
        for model, declared in _declared_under(key)
        if declared.retention
    }
    grounds = {
        kind.erase.ground
        for _, declared in _declared_under(key)
        for kind in declared.kinds().values()
        if isinstance(kind.erase, Keep)
    }
    return sorted(periods | {f"{in_words(GROUNDS[ground].keep)}: {GROUNDS[ground].law}" for ground in grounds})


def _html(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"</head><body><main><h1>{escape(title)}</h1>\n{body}</main>"
        "</body></html>\n"
    )


def _index(report: Report, activities: list[str]) -> str:
    rows = "".join(_activity_row(key) for key in activities)
    found = "".join(
        f"<tr><td>{escape(str(apps.get_model(label)._meta.verbose_name_plural))}</td><td>{count}</td></tr>"
        for label, count in sorted(report.rows.items())
        if count
    )
    zero = sum(not count for count in report.rows.values())
    return _html(
        "Your data",
        "<p>This is what we hold about you and how we use it. Each use below leads to a page with every record; "
        "the folder <code>records/</code> holds the same for computers.</p>"
        "<h2>What we do with your data</h2><table><caption>Uses</caption><thead><tr><th scope=col>Use</th>"
        "<th scope=col>Why</th><th scope=col>Kinds of data</th><th scope=col>How long</th>"
        f"<th scope=col>Who receives it</th></tr></thead><tbody>{rows}</tbody></table>"
        "<h2>Where we found you</h2><table><caption>Records</caption><thead><tr><th scope=col>Kind</th>"
        f"<th scope=col>Records</th></tr></thead><tbody>{found}</tbody></table>"
        f"<p>We also looked into {zero} other kinds of records and found nothing; manifest.json names them.</p>"
        f"<h2>What is not shown</h2><p>{sum(report.redacted.values())} values belong to other people and are marked as "
        f"such (Art. 15(4) GDPR). {sum(report.withheld.values())} texts must be read by a person first, because others "
        "may be named in them; withheld.json lists them, and you will hear about them.</p>"
        "<h2>Your rights</h2><ul><li>to have wrong data corrected (Art. 16)</li><li>to have data erased (Art. 17)</li>"
        "<li>to have its use restricted (Art. 18)</li><li>to take it with you: the folder portability/ (Art. 20)</li>"
        "<li>to object to its use (Art. 21)</li><li>to complain to the data protection authority where you live or "
        "work, or where you think something went wrong (Art. 77)</li></ul>",
    )


def _activity_row(key: str) -> str:
    known = ACTIVITIES.get(key)
    if known is None:
        return f'<tr><td><a href="activity/{escape(key)}.html">Other records</a></td>{"<td></td>" * 4}</tr>'
    cells = (
        f"{known.purpose} We may, because of {basis(known.basis)}.",
        ", ".join(map(category, categories_of(key))),
        "; ".join(retention_of(key)) or "as long as the use lasts",
        ", ".join(known.recipients) or "nobody outside",
    )
    link = f'<a href="activity/{escape(key)}.html">{escape(known.title)}</a>'
    return f"<tr><td>{link}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _table(model: Model, shown: Shown) -> str:
    cells = "".join(
        f"<tr><th scope=row>{escape(field_name(model, name))}</th><td>{escape(_said(model, name, entry))}</td></tr>"
        for name, entry in {**shown.line["fields"], **shown.line["_links"]}.items()
    )
    role = escape(shown.line["_role"])
    return f"<table><caption>{escape(shown.line['_id'])} — your role: {role}</caption><tbody>{cells}</tbody></table>\n"


def _said(model: Model, name: str, entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    if "redacted" in entry:
        return f"belongs to another person ({entry.get('role', '')})"
    return "held, never shown" if entry.get("held") else value(model, name, entry["v"])


def _write_page(bag: Bag, key: str, body: Any) -> None:
    known = ACTIVITIES.get(key)
    body.seek(0)
    head, _, tail = _html(known.title if known else "Other records", "\0").partition("\0")
    with bag.open(f"data/activity/{safe_name(key)}.html") as stream:
        stream.write(head.encode() + b'<p><a href="../index.html">Back to the summary</a></p>\n')
        while chunk := body.read(1 << 16):
            stream.write(chunk)
        stream.write(tail.encode())
    body.close()


def _write_tags(bag: Bag, report: Report, person: Person, *, export: str, request: str, regime: str) -> None:
    with connections[person.using].cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        [seen] = cursor.fetchone()
    files = [{"path": path, "sha256": digest, "bytes": size} for path, (digest, size) in sorted(bag.payload.items())]
    bag.write("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    octets = sum(size for _, size in bag.payload.values())
    day = timezone.now().date().isoformat()
    bag.write(
        "bag-info.txt",
        f"Bagging-Date: {day}\nPayload-Oxum: {octets}.{len(bag.payload)}\nExternal-Identifier: {export}\n",
    )
    bag.write("manifest-sha256.txt", _sums(bag.payload))
    bag.json(
        "manifest.json",
        {
            "export": export,
            "request": request,
            "regime": regime,
            "generated_at": timezone.now(),
            "snapshot": seen,
            "privacy_lock": lock_digest(),
            "models": {
                label: {"rows": count, "bytes": report.bytes.get(label, 0)}
                for label, count in report.rows.items()
                if count
            },
            "models_with_no_rows": sorted(label for label, count in report.rows.items() if not count),
            "models_not_searched": [],
            "files": files,
        },
    )
    bag.write("tagmanifest-sha256.txt", _sums(bag.tags))


def _sums(files: dict[str, tuple[str, int]]) -> str:
    return "".join(f"{digest}  {path}\n" for path, (digest, _) in sorted(files.items()))
