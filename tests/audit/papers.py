"""The words of a PDF that reportlab wrote, in the order in which they were put on paper."""

import base64
import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*)endstream", re.DOTALL)
DRAWN = re.compile(rb"/(F\d+\+\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj|(T\*|EMC)", re.DOTALL)
CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """Lines of one paragraph are joined, cells and paragraphs are set apart by a space."""
    objects = {int(number): content for number, content in OBJECT.findall(pdf)}
    fonts = {name: _characters(objects, int(number)) for name, number in re.findall(rb"/(F\d+\+\d+) (\d+) 0 R", pdf)}
    said = []
    for content in objects.values():
        if b"stream" in content and b"BDC" in (drawn := _stream(content)):
            said += list(_said(drawn, fonts))
    return " ".join("".join(said).split())


def _said(drawn: bytes, fonts: dict[bytes, dict[int, str]]):
    font: dict[int, str] = {}
    for name, codes, end in DRAWN.findall(drawn):
        if name:
            font = fonts[name]
        elif end:
            yield " " if end == b"EMC" else ""
        else:
            yield "".join(font[code] for code in ESCAPED.sub(_plain, codes))


def _plain(found: re.Match[bytes]) -> bytes:
    escaped = found.group(1)
    return (
        bytes([int(escaped, 8)]) if escaped.isdigit() else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(escaped, escaped)
    )


def _stream(content: bytes) -> bytes:
    found = STREAM.search(content)
    assert found
    raw = found.group(1).strip()
    if b"ASCII85" in content:
        raw = base64.a85decode(raw.removesuffix(b"~>"))
    return zlib.decompress(raw) if b"Flate" in content else raw


def _characters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    found = re.search(rb"/ToUnicode (\d+) 0 R", objects[font])
    assert found
    pairs = re.findall(rb"<([0-9A-Fa-f]{2})> <([0-9A-Fa-f]{4,8})>", _stream(objects[int(found.group(1))]))
    return {int(code, 16): bytes.fromhex(said.decode()).decode("utf-16-be") for code, said in pairs}
