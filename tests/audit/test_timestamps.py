"""A checkpoint is stamped by an authority after RFC 3161, and openssl agrees with what is kept."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, Receiver
from apps.audit.receivers.configuration import BadReceivers, Timestamp, read
from apps.audit.receivers.delivery import deliver
from apps.audit.seal import sign_idle

CONFIGURATION = """
[ tsa ]
default_tsa = house
[ house ]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
crypto_device = builtin
[ authority ]
basicConstraints = critical,CA:TRUE
[ stamps ]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


def openssl(*words: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority made by openssl: `root.pem` vouches for `signer.pem`."""
    folder = tmp_path_factory.mktemp("authority")
    told = folder / "openssl.cnf"
    told.write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name, signed in (("root", ["-extensions", "authority"]), ("stranger", ["-extensions", "authority"])):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / f"{name}.key"]
        certificate = ["-x509", "-days", 2, "-subj", f"/CN={name}", "-config", told, *signed, "-out"]
        assert openssl("req", *key, *certificate, folder / f"{name}.pem").returncode == 0
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", folder / "signer.key", "-subj", "/CN=clock"]
    openssl("req", "-new", *key, "-config", told, "-out", folder / "signer.csr")
    by = ["-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-CAcreateserial", "-days", 2]
    extended = ["-extfile", told, "-extensions", "stamps"]
    done = openssl("x509", "-req", "-in", folder / "signer.csr", *by, *extended, "-out", folder / "signer.pem")
    assert done.returncode == 0, done.stderr
    return folder


@contextmanager
def clock(authority: Path, *, stale: bytes = b"") -> Iterator[str]:
    """An authority that answers, with the same answer to everything where it is stale."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (authority / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            signer = ["-signer", authority / "signer.pem", "-inkey", authority / "signer.key"]
            config = ["-config", authority / "openssl.cnf", "-out", authority / "reply"]
            openssl("ts", "-reply", "-queryfile", authority / "query", *signer, *config)
            answer = stale or (authority / "reply").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *said: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def stamped_by(url: str, roots: Path, folder: Path) -> int:
    target = Timestamp(name="clock", url=url, roots_file=roots, path=folder)
    Receiver.objects.create(name="clock", what="checkpoints")
    sign_idle(keys(), now=timezone.now())
    return deliver(target, now=timezone.now()).sent


@pytest.mark.django_db
def test_a_stamp_is_kept_beside_its_note_and_openssl_agrees(authority: Path, tmp_path: Path):
    with clock(authority) as url:
        sent = stamped_by(url, authority / "root.pem", tmp_path)

    last = AuditCheckpoint.objects.get()
    note, stamp = tmp_path / f"{last.size}-{last.pk}.note", tmp_path / f"{last.size}-{last.pk}.tsr"
    checked = openssl("ts", "-verify", "-data", note, "-in", stamp, "-CAfile", authority / "root.pem")
    assert sent == 1
    assert {path.name for path in tmp_path.iterdir()} == {note.name, stamp.name}
    assert note.read_text() == last.note
    assert b"Verification: OK" in checked.stdout + checked.stderr


@pytest.mark.django_db
def test_a_stamp_of_a_stranger_is_not_taken(authority: Path, tmp_path: Path):
    with clock(authority) as url:
        sent = stamped_by(url, authority / "stranger.pem", tmp_path)

    row = Receiver.objects.get()
    assert (sent, row.attempts, list(tmp_path.iterdir())) == (0, 1, [])
    assert row.last_refusal == "Its answer is no time-stamp of this checkpoint that `roots_file` vouches for."


@pytest.mark.django_db
@pytest.mark.parametrize("stale", ["reply", "garbage"])
def test_an_answer_to_another_question_is_not_taken(authority: Path, tmp_path: Path, stale: str):
    with clock(authority) as url:
        stamped_by(url, authority / "root.pem", tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    answer = (authority / "reply").read_bytes() if stale == "reply" else b"not a stamp"
    Receiver.objects.all().delete()

    with clock(authority, stale=answer) as url:
        sent = stamped_by(url, authority / "root.pem", tmp_path)

    assert sent == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ('url = "ftp://a.example"', "`url` is an https:// or http:// address."),
        ('url = "https://a.example"\nroots_file = "/no"', "`path` is missing."),
        ('url = "https://a.example"\nroots_file = "/no"\npath = "/tmp"', "no file at the path of `roots_file`."),
        ('url = "https://a.example"\nwhat = "entries"', "entries are not stamped, checkpoints are."),
    ],
)
def test_a_mistake_in_the_file_is_a_sentence(tmp_path: Path, more: str, sentence: str):
    file = tmp_path / "receivers.toml"
    file.write_text(f'[clock]\nkind = "timestamp"\n{more}')

    with pytest.raises(BadReceivers) as refusal:
        read(file, {})

    assert sentence in str(refusal.value)
