"""`/.well-known/audit-keys`: what a stranger trusts, now and for what was signed before."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.audit.bundle import write_bundle
from apps.audit.keys import keys
from apps.audit.notes import Signer
from apps.audit.standalone import verify as standalone
from apps.audit.verify import verify
from tests.audit.sealing import seal_everything
from tests.sample.models import Tag

PATH = "/.well-known/audit-keys"
OLD, NEW = Signer("old", bytes(32)), Signer("new", bytes([7]) * 32)


def listed(client: Client) -> list[str]:
    return client.get(PATH).content.decode().splitlines()


def test_the_log_and_its_keys_are_public_and_cached_for_minutes(client: Client, settings: Settings):
    settings.BASE_URL = "https://steward.example"
    settings.AUDIT_KEYS = f"# a remark\n{OLD.verifier}\n{NEW.line()}\n"

    answer = client.get(PATH)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert answer.content.decode() == f"origin steward.example/audit\nvkey {NEW.verifier}\nvkey {OLD.verifier}\n"
    assert client.head(PATH).status_code == 200
    assert client.post(PATH).status_code == 405


def test_a_signing_key_that_cannot_be_read_hides_no_other(client: Client, settings: Settings):
    settings.AUDIT_KEYS = f"{NEW.line()[:-9]}\n{OLD.verifier}\n"

    assert listed(client)[1:] == [f"vkey {OLD.verifier}"]
    assert "PRIVATE" not in client.get(PATH).content.decode()


@pytest.mark.parametrize("lines", ["", "nonsense"])
def test_without_any_key_it_says_so(client: Client, settings: Settings, lines: str):
    settings.AUDIT_KEYS = lines

    answer = client.get(PATH)

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "seal_key_unusable"


def test_a_file_that_cannot_be_read_is_no_crash(client: Client, settings: Settings, tmp_path: Path):
    settings.AUDIT_KEYS_FILE = str(tmp_path / "missing")

    assert client.get(PATH).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_a_bundle_under_the_old_key_verifies_for_ever(settings: Settings, unit, tmp_path: Path, client: Client):
    settings.AUDIT_KEYS = OLD.line()
    Tag.objects.create(unit=unit, label="red")
    seal_everything()
    old = io.BytesIO()
    write_bundle(old, OLD.verifier, None, {})
    settings.AUDIT_KEYS = f"{OLD.line()}\n{NEW.line()}"
    Tag.objects.create(unit=unit, label="green")
    seal_everything()
    both = io.BytesIO()
    write_bundle(both, NEW.verifier, None, {})
    settings.AUDIT_KEYS = f"{NEW.line()}\n{OLD.verifier}"
    Tag.objects.create(unit=unit, label="blue")
    seal_everything()
    (tmp_path / "old.zip").write_bytes(old.getvalue())
    (tmp_path / "both.zip").write_bytes(both.getvalue())

    exits = {
        (name, signer.name): subprocess.run(
            [sys.executable, standalone.__file__, tmp_path / name, "--vkey", str(signer.verifier)], check=False
        ).returncode
        for name in ("old.zip", "both.zip")
        for signer in (OLD, NEW)
    }

    assert exits == {("old.zip", "old"): 0, ("old.zip", "new"): 1, ("both.zip", "old"): 0, ("both.zip", "new"): 0}
    assert verify(keys().verifiers).findings == ()
    assert listed(client)[1:] == [f"vkey {NEW.verifier}", f"vkey {OLD.verifier}"]
