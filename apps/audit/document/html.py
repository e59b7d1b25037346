"""The report as one page that needs nothing else: no script, no other file, no network."""

import base64
from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from html import escape
from itertools import islice
from pathlib import Path
from typing import IO

from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.audit.document.content import (
    NOTHING,
    ON_PAPER,
    ORDER,
    RENDERING,
    UNSEALED,
    About,
    Content,
    gather,
    moment,
    state_of,
)
from apps.audit.document.promises import PROMISES
from apps.audit.document.sentences import BLOCK, Said, sentences
from apps.audit.models import AuditCheckpoint
from apps.audit.progress import Progress, silent
from apps.audit.querysets import AuditEventQuerySet

MOST = 100_000
"""A browser opens a page of so many entries in a few seconds. The others are counted and not listed."""
STYLE = (Path(__file__).parent / "report.css").read_text()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'"
)
HERE = "<!-- entries -->"
MARKS = {
    "": "%s",
    "who": "<strong><bdi>%s</bdi></strong>",
    "field": "<em>%s</em>",
    "value": "<bdi>%s</bdi>",
}
HEIGHT, STEP, FEWEST_BARS = 100, 10, 30


@dataclass(frozen=True)
class Bar:
    """Numbers as SVG writes them, which is not as people read them."""

    x: str
    y: str
    height: str
    said: str


def write_html(
    stream: IO[bytes],
    entries: AuditEventQuerySet,
    about: About,
    checkpoint: AuditCheckpoint | None = None,
    progress: Progress = silent,
) -> int:
    """Write the page and return how many entries it lists. The newest checkpoint proves it when none is given.

    That somebody took it is entered into the trail by the caller, who knows to whom it goes.
    """
    with timezone.override(UTC), translation.override("en"):
        progress(0, None, _("counting the entries"))
        content = gather(entries, about, checkpoint or AuditCheckpoint.objects.order_by("-id").first())
        total = min(content.entries, MOST)
        before, after = _page(content).split(HERE)
        stream.write(before.encode())
        count = 0
        told = sentences(entries, MOST)
        while block := list(islice(told, BLOCK)):
            stream.write("".join(map(_item, block)).encode())
            count += len(block)
            progress(count, total, _("writing the page"))
        stream.write(after.encode())
    return count


def _item(entry: Said) -> str:
    """Not a template: one of Django's takes five times as long for each of a hundred thousand."""
    said = "".join(MARKS[piece.kind] % escape(piece.text) for piece in entry.pieces)
    at = f'<time datetime="{entry.at.isoformat()}">{moment(entry.at)}</time>'
    below = " · ".join([at, *map(escape, entry.place), *(f"<bdi>{escape(each)}</bdi>" for each in entry.details)])
    return f'<li><p>{said}</p>\n<p class="meta">{below}</p></li>\n'


def _page(content: Content) -> str:
    return render_to_string(
        "audit/document/report.html",
        {
            "content": content,
            "most": MOST if content.entries > MOST else None,
            "no_paper": ON_PAPER if content.entries > ON_PAPER else None,
            "promises": PROMISES,
            "tables": [(table.table, state_of(table)) for table in content.tables],
            "said": {"rendering": RENDERING, "unsealed": UNSEALED, "nothing": NOTHING, "order": ORDER},
            "bars": _bars(content),
            "width": str(max(len(content.by_time), FEWEST_BARS) * STEP),
            "policy": POLICY,
            "style": STYLE,
        },
    )


def _bars(content: Content) -> list[Bar]:
    highest = content.highest
    heights = [each.number * HEIGHT / highest for each in content.by_time]
    return [
        Bar(str(n * STEP), f"{HEIGHT - height:.1f}", f"{height:.1f}", f"{each.name}: {intcomma(each.number)}")
        for n, (each, height) in enumerate(zip(content.by_time, heights, strict=True))
    ]
