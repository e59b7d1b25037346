"""Whatever stands in the headers, the answer is a refusal with its reason or the usual one, and never a crash."""

import pytest

from tests.sample.models import Person

LONG = "x" * 100_000
BYTES = "\xff\xfe\x80"
"""As a server hands bytes over that are no text."""
REFUSED = {
    "Authorization": (401, [LONG, f"Bearer {LONG}", f"Bearer stw_{BYTES}", "Bearer stw_x, Bearer stw_y", "Bearer", ""]),
    "Accept": (406, [LONG, BYTES, "text/html", "application", "application/xml;q=nothing", "image/*, /"]),
    "Content-Type": (415, [LONG, BYTES, "/", ";", "application/json2", "text/plain, application/json"]),
    "If-Match": (412, [LONG, BYTES, "", '"', 'W/""', ",,,", "* *", '"1" "2"', f'"{"9" * 5_000}"']),
}
CALLS = [
    (method, name, value, status)
    for name, (status, values) in REFUSED.items()
    for value in values
    for method in ("PATCH", "DELETE", "GET")
    if not (method == "GET" and name in {"Content-Type", "If-Match"}) and (method, name) != ("DELETE", "Content-Type")
]
HARMLESS = {
    "Accept-Encoding": [LONG, BYTES, "identity;q=x", ",,;"],
    "Accept-Language": [LONG, BYTES, "de-" * 200, "*;q=9"],
    "Cookie": [LONG, BYTES, "sessionid=\xff", "sessionid=a; sessionid=b", "=;=;="],
    "Forwarded": [LONG, BYTES],
    "If-Modified-Since": [LONG, BYTES, "yesterday", "Mon, 99 Foo 99999 99:99:99 GMT"],
    "If-None-Match": [LONG, BYTES, '"', "W/", ",,,"],
    "Origin": [LONG, BYTES, "null"],
    "Range": [LONG, BYTES, "bytes=9-1", "lines=1"],
    "X-Forwarded-For": [LONG, BYTES, "1.2.3.4, , ::::"],
    "X-HTTP-Method-Override": ["DELETE"],
    "X-Request-ID": [LONG, BYTES, "a\tb", ""],
}


@pytest.fixture
def person(unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada")


def test_a_header_that_cannot_be_understood_is_refused_and_nothing_changes(client, writer, person):
    wrong = []
    for method, name, value, status in CALLS:
        headers = {"If-Match": "*", name: value}
        content_type = headers.pop("Content-Type", "application/json")
        path = f"/api/v1/sample/people/{person.pk}/"
        caller = client if name == "Authorization" else writer
        answer = caller.generic(method, path, b'{"name": "Eve"}', content_type, headers=headers)
        is_problem = answer.headers.get("Content-Type") == "application/problem+json" and answer.json()["code"]
        if answer.status_code != status or not is_problem:
            wrong.append(f"{method} {name}: {value[:30]!r}: {answer.status_code} {answer.text[:200]}")

    assert wrong == [], "\n".join(wrong)
    assert list(Person.objects.values_list("pk", "name")) == [(person.pk, "Ada")]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_header_that_decides_nothing_is_passed_over(writer, person, name):
    path = f"/api/v1/sample/people/{person.pk}/"

    answers = [writer.get(path, headers={name: value}) for value in HARMLESS[name]]

    assert [(answer.status_code, answer.json()["name"]) for answer in answers] == [(200, "Ada")] * len(answers)


@pytest.mark.parametrize("length", ["a", "-1", "1e3", "\xff", "9" * 5_000])
def test_a_length_that_is_no_number_is_a_refusal(writer, person, length):
    path = f"/api/v1/sample/people/{person.pk}/"
    headers = {"If-Match": "*"}

    answer = writer.patch(path, {"name": "Eve"}, headers=headers, CONTENT_LENGTH=length)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert list(Person.objects.values_list("pk", "name")) == [(person.pk, "Ada")]
