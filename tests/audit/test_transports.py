"""Each way out, against a real server: what arrives, and what counts as not taken."""

import base64
import hmac
import re
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError
from django.core import mail
from django.utils import timezone
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

from apps.audit.notes import Checkpoint, Signer, several
from apps.audit.receivers import emails, files, posting, stores, syslogs, webhooks
from apps.audit.receivers.configuration import Email, File, Storage, Syslog, Webhook
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch, Item
from tests.audit.receiving import Post, certificate, https, stream

AT = datetime(2026, 5, 3, 12, 30, 15, 250_000, tzinfo=UTC)
SIGNERS = (Signer("one", bytes(32)), Signer("two", bytes([1]) * 32))
NOTE = Checkpoint("steward.example/audit", 12, bytes(32), AT).signed(*SIGNERS)
CHECKPOINT = Batch("checkpoints", (Item(7, 12, AT, NOTE.encode()),), 7)
ENTRIES = Batch("entries", (Item(3, 3, AT, b'{"s":3}'), Item(4, 4, AT, b'{"s":4}')), 5)
SECRET = bytes(range(32))


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def post(pem: Path) -> Iterator[Post]:
    with https(pem) as post:
        yield post


@pytest.fixture(autouse=True)
def address(settings: Settings) -> None:
    settings.BASE_URL = "https://steward.example"


def is_signed(request: object, key: bytes) -> bool:
    """As the page of Standard Webhooks tells a receiver to check it."""
    headers, body = request.headers, request.body
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, said, "sha256").digest()).decode()
    return hmac.compare_digest(expected, headers["webhook-signature"])


def test_a_webhook_is_signed_after_standard_webhooks(post: Post, pem: Path):
    webhooks.send(Webhook(name="a", url=post.url, secret=SECRET, ca_file=str(pem)), CHECKPOINT)

    [request] = post.requests
    assert request.path == "/in?key=hidden"
    assert request.headers["webhook-id"] == "checkpoint-7"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert is_signed(request, SECRET)
    assert not is_signed(request, bytes(32))
    assert orjson.loads(request.body) == {
        "type": "audit.checkpoint",
        "timestamp": "2026-05-03T12:30:15.250000Z",
        "data": {"position": 7, "size": 12, "note": NOTE},
    }


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (404, {}, "It answered 404."),
        (500, {"Retry-After": "5"}, "It answered 500."),
        (302, {"Location": "https://127.0.0.1:1/"}, "It answered 302, and redirects are not followed."),
    ],
)
def test_an_answer_that_is_no_success_is_not_taken(post: Post, pem: Path, status: int, headers: dict, sentence: str):
    post.status, post.headers = status, headers

    with pytest.raises(NotTaken) as refusal:
        webhooks.send(Webhook(name="a", url=post.url, secret=SECRET, ca_file=str(pem)), ENTRIES)

    assert (str(refusal.value), refusal.value.wait, len(post.requests)) == (sentence, None, 1)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [("90", 90, 90), ("Sun, 03 May 2099 12:00:00 GMT", 3600, 10**10), ("soon", None, None), ("-5", None, None)],
)
def test_a_time_to_wait_is_read_in_both_forms(post: Post, pem: Path, said: str, least: int | None, most: int | None):
    post.status, post.headers = 503, {"Retry-After": said}

    with pytest.raises(NotTaken) as refusal:
        webhooks.send(Webhook(name="a", url=post.url, secret=SECRET, ca_file=str(pem)), CHECKPOINT)

    wait = refusal.value.wait
    assert wait is None if least is None else timedelta(seconds=least) <= wait <= timedelta(seconds=most)


def test_a_certificate_that_nobody_vouches_for_gets_nothing(post: Post):
    with pytest.raises(NotTaken, match="Its certificate is not trusted"):
        webhooks.send(Webhook(name="a", url=post.url, secret=SECRET), CHECKPOINT)

    assert post.requests == []


