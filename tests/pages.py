"""A page as a browser has it: what its form sends when nothing, or something, is typed."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse


class _Form(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside = form, False
        self.sent: dict[str, Any] = {}
        self.area = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("id") == self.form
        elif self.inside and tag == "option" and "selected" in said:
            self.sent[self.select] = said.get("value", "")
        elif self.inside and "name" in said:
            self._field(tag, said)

    def _field(self, tag: str, said: dict[str, str]) -> None:
        if tag == "select":
            self.select = said["name"]
        elif tag == "textarea":
            self.area, self.sent[said["name"]] = said["name"], ""
        elif said.get("type") in {"checkbox", "radio"}:
            if "checked" in said:
                self.sent[said["name"]] = said.get("value", "on")
        elif tag == "input" and said.get("type") not in {"submit", "file"}:
            self.sent[said["name"]] = said.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""


def sends(page: HttpResponse, form: str) -> dict[str, Any]:
    """`sends(client.get(url), "customer_form")`: what the form sends as it stands, without the empty rows."""
    reader = _Form(form)
    reader.feed(page.content.decode())
    return {name: value for name, value in reader.sent.items() if "__prefix__" not in name}
