"""Paper: lines of text, tables and a chart on pages of a PDF, each with its tag for those who have it read to them.

Names come in many scripts and a PDF carries its fonts, so a character is taken from the first font that has it. What
none has is printed as a box.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFName, PDFObject, PDFString
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD, OTHERS = "DejaVuSans", "DejaVuSans-Bold", "DroidSansFallbackFull"
BOX = "□"
WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 45, WIDTH - 45, HEIGHT - 60, 50
LEADING = 1.4
GREY, BLACK, BLUE = 0.38, 0, (0.31, 0.27, 0.9)
CHART, FEWEST_BARS = 90, 30


class Glyph(NamedTuple):
    char: str
    font: str
    width: float
    """Of a size of 1."""


class Run(NamedTuple):
    text: str
    font: str = PLAIN


class Style(NamedTuple):
    tag: str = "P"
    size: float = 9
    grey: float = BLACK
    after: float = 4


Line = Sequence[Glyph]


@cache
def _font(name: str) -> TTFont:
    font = TTFont(name, str(FONTS / f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return font


@cache
def _glyph(char: str, font: str) -> Glyph:
    code = ord(char)
    for name in (font, PLAIN, OTHERS):
        face = _font(name).face
        if code in face.charToGlyph:
            return Glyph(char, name, face.charWidths[code] / 1000)
    return _glyph(BOX, font)


def _glyphs(runs: Iterable[Run]) -> list[Glyph]:
    """Without what is no character: controls, and marks that would turn the order of what follows."""
    return [
        _glyph(" " if char.isspace() else char, font)
        for text, font in runs
        for char in text
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf"}
    ]


def lines(runs: Iterable[Run], width: float, size: float) -> list[Line]:
    """Broken after spaces and between the characters of scripts that have none; a long word where it must be."""
    glyphs = _glyphs(runs)
    found: list[Line] = []
    start = end = 0
    taken = 0.0
    for place, glyph in enumerate(glyphs):
        taken += glyph.width * size
        if taken > width and glyph.char != " " and place > start:
            end = end if end > start else place
            found.append(glyphs[start:end])
            start = end
            taken = sum(each.width for each in glyphs[start : place + 1]) * size
        if glyph.char == " " or glyph.font == OTHERS:
            end = place + 1
    return [*found, glyphs[start:]]


class Tag(PDFObject):
    """A node of the tree in which a PDF says what its marks on paper are."""

    __RefOnly__ = 1

    def __init__(self, kind: str, parent: "Tag | PDFObject", alt: str = "") -> None:
        self.kind, self.parent, self.alt = kind, parent, alt
        self.kids: list[Tag | tuple[PDFObject, int]] = []

    def format(self, document: PDFDocument) -> bytes:
        kids = (kid if isinstance(kid, Tag) else _marked(*kid) for kid in self.kids)
        said = {"Type": PDFName("StructElem"), "S": PDFName(self.kind), "P": self.parent, "K": PDFArray(list(kids))}
        if self.alt:
            said["Alt"] = PDFString(self.alt)
        if self.kind == "TH":
            said["A"] = PDFDictionary({"O": PDFName("Table"), "Scope": PDFName("Column")})
        return bytes(PDFDictionary(said).format(document))


def _marked(page: PDFObject, number: int) -> PDFDictionary:
    return PDFDictionary({"Type": PDFName("MCR"), "Pg": page, "MCID": number})


class Root(PDFDictionary):
    __RefOnly__ = 1


class Paper:
    def __init__(self, stream: IO[bytes], title: str, above: str) -> None:
        for name in (PLAIN, BOLD):
            _font(name)
        self._canvas = Canvas(
            stream, pagesize=A4, pageCompression=1, pdfVersion=(1, 7), initialFontName=PLAIN, lang="en"
        )
        self._canvas.setTitle(title)
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self._above = [*lines([Run(title, BOLD)], RIGHT - LEFT, 8)[:1], *lines([Run(above)], RIGHT - LEFT, 7)[:1]]
        self._root = Root({"Type": PDFName("StructTreeRoot")})
        self._top = Tag("Document", self._root)
        self._marks: list[list[Tag]] = [[]]
        self._waiting: list[tuple[Tag, int]] = []
        self._y = TOP

    def heading(self, text: str, level: int) -> None:
        size = {1: 18, 2: 13, 3: 10}[level]
        self._y -= size
        self._room(size * 6)
        if level > 1:
            key = f"h{len(self._marks)}-{self._y:.0f}"
            self._canvas.bookmarkHorizontal(key, 0, self._y + size)
            self._canvas.addOutlineEntry(text, key, level - 2)
        self.paragraph([Run(text, BOLD)], Style(f"H{level}", size, after=5))

    def paragraph(self, runs: Iterable[Run], style: Style = Style()) -> None:  # noqa: B008
        """It goes on on the next page where this one ends."""
        left = lines(runs, RIGHT - LEFT, style.size)
        tag = self._tag(style.tag)
        while left:
            self._room(style.size * LEADING)
            fitting = max(int((self._y - BOTTOM) / (style.size * LEADING)), 1)
            self._put(tag, left[:fitting], LEFT, self._y, style)
            self._y -= min(fitting, len(left)) * style.size * LEADING
            left = left[fitting:]
        self._y -= style.after

    def table(
        self, caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], shares: Sequence[float]
    ) -> None:
        """`shares` are the parts of the width that the columns take. The headings stand on every page again."""
        table = self._tag("Table")
        style = Style("TD", 8)
        head = [
            lines([Run(text, BOLD)], share * (RIGHT - LEFT) - 8, 8)
            for text, share in zip(headings, shares, strict=True)
        ]
        self._room(70)
        self._put(
            self._tag("Caption", table), lines([Run(caption)], RIGHT - LEFT, 8), LEFT, self._y, Style(size=8, grey=GREY)
        )
        self._y -= 8 * LEADING + 4
        self._row(self._tag("TR", table), head, shares, style._replace(tag="TH"))
        for row in rows:
            cells = [lines([Run(text)], share * (RIGHT - LEFT) - 8, 8) for text, share in zip(row, shares, strict=True)]
            if self._y - _height(cells) < BOTTOM:
                self._next()
                self._row(None, head, shares, style)
            self._row(self._tag("TR", table), cells, shares, style)
        self._y -= 10

    def chart(self, numbers: Sequence[int], says: str) -> None:
        self._room(CHART + 10)
        highest, step = max(numbers), (RIGHT - LEFT) / max(len(numbers), FEWEST_BARS)
        figure = self._tag("Figure")
        figure.alt = says
        self._begin(figure)
        self._canvas.setFillColorRGB(*BLUE)
        for place, number in enumerate(numbers):
            height = CHART * number / highest
            self._canvas.rect(LEFT + place * step, self._y - CHART, max(step * 0.8, 0.3), height, stroke=0, fill=1)
        self._end()
        self._y -= CHART + 8

    def save(self) -> None:
        self._close()
        catalog = self._canvas._doc.Catalog
        catalog.MarkInfo = PDFDictionary({"Marked": "true"})
        numbers = [part for page, marks in enumerate(self._marks) for part in (page, PDFArray(marks))]
        self._root["K"] = PDFArray([self._top])
        self._root["ParentTree"] = PDFDictionary({"Nums": PDFArray(numbers)})
        catalog.StructTreeRoot = self._root
        self._canvas.save()

    def _tag(self, kind: str, parent: Tag | None = None) -> Tag:
        tag = Tag(kind, parent or self._top)
        (parent or self._top).kids.append(tag)
        return tag

    def _room(self, height: float) -> None:
        if self._y - height < BOTTOM:
            self._next()

    def _next(self) -> None:
        self._close()
        self._marks.append([])
        self._y = TOP

    def _close(self) -> None:
        """The page with what stands on each: the report above and its number below."""
        self._begin(None)
        for place, line in enumerate(self._above):
            self._draw([line], LEFT, HEIGHT - 28 - place * 11, Style(size=8 - place, grey=GREY))
        self._draw(lines([Run(str(len(self._marks)))], 100, 8), RIGHT - 12, 28, Style(size=8, grey=GREY))
        self._end()
        self._canvas.showPage()
        page = self._canvas._doc.Pages[-1]
        page.__Defaults__ = {**page.__Defaults__, "StructParents": len(self._marks) - 1, "Tabs": PDFName("S")}
        for tag, number in self._waiting:
            tag.kids.append((page, number))
        self._waiting = []

    def _row(self, tag: Tag | None, cells: Sequence[list[Line]], shares: Sequence[float], style: Style) -> None:
        """Headings that are repeated have no tag: they were read before."""
        x = float(LEFT)
        for cell, share in zip(cells, shares, strict=True):
            self._put(self._tag(style.tag, tag) if tag else None, cell, x, self._y, style)
            x += share * (RIGHT - LEFT)
        self._y -= _height(cells)
        self._begin(None)
        self._canvas.setStrokeGray(0.8)
        self._canvas.line(LEFT, self._y + 9, RIGHT, self._y + 9)
        self._end()

    def _put(self, tag: Tag | None, drawn: Sequence[Line], x: float, y: float, style: Style) -> None:
        self._begin(tag)
        self._draw(drawn, x, y, style)
        self._end()

    def _begin(self, tag: Tag | None) -> None:
        if tag is None:
            self._canvas._code.append("/Artifact BMC")
            return
        marks = self._marks[-1]
        self._canvas._code.append(f"/{tag.kind} <</MCID {len(marks)}>> BDC")
        self._waiting.append((tag, len(marks)))
        marks.append(tag)

    def _end(self) -> None:
        self._canvas._code.append("EMC")

    def _draw(self, drawn: Sequence[Line], x: float, y: float, style: Style) -> None:
        self._canvas.setFillGray(style.grey)
        text = self._canvas.beginText(x, y)
        text.setLeading(style.size * LEADING)
        for line in drawn:
            for font, said in _same(line):
                text.setFont(font, style.size, style.size * LEADING)
                text.textOut(said)
            text.textLine("")
        self._canvas.drawText(text)


def _same(line: Line) -> Iterator[tuple[str, str]]:
    """Neighbours of one font."""
    font, said = "", ""
    for glyph in line:
        if glyph.font != font and said:
            yield font, said
            said = ""
        font, said = glyph.font, said + glyph.char
    if said:
        yield font, said


def _height(cells: Iterable[Sequence[Line]]) -> float:
    return max(len(cell) for cell in cells) * 8 * LEADING + 5