def test_a_port_that_nobody_serves_is_a_sentence():
    with pytest.raises(NotTaken, match="It cannot be reached"):
        webhooks.send(Webhook(name="a", url="https://127.0.0.1:1/", secret=SECRET), CHECKPOINT)


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(posting, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"

        with pytest.raises(NotTaken, match="It has not answered in time"):
            webhooks.send(Webhook(name="a", url=url, secret=SECRET), CHECKPOINT)


def test_a_file_only_grows_and_holds_notes(tmp_path: Path):
    target = File(name="a", path=tmp_path / "checkpoints")

    files.send(target, CHECKPOINT)
    files.send(target, CHECKPOINT)

    text = target.path.read_text()
    assert text == f"{NOTE}\n{NOTE}\n"
    assert several(text) == [NOTE, NOTE]


def test_what_a_crash_has_torn_is_written_anew(tmp_path: Path):
    target = File(name="a", path=tmp_path / "checkpoints")
    whole = f"{NOTE}\n".encode()

    for length in range(1, len(whole)):
        target.path.write_bytes(whole + whole[:length])
        files.send(target, CHECKPOINT)
        assert target.path.read_bytes() == whole * 2, length


def test_entries_of_a_file_are_lines(tmp_path: Path):
    target = File(name="a", what="entries", path=tmp_path / "entries")
    files.send(target, ENTRIES)
    with target.path.open("ab") as file:
        file.write(b'{"s":')

    files.send(target, ENTRIES)

    assert target.path.read_bytes() == b'{"s":3}\n{"s":4}\n' * 2


def test_a_file_of_something_else_is_left_alone(tmp_path: Path):
    path = tmp_path / "letter"
    path.write_text("Dear auditor")

    with pytest.raises(NotTaken, match="The file holds something else"):
        files.send(File(name="a", path=path), CHECKPOINT)

    assert path.read_text() == "Dear auditor"


def test_a_full_disk_and_a_missing_folder_are_sentences(tmp_path: Path):
    with pytest.raises(NotTaken, match=r"The file cannot be written \(No such file or directory\)"):
        files.send(File(name="a", path=tmp_path / "missing" / "checkpoints"), CHECKPOINT)
    with pytest.raises(NotTaken):
        files.send(File(name="a", path=Path("/dev/full")), CHECKPOINT)


def test_a_mail_is_the_note():
    emails.send(Email(name="a", to=("board@example.org",)), CHECKPOINT)

    [sent] = mail.outbox
    assert sent.subject == "Checkpoint of steward.example/audit: 12 entries"
    assert sent.body == NOTE
    assert sent.to == ["board@example.org"]
    assert sent.message()["Auto-Submitted"] == "auto-generated"


def test_a_mail_server_that_is_down_has_not_taken_it(settings: Settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(NotTaken, match="The mail server has not taken it"):
        emails.send(Email(name="a", to=("board@example.org",)), CHECKPOINT)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def client_of(endpoint: str) -> "boto3.client":
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


def vault(endpoint: str, bucket: str, days: int = 0, what: str = "checkpoints") -> Storage:
    return Storage(
        name="a",
        what=what,
        bucket=bucket,
        prefix="steward/",
        endpoint=endpoint,
        region="us-east-1",
        access_key="a",
        secret_key="b",
        retain_days=days,
    )


def test_an_object_is_locked_until_its_day(s3: str):
    client = client_of(s3)
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)

    stores.send(vault(s3, "locked", days=365), CHECKPOINT)

    [version] = client.list_object_versions(Bucket="locked")["Versions"]
    assert version["Key"] == "steward/checkpoints/00000000000000000012-00000000000000000007"
    found = client.get_object(Bucket="locked", Key=version["Key"])
    assert found["Body"].read().decode() == NOTE
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert abs(found["ObjectLockRetainUntilDate"] - timezone.now() - timedelta(days=365)) < timedelta(minutes=5)
    with pytest.raises(ClientError):
        client.delete_object(Bucket="locked", Key=version["Key"], VersionId=version["VersionId"])


def test_entries_of_a_store_are_an_object_a_batch(s3: str):
    client = client_of(s3)
    client.create_bucket(Bucket="plain")

    stores.send(vault(s3, "plain", what="entries"), ENTRIES)

    [found] = client.list_objects_v2(Bucket="plain")["Contents"]
    assert found["Key"] == "steward/entries/00000000000000000003-00000000000000000004.jsonl"
    assert client.get_object(Bucket="plain", Key=found["Key"])["Body"].read() == b'{"s":3}\n{"s":4}\n'


def test_a_store_without_the_bucket_or_at_all_has_not_taken_it(s3: str):
    with pytest.raises(NotTaken, match=r"The store refuses it \(NoSuchBucket\)"):
        stores.send(vault(s3, "missing"), CHECKPOINT)
    with pytest.raises(NotTaken, match="The store cannot be reached"):
        stores.send(vault("http://127.0.0.1:1", "missing"), CHECKPOINT)


HEAD = "<109>1 2026-05-03T12:30:15.250000Z steward.example steward - "


def counted(octets: bytes) -> list[str]:
    """The messages of a stream, each behind its length (RFC 5425)."""
    found = []
    while octets:
        length, octets = octets.split(b" ", 1)
        found.append(octets[: int(length)].decode())
        octets = octets[int(length) :]
    return found


@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_a_stream_of_syslog_carries_its_lengths(pem: Path, transport: str):
    with stream(pem if transport == "tls" else None) as line:
        target = Syslog(
            name="a", what="entries", transport=transport, host="127.0.0.1", port=line.port, ca_file=str(pem)
        )
        syslogs.send(target, ENTRIES)
        assert line.ended.wait(5)

    assert counted(line.octets) == [
        f'{HEAD}entry [audit@32473 log="steward.example/audit" sequence="{sequence}"] {{"s":{sequence}}}'
        for sequence in (3, 4)
    ]


def test_a_datagram_is_one_message():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        syslogs.send(Syslog(name="a", transport="udp", host="127.0.0.1", port=server.getsockname()[1]), CHECKPOINT)
        said = server.recv(65_535).decode()

    start = f'{HEAD}checkpoint [audit@32473 log="steward.example/audit" position="7" size="12"] '
    assert said.startswith(start)
    assert orjson.loads(said.removeprefix(start))["data"]["note"] == NOTE
    assert "\n" not in said


@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_a_syslog_server_that_hangs_up_has_not_taken_it(pem: Path, transport: str):
    lines = Batch("entries", tuple(Item(n, n, AT, b"x" * 100_000) for n in range(50)), 50)
    with stream(pem if transport == "tls" else None, hangs_up=True) as line:
        target = Syslog(name="a", transport=transport, host="127.0.0.1", port=line.port, ca_file=str(pem))
        with pytest.raises(NotTaken, match="It cannot be reached, or has hung up"):
            syslogs.send(target, lines)


def test_a_syslog_server_that_does_not_read_on_has_not_taken_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(syslogs, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = Syslog(name="a", transport="tcp", host="127.0.0.1", port=server.getsockname()[1])

        with pytest.raises(NotTaken, match="It has not taken everything in time"):
            syslogs.send(target, ENTRIES)


def test_a_syslog_server_that_nobody_vouches_for_gets_nothing(pem: Path):
    with stream(pem) as line, pytest.raises(NotTaken, match="Its certificate is not trusted"):
        syslogs.send(Syslog(name="a", transport="tls", host="127.0.0.1", port=line.port), CHECKPOINT)

    assert (line.octets, line.ended.is_set()) == (b"", False)


@pytest.mark.parametrize(("value", "escaped"), [('a"b', 'a\\"b'), ("[::1]:8000", "[::1\\]:8000"), ("a\\b", "a\\\\b")])
def test_a_value_cannot_leave_its_quotes(value: str, escaped: str, settings: Settings):
    settings.BASE_URL = f"https://{value}"

    said = syslogs.message("entries", ENTRIES.items[0]).decode()

    assert re.search(r'log="(.*)" sequence', said)[1] == f"{escaped}/audit"
