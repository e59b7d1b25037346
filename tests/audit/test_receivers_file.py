"""The file that names who receives: read strictly, and a wrong one stops the start with a sentence."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from apps.audit.receivers.configuration import FORMS, BadReceivers, Email, File, Storage, Syslog, Webhook, read
from apps.audit.receivers.forms import forms

SECRET = "whsec_" + "QUJD" * 8
ALL = f"""
[disk]
kind = "file"
path = "/mnt/worm/checkpoints"

[board]
kind = "email"
to = ["board@example.org"]

[siem]
kind = "webhook"
what = "entries"
url_env = "SIEM_URL"
secret = "{SECRET}"

[vault]
kind = "storage"
bucket = "proofs"
retain_days = 3653
every = 60

[syslog]
kind = "syslog"
url = "tls://logs.example.org"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "receivers.toml"
    path.write_text(text)
    return path


def test_every_kind_is_read_with_what_it_leaves_out(tmp_path: Path):
    url = "https://siem.example.org/in/of-a-token"

    disk, board, siem, vault, syslog = read(written(tmp_path, ALL), {"SIEM_URL": url})

    assert disk == File(name="disk", path=Path("/mnt/worm/checkpoints"))
    assert board == Email(name="board", to=("board@example.org",), every=timedelta(hours=1))
    assert siem == Webhook(name="siem", what="entries", form="leaf", url=url, secret=b"ABC" * 8)
    assert vault == Storage(name="vault", bucket="proofs", retain_days=3653, every=timedelta(minutes=1))
    assert syslog == Syslog(name="syslog", transport="tls", host="logs.example.org", port=6514)
    assert "token" not in repr(siem)
    assert "ABC" not in repr(siem)


def test_every_form_has_its_function():
    assert set(FORMS) == set(forms)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a", "The file of AUDIT_RECEIVERS_FILE is not TOML: Expected ']' at the end of a table declaration"),
        ("a = 1", "receiver 'a': write it as a table, [a]."),
        ('["A b"]', "receiver 'A b': its name is of at most 40 small letters, digits and hyphens."),
        ("[a]", "receiver 'a': `kind` is missing."),
        ('[a]\nkind = "pigeon"', "receiver 'a': `kind` is one of file, email, webhook, storage, syslog, timestamp."),
        ('[a]\nkind = "file"', "receiver 'a': `path` is missing."),
        ('[a]\nkind = "file"\npath = 7', "receiver 'a': `path` is a text."),
        ('[a]\nkind = "file"\npath = "/a"\nwhat = "all"', "`what` is one of checkpoints, entries."),
        ('[a]\nkind = "file"\npath = "/a"\nwhat = "entries"\nform = "xml"', "`form` is one of leaf, ocsf, ecs."),
        ('[a]\nkind = "file"\npath = "/a"\ncolour = "red"', "receiver 'a': there is no option `colour` here."),
        ('[a]\nkind = "file"\npath = "/a"\nevery = -1', "`every` is a whole number that is not negative."),
        ('[a]\nkind = "file"\npath = "/a"\n[b]\nkind = "file"\npath = "/a"', "a and b write to one file."),
        ('[a]\nkind = "email"\nto = []', "`to` is a list of texts."),
        ('[a]\nkind = "email"\nto = ["b@example.org"]\nwhat = "entries"', "entries are not sent by mail"),
        ('[a]\nkind = "webhook"\nurl = "http://b.example"', "`url` is an https:// address without a user."),
        ('[a]\nkind = "webhook"\nurl_env = "NO"', "the environment has no variable NO, which `url_env` names."),
        ('[a]\nkind = "webhook"\nurl = "https://b.example"\nsecret = "whsec_AAAA"', "24 to 64 random bytes."),
        ('[a]\nkind = "syslog"\nurl = "udp://b"\nwhat = "entries"', "UDP loses what is not heard"),
        ('[a]\nkind = "syslog"\nurl = "tls://b:99999"', "the port in `url` is no port."),
        ('[a]\nkind = "syslog"\nurl = "tls://b"\nca_file = "/no"', "there is no file at the path of `ca_file`."),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(BadReceivers) as refusal:
        read(written(tmp_path, text), {})

    assert sentence in str(refusal.value)


def test_a_mistake_never_repeats_a_secret(tmp_path: Path):
    with pytest.raises(BadReceivers) as refusal:
        read(written(tmp_path, '[a]\nkind = "webhook"\nurl = "https://b.example"\nsecret = "topsecret"'), {})

    assert "topsecret" not in str(refusal.value)


@pytest.mark.parametrize("text", [None, "[siem]\nkind = 'webhook'"])
def test_a_wrong_file_stops_the_start(tmp_path: Path, text: str | None):
    path = tmp_path / "receivers.toml"
    if text:
        path.write_text(text)
    variables = os.environ | {"AUDIT_RECEIVERS_FILE": str(path), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}

    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=settings.BASE_DIR,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("AUDIT_RECEIVERS_FILE, receiver" if text else "The file of AUDIT_RECEIVERS_FILE")
    assert done.stderr.endswith("See docs/operations/audit.md.\n")
    assert done.stderr.count("\n") == 1
