"""Every who, record and request of a sentence is a link to its timeline."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audit import timeline
from apps.audit.models import AuditEvent


def record_link(event: AuditEvent, text: str) -> SafeString | str:
    kind = timeline.kind_of(event)
    if not event.object_pk:
        return text
    name = f"{kind.app_label}.{kind.model}"
    return _link(reverse("admin:audit_record", args=[name, quote(event.object_pk)]), text)


def moment_link(event: AuditEvent, text: str) -> SafeString | str:
    """What the record was right before the entry, beside what it was then."""
    kind = timeline.kind_of(event)
    address = reverse("admin:audit_moment", args=[f"{kind.app_label}.{kind.model}", quote(event.object_pk)])
    before = event.timestamp - timedelta(microseconds=1)
    said = urlencode({"at": before.isoformat(), "beside": event.timestamp.isoformat()})
    return _link(f"{address}?{said}", text)


def actor_link(event: AuditEvent, text: str) -> SafeString | str:
    return text if event.actor_id is None else _link(reverse("admin:audit_actor", args=[event.actor_id]), text)


def subject_link(event: AuditEvent) -> SafeString | str:
    if event.subject is None:
        return "–"
    return _link(reverse("admin:audit_subject", args=[event.subject]), str(event.subject))


def request_link(event: AuditEvent, text: str = "") -> SafeString | str:
    return _link(reverse("admin:audit_request", args=[event.cid]), text or event.cid) if event.cid else "–"


def batch_link(event: AuditEvent) -> SafeString | str:
    return _link(reverse("admin:audit_batch", args=[event.batch]), event.batch) if event.batch else "–"


def linked(sentence: timeline.Sentence) -> SafeString:
    """The sentence with its links, without the reason."""
    event = sentence.told.event
    words: dict[str, str] = {name: format_html('<b class="said">{}</b>', said) for name, said in sentence.words.items()}
    words |= {
        "who": actor_link(event, sentence.words["who"]),
        "what": record_link(event, sentence.words["what"]),
    }
    # One piece, which a narrow list does not tear apart.
    return format_html("<span>{}</span>", format_html(sentence.form, **words))


def _link(address: str, text: str) -> SafeString:
    return format_html('<a class="told" href="{}">{}</a>', address, text)
