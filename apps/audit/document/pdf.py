"""The report on paper, for files and for signatures."""

from datetime import UTC
from typing import IO

from django.contrib.humanize.templatetags.humanize import intcomma
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
from apps.audit.document.paper import BOLD, GREY, PLAIN, Paper, Run, Style
from apps.audit.document.promises import PROMISES
from apps.audit.document.sentences import BLOCK, Piece, Said, sentences
from apps.audit.models import AuditCheckpoint
from apps.audit.progress import Progress, silent
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.errors import BusinessError


class TooMuchForPaper(BusinessError):
    """A report on paper holds at most 10,000 entries. Narrow it, or take it as a page (HTML) or as CSV."""

    code = "too_much_for_paper"


def write_pdf(
    stream: IO[bytes],
    entries: AuditEventQuerySet,
    about: About,
    checkpoint: AuditCheckpoint | None = None,
    progress: Progress = silent,
) -> int:
    """As `write_html`; what is too long for paper is refused before anything is written."""
    if entries.order_by()[: ON_PAPER + 1].count() > ON_PAPER:
        raise TooMuchForPaper
    with timezone.override(UTC), translation.override("en"):
        progress(0, None, _("counting the entries"))
        content = gather(entries, about, checkpoint or AuditCheckpoint.objects.order_by("-id").first())
        root = _("Root %s") % content.seal.root if content.seal else str(UNSEALED)
        paper = Paper(stream, about.title, root)
        _before(paper, content)
        count = 0
        for entry in sentences(entries, ON_PAPER):
            _entry(paper, entry)
            count += 1
            if count % BLOCK == 0:
                progress(count, content.entries, _("writing the paper"))
        progress(count, content.entries, _("binding the paper"))
        paper.save()
    return count


def _before(paper: Paper, content: Content) -> None:
    paper.heading(content.about.title, 1)
    _facts(paper, content.head)
    paper.heading(_("Proof"), 2)
    paper.paragraph([Run(str(RENDERING))])
    _facts(paper, content.proof or [("", str(UNSEALED))])
    paper.heading(_("What can be proved, and what cannot"), 2)
    promises = [(str(can), str(cannot)) for can, cannot in PROMISES]
    caption = _("Of the sealed trail, with a bundle and a checkpoint that was kept elsewhere")
    paper.table(caption, (_("Can be proved"), _("Cannot be proved")), promises, (0.5, 0.5))
    _counts(paper, content)
    paper.heading(_("Coverage"), 2)
    paper.paragraph([Run(content.covered), Run(f" {content.faults}", BOLD)])
    tables = [(table.table, state_of(table)) for table in content.tables]
    paper.table(_("Every table of the database"), (_("Table"), _("State")), tables, (0.35, 0.65))
    if aside := content.about.aside:
        paper.heading(aside.caption, 2)
        paper.paragraph([Run(aside.basis, BOLD)])
        paper.table(aside.caption, aside.headings, aside.rows, [1 / len(aside.headings)] * len(aside.headings))
    paper.heading(_("Entries"), 2)
    paper.paragraph([Run(str(ORDER))])


def _counts(paper: Paper, content: Content) -> None:
    paper.heading(_("Counts"), 2)
    if not content.entries:
        paper.paragraph([Run(str(NOTHING))])
        return
    first, last = content.by_time[0].name, content.by_time[-1].name
    said = _("Entries from %(first)s to %(last)s. The highest bar is %(highest)s; the table below has the numbers.")
    shown = said % {"first": first, "last": last, "highest": intcomma(content.highest)}
    paper.chart([each.number for each in content.by_time], shown)
    paper.paragraph([Run(shown)], Style(size=8, grey=GREY))
    for caption, heading, rows in content.counts:
        numbers = [(row.name, intcomma(row.number)) for row in rows]
        paper.table(caption, (heading, _("Entries")), numbers, (0.8, 0.2))


def _facts(paper: Paper, facts: list[tuple[str, str]]) -> None:
    for name, value in facts:
        paper.paragraph([Run(f"{name}  " if name else "", BOLD), Run(value)], Style(after=1))


def _entry(paper: Paper, entry: Said) -> None:
    paper.paragraph([_run(piece) for piece in entry.pieces], Style(after=0))
    where = [moment(entry.at), *entry.place, *entry.details]
    paper.paragraph([Run(" · ".join(where))], Style(size=7, grey=GREY, after=6))


def _run(piece: Piece) -> Run:
    return Run(piece.text, BOLD if piece.kind in {"who", "field"} else PLAIN)
