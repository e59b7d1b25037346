"""The readable report: what it covers, what proves it, and every entry as a sentence."""

import io
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.document import About, TooMuchForPaper, pdf, write_html, write_pdf
from apps.audit.document import html as page_module
from apps.audit.document.html import POLICY
from apps.audit.document.paper import Run, lines
from apps.audit.models import AuditCheckpoint, AuditEvent
from apps.audit.redaction import redact_person
from apps.kernel.trail import Action, Context, acting, because, record
from tests.audit.papers import text_of
from tests.audit.sealing import seal_everything
from tests.sample.models import Person

pytestmark = pytest.mark.django_db
ODD = "<script>alert(1)</script> & 'Ñuñez' Łukasz 山田"


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.words.append("\n" if tag in {"p", "li", "dt", "dd", "tr", "th", "h2"} else "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def sentences(self) -> list[str]:
        listed = self.text.split("position is that of the entry in the sealed log.")[1]
        return [line for line in listed.split("\n") if line.strip() and " UTC · " not in line]


def about(**changes) -> About:
    said = {
        "title": "What happened to people",
        "since": None,
        "until": None,
        "scope": (("Kind", "sample.person"),),
        "asked_by": "Olga Officer",
        "made_at": timezone.now(),
    }
    return About(**{**said, **changes})


def html(entries, **changes) -> str:
    stream = io.BytesIO()
    write_html(stream, entries, about(**changes))
    return stream.getvalue().decode()


@pytest.fixture
def nancy(make_user):
    return make_user("sample-manager", name="Nancy Davolio")


@pytest.fixture
def renamed(unit, nancy) -> Person:
    with acting(Context(source="admin", actor=nancy.pk, request_id="request-7", address="192.0.2.7")):
        person = Person.objects.create(unit=unit, number="P-1", name="Ada")
        with because("asked by letter"):
            person.name = ODD
            person.save()
    return person


def test_an_entry_is_a_sentence_with_its_actor_its_record_and_its_reason(renamed):
    page = Page(html(AuditEvent.objects.of(renamed)))

    assert page.sentences == [
        "Nancy Davolio created person P-1: unit North; number P-1; name Ada",
        f"Nancy Davolio changed name of person P-1 from Ada to {ODD} — reason: asked by letter",
    ]
    assert page.text.count(" · not sealed yet · admin · request request-7") == 2


def test_what_a_customer_is_called_is_text_and_the_page_runs_and_loads_nothing(renamed):
    written = html(AuditEvent.objects.of(renamed), title=ODD, asked_by=ODD, scope=((ODD, ODD),))

    page = Page(written)
    assert not {"script", "link", "img", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    assert not [name for _, said in page.tags for name in said if name in {"style", "src"} or name.startswith("on")]
    assert {said["href"][0] for tag, said in page.tags if tag == "a"} == {"#"}
    [policy] = [said["content"] for _, said in page.tags if said.get("http-equiv") == "Content-Security-Policy"]
    assert policy == POLICY
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_tables_have_captions_and_headings_and_headings_have_an_order(renamed):
    page = Page(html(AuditEvent.objects.all()))

    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption") == 6
    assert {said.get("scope") for tag, said in page.tags if tag == "th"} == {"col", "row"}
    assert [tag for tag in tags if re.fullmatch("h[1-6]", tag)] == ["h1", "h2", "h2", "h2", "h3", "h2", "h2"]


def test_the_page_says_who_asked_when_and_for_what(renamed):
    since, made = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    text = Page(html(AuditEvent.objects.of(renamed), since=since, made_at=made)).text

    assert "from 2026-11-01 00:00:00 UTC to the last" in text
    assert "Olga Officer" in text
    assert "2026-11-21 09:30:00 UTC" in text
    assert "sample.person" in text


def test_every_table_is_named_with_its_reason(renamed):
    text = Page(html(AuditEvent.objects.none())).text

    assert "sample_persontracked" in text
    assert "django_sessionexempt: A browser's memory" in text


def test_an_empty_period_is_a_page_of_no_entries(renamed):
    page = Page(html(AuditEvent.objects.between(None, datetime(2001, 1, 1, tzinfo=UTC))))

    assert page.sentences == []
    assert "Nothing happened in this period and scope" in page.text
    assert "svg" not in {tag for tag, _ in page.tags}


def test_counts_name_kinds_actions_and_actors(renamed, nancy):
    text = Page(html(AuditEvent.objects.of(renamed))).text

    for row in ("person (sample.person)2", "changed1", "created1", "Nancy Davolio2"):
        assert f"\n{row}" in text.replace("\n\n", "\n")


def test_acts_are_sentences_too(nancy, renamed):
    with acting(Context(source="api", actor=nancy.pk)):
        record(Action.ACCESS, model="sample.person", details={"count": 3})
        details = {"permission": "sample.close_person"}
        record(Action.REFUSED, model="sample.person", objects=["no such key"], details=details)
        record(Action.LOGIN, model="accounts.user", objects=[nancy.pk])

    page = Page(html(AuditEvent.objects.filter(action__in=[Action.ACCESS, Action.REFUSED, Action.LOGIN])))

    assert page.sentences == [
        "Nancy Davolio read persons",
        "Nancy Davolio was refused sample.close_person on person …such key",
        "Nancy Davolio signed in",
    ]
    assert " · count: 3" in page.text


@pytest.mark.django_db(transaction=True)
def test_a_sealed_page_names_its_checkpoint_its_tail_and_what_was_erased(renamed, nancy):
    seal_everything()
    redact_person([renamed.pk], ground="Art. 17(1)(a) GDPR")
    size = AuditCheckpoint.objects.latest("id").size

    page = Page(html(AuditEvent.objects.of(renamed), made_at=timezone.now() + timedelta(minutes=5)))

    gone = f"erased on {timezone.now():%-d %b %Y}"
    assert page.sentences == [
        f"Nancy Davolio created person P-1: unit North; number P-1; email ({gone}); name ({gone})",
        f"Nancy Davolio changed person P-1: name ({gone}) — reason: {gone}",
    ]
    assert f"{size} sealed entries" in page.text
    assert "Entries of the whole trail: 1, the oldest written at " in page.text
    assert "5\xa0minutes before this report" in page.text
    assert AuditCheckpoint.objects.latest("id").note.split("\n")[2] in page.text
    assert "python3 verify.py BUNDLE --vkey " in page.text


def test_paper_says_the_same_in_every_script(renamed):
    stream = io.BytesIO()

    count = write_pdf(stream, AuditEvent.objects.of(renamed), about(title="Łukasz' own"))

    text = text_of(stream.getvalue())
    assert count == 2
    assert f"Nancy Davolio changed name of person P-1 from Ada to {ODD} — reason: asked by letter" in text
    assert "sample_persongrant tracked" in text
    assert text.count("Łukasz' own") == 1 + stream.getvalue().count(b"/Type /Page\n")


def test_paper_is_tagged_for_those_who_have_it_read_to_them(renamed):
    stream = io.BytesIO()

    write_pdf(stream, AuditEvent.objects.of(renamed), about())

    written = stream.getvalue()
    assert b"/MarkInfo" in written
    kinds = Counter(re.findall(rb"/S /(\w+)", written))
    assert (kinds[b"H1"], kinds[b"Table"], kinds[b"Caption"], kinds[b"TH"]) == (1, 6, 6, 12)
    assert written.count(b"/Scope /Column") == 12
    assert b"/Alt (Entries from" in written
    assert b"/Lang" in written


def test_what_no_font_holds_is_a_box_and_what_would_turn_the_line_is_gone():
    said = "".join(glyph.char for line in lines([Run("a\u202eb\x00c\td\u0e01\U0001f9ff")], 500, 9) for glyph in line)

    assert said == "abc d□□"


def test_a_long_word_is_broken_where_it_must_be_and_others_are_not():
    broken = lines([Run("short " + "x" * 200 + " 山田山田山田")], 300, 9)

    assert "".join(glyph.char for line in broken for glyph in line) == "short " + "x" * 200 + " 山田山田山田"
    assert max(sum(glyph.width * 9 for glyph in line) for line in broken) <= 300 + 9
    assert "".join(glyph.char for glyph in broken[0]) == "short "


def test_what_is_too_much_for_paper_is_refused_and_nothing_is_written(renamed, monkeypatch):
    monkeypatch.setattr(pdf, "ON_PAPER", 1)
    stream = io.BytesIO()

    with pytest.raises(TooMuchForPaper, match=r"10,000 entries.*HTML.*CSV"):
        write_pdf(stream, AuditEvent.objects.of(renamed), about())

    assert stream.getvalue() == b""


def test_a_page_lists_so_many_as_a_browser_opens_and_says_so(renamed, monkeypatch):
    monkeypatch.setattr(page_module, "MOST", 1)

    page = Page(html(AuditEvent.objects.of(renamed)))

    assert len(page.sentences) == 1
    assert "The first 1 of 2 entries are listed." in page.text


@pytest.mark.parametrize("write", [write_html, write_pdf])
def test_many_entries_cost_as_many_queries_as_few(renamed, unit, nancy, write):
    def queries(entries) -> int:
        with CaptureQueriesContext(connection) as found:
            write(io.BytesIO(), entries, about())
        return len(found)

    queries(AuditEvent.objects.filter(content_type__model="person"))
    few = queries(AuditEvent.objects.filter(content_type__model="person"))
    with acting(Context(source="admin", actor=nancy.pk)):
        Person.objects.bulk_create(Person(unit=unit, number=f"N-{n}", name=f"Name {n}") for n in range(50))

    assert queries(AuditEvent.objects.filter(content_type__model="person")) == few
