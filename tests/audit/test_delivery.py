"""What was sealed leaves the house: in order, at least once, and no receiver waits for another."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.audit import merkle
from apps.audit.alerts import explain_alert
from apps.audit.keys import keys
from apps.audit.models import Alert, AuditCheckpoint, AuditLeaf, Receiver
from apps.audit.receivers import delivery, waiting
from apps.audit.receivers.configuration import File, Target, Webhook
from apps.audit.receivers.delivery import LOCK, deliver, wake
from apps.audit.seal import seal, sign_idle
from apps.events.models import Work
from apps.events.relay import run_here
from apps.events.work import enqueue
from tests.audit.receiving import Post, certificate, https
from tests.sample.models import Tag

pytestmark = pytest.mark.django_db
SECRET = bytes(range(32))


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def post(pem: Path) -> Iterator[Post]:
    with https(pem) as post:
        yield post


@pytest.fixture
def webhook(post: Post, pem: Path, settings: Settings) -> Webhook:
    target = Webhook(name="notary", url=post.url, secret=SECRET, ca_file=str(pem))
    settings.AUDIT_RECEIVERS = (target,)
    return target


def signed(times: int = 1) -> list[int]:
    """So many checkpoints of an idle log; their keys."""
    for _number in range(times):
        sign_idle(keys(), now=timezone.now())
    return list(AuditCheckpoint.objects.order_by("id").values_list("id", flat=True))


def begun(*targets: Target) -> None:
    """Known to the database from before the first checkpoint."""
    for target in targets:
        Receiver.objects.create(name=target.name, what=target.what)


def send(target: Target) -> int:
    return deliver(target, now=timezone.now()).sent


def state(target: Target) -> Receiver:
    return Receiver.objects.with_waiting().get(name=target.name)


def test_every_checkpoint_arrives_in_order_and_once(webhook: Webhook, post: Post):
    begun(webhook)
    first = signed(2)

    send(webhook)
    both = signed(2)
    send(webhook)

    assert len(first) == 2
    assert post.taken == [f"checkpoint-{key}" for key in both]
    assert send(webhook) == 0
    assert state(webhook).position == both[-1]
    assert state(webhook).waiting_since is None


def test_after_a_day_of_refusals_nothing_is_lost(webhook: Webhook, post: Post):
    begun(webhook)
    signed()
    post.status = 500
    failing = timezone.now() - timedelta(days=1)
    for number in range(20):
        keys_of_all = signed()
        deliver(webhook, now=failing + timedelta(hours=number))
    refused = state(webhook)
    attempts = len(post.requests)

    post.status, post.requests[:] = 200, []
    sent = send(webhook)

    assert (refused.attempts, attempts) == (20, 20)
    assert refused.failing_since == failing
    assert refused.last_refusal == "It answered 500."
    assert timedelta(minutes=5) <= refused.next_attempt_at - (failing + timedelta(hours=19)) <= timedelta(minutes=10)
    assert sent == 21
    assert post.taken == [f"checkpoint-{key}" for key in keys_of_all]
    assert (state(webhook).attempts, state(webhook).failing_since, state(webhook).last_refusal) == (0, None, "")


def test_a_receiver_that_asks_for_time_gets_it(webhook: Webhook, post: Post):
    begun(webhook)
    signed()
    now = timezone.now()
    post.status, post.headers = 429, {"Retry-After": "120"}

    deliver(webhook, now=now)
    asked = state(webhook).next_attempt_at
    post.status, post.headers = 503, {"Retry-After": "999999999999"}
    deliver(webhook, now=now)

    assert asked == now + timedelta(seconds=120)
    assert state(webhook).next_attempt_at == now + timedelta(hours=1)
    assert wake(now) == []


def test_a_dead_receiver_holds_no_other(webhook: Webhook, post: Post, settings: Settings, tmp_path: Path):
    disk = File(name="disk", path=tmp_path / "checkpoints")
    settings.AUDIT_RECEIVERS = (webhook, disk)
    begun(webhook, disk)
    signed(3)
    post.status = 500

    woken = wake(timezone.now())
    run_here()

    assert woken == ["notary", "disk"]
    assert state(webhook).attempts == 1
    assert state(disk).waiting_since is None
    assert disk.path.read_text().count("— ") == 3


@pytest.mark.django_db(transaction=True)
def test_a_step_is_kept_although_the_job_dies(webhook: Webhook, post: Post, unit):
    begun(webhook)
    all_keys = signed(3)
    with transaction.atomic():
        wake(timezone.now())
    key = Work.objects.get(name=delivery.JOB).pk
    seen = []

    def dies(sent: int) -> None:
        seen.append(state(webhook).position)
        if sent == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(webhook, now=timezone.now(), told=dies)
    run_here()

    assert seen == all_keys[:2]
    assert post.taken == [f"checkpoint-{key}" for key in all_keys]
    assert Work.objects.get(pk=key).result == {"sent": 1}


def test_what_takes_too_long_is_gone_on_with_by_the_next_job(
    webhook: Webhook, post: Post, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(delivery, "SECONDS", 0)
    begun(webhook)
    keys_of_all = signed(3)

    wake(timezone.now())
    run_here()

    assert post.taken == [f"checkpoint-{key}" for key in keys_of_all]
    assert Work.objects.filter(name=delivery.JOB).count() == 4


def test_a_seal_wakes_whoever_waits(webhook: Webhook, post: Post):
    begun(webhook)
    enqueue("audit.seal")

    run_here()

    assert post.taken == [f"checkpoint-{AuditCheckpoint.objects.get().pk}"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_send_to_one_receiver(webhook: Webhook, post: Post, unit):
    begun(webhook)
    signed()
    wanted = {"host", "port", "user", "password", "dbname"}
    login = {key: value for key, value in connection.get_connection_params().items() if key in wanted}
    with psycopg.connect(**login) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, hashtext('notary'))", [LOCK])
        assert send(webhook) == 0

    assert post.requests == []
    assert send(webhook) == 1


def test_a_new_receiver_of_checkpoints_begins_with_the_newest(webhook: Webhook, post: Post):
    keys_of_all = signed(5)

    wake(timezone.now())
    run_here()

    assert post.taken == [f"checkpoint-{keys_of_all[-1]}"]


def test_one_who_wants_few_gets_the_newest(settings: Settings, tmp_path: Path):
    disk = File(name="disk", path=tmp_path / "checkpoints", every=timedelta(hours=1))
    settings.AUDIT_RECEIVERS = (disk,)
    begun(disk)
    keys_of_all = signed(3)
    now = timezone.now()

    assert deliver(disk, now=now).sent == 1
    signed()

    assert state(disk).position == keys_of_all[-1]
    assert wake(now + timedelta(minutes=59)) == []
    assert wake(now + timedelta(minutes=60)) == ["disk"]


def test_silence_is_told_once_and_again_only_for_a_new_one(webhook: Webhook, post: Post, make_user):
    begun(webhook)
    signed()
    start = timezone.now()
    post.status = 500
    deliver(webhook, now=start)

    wake(start + timedelta(minutes=59))
    early = Alert.objects.count()
    wake(start + timedelta(minutes=61))
    wake(start + timedelta(minutes=62))
    alert = Alert.objects.get()
    explain_alert(alert, reason="The notary moves house.", by=make_user(), now=start)
    wake(start + timedelta(minutes=63))

    assert early == 0
    assert (alert.rule, alert.about, alert.state) == (Alert.Rule.SINK, "notary", Alert.State.OPEN)
    assert Alert.objects.count() == 1


def test_one_that_is_new_to_an_old_log_is_not_silent_yet(webhook: Webhook):
    sign_idle(keys(), now=timezone.now() - timedelta(days=30))

    wake(timezone.now() + timedelta(minutes=59))
    early = Alert.objects.count()
    wake(timezone.now() + timedelta(minutes=61))

    assert (early, Alert.objects.count()) == (0, 1)


def test_a_receiver_with_nothing_to_get_is_not_silent(webhook: Webhook):
    begun(webhook)

    wake(timezone.now() + timedelta(days=2))

    assert Alert.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_entries_are_the_leaves_of_the_log_without_a_gap(
    post: Post, pem: Path, unit, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "MOST_LINES", 8)
    siem = Webhook(name="siem", what="entries", url=post.url, secret=SECRET, ca_file=str(pem))
    settings.AUDIT_RECEIVERS = (siem,)
    begun(siem)
    Tag.objects.bulk_create(Tag(unit=unit, label=str(number)) for number in range(20))
    size = seal_now()
    send(siem)
    Tag.objects.create(unit=unit, label="later")
    post.status = 413
    seal_now()
    deliver(siem, now=timezone.now())
    deliver(siem, now=timezone.now())
    refused = [len(request.body.splitlines()) for request in post.requests[-2:]]
    del post.requests[-2:]
    post.status = 200
    Tag.objects.bulk_create(Tag(unit=unit, label=f"more {number}") for number in range(5))
    log = seal_now()

    send(siem)

    lines = [line for request in post.requests for line in request.body.splitlines()]
    hashes = list(AuditLeaf.objects.order_by("sequence").values_list("hash", flat=True))
    tree = merkle.Growing()
    for line in lines:
        tree.add(merkle.leaf_hash(line))
    note = AuditCheckpoint.objects.latest("id").note
    assert size < log
    assert [orjson.loads(line)["s"] for line in lines] == list(range(log))
    assert [merkle.leaf_hash(line) for line in lines] == [bytes(found) for found in hashes]
    assert note.splitlines()[2] == base64.b64encode(tree.root()).decode()
    assert refused == [1, 1]
    assert max(len(request.body.splitlines()) for request in post.requests) == 8
    assert post.requests[0].headers["Content-Type"] == "application/x-ndjson"


@pytest.mark.django_db(transaction=True)
def test_what_was_pruned_is_left_out(unit, settings: Settings, tmp_path: Path):
    disk = File(name="disk", what="entries", path=tmp_path / "entries")
    settings.AUDIT_RECEIVERS = (disk,)
    begun(disk)
    Tag.objects.create(unit=unit, label="red")
    size = seal_now()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE; SET session_replication_role = replica")
        cursor.execute("UPDATE audit_auditleaf SET line = '' WHERE sequence < 2")
        cursor.execute("RESET session_replication_role")

    send(disk)

    assert [orjson.loads(line)["s"] for line in disk.path.read_bytes().splitlines()] == list(range(2, size))


def seal_now() -> int:
    while seal(keys(), now=timezone.now()):
        pass
    return AuditLeaf.objects.count()


def test_a_file_is_what_verify_reads(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    disk = File(name="disk", path=tmp_path / "checkpoints")
    settings.AUDIT_RECEIVERS = (disk,)
    begun(disk)
    seal_now()
    signed(3)
    send(disk)
    notes = disk.path.read_text()

    call_command("audit", "verify", checkpoint=[disk.path])
    intact = capsys.readouterr().out
    disk.path.write_text(notes.replace("— ", "— x", 1))
    with pytest.raises(CommandError) as forged:
        call_command("audit", "verify", checkpoint=[disk.path])
    disk.path.write_text("")
    with pytest.raises(CommandError) as empty:
        call_command("audit", "verify", checkpoint=[disk.path])

    checkpoints = AuditCheckpoint.objects.count()
    assert intact.startswith("Intact")
    assert f"under {checkpoints * 2} checkpoints" in intact
    assert (forged.value.returncode, "re-signed" in str(forged.value)) == (1, True)
    assert empty.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_operators_see_who_has_what(webhook: Webhook, post: Post, client: Client):
    before = client.get("/readyz").json()["checks"]["audit_receivers"]
    begun(webhook)
    signed()
    post.status = 500
    send(webhook)

    failing = client.get("/readyz").json()["checks"]["audit_receivers"]

    assert before == {"ok": True, "detail": "No receiver: nobody outside would notice a log that was replaced."}
    assert failing["ok"] is True
    assert failing["detail"].startswith("notary: last success never; something waits since 20")
    assert failing["detail"].endswith("It answered 500.")
    assert "key=hidden" not in failing["detail"]


def test_an_empty_page_says_what_to_do(make_user, sign_in):
    page = sign_in(make_user("operator")).get("/admin/audit/receiver/").content.decode()

    assert "Name receivers in the file of AUDIT_RECEIVERS_FILE." in page


def test_the_page_tells_who_is_behind(make_user, sign_in, settings: Settings):
    names = ("complete", "fresh", "failing", "silent")
    settings.AUDIT_RECEIVERS = tuple(File(name=name, path=Path(name)) for name in names)
    hours_ago = timezone.now() - timedelta(hours=2)
    for moment in (hours_ago, timezone.now()):
        sign_idle(keys(), now=moment)
    early, late = signed(0)
    fails = {"attempts": 3, "failing_since": hours_ago, "next_attempt_at": timezone.now(), "last_refusal": "No."}
    begun(*settings.AUDIT_RECEIVERS)
    Receiver.objects.filter(name="complete").update(position=late)
    Receiver.objects.filter(name="failing").update(position=early, **fails)
    Receiver.objects.filter(name="silent").update(created_at=hours_ago, **fails)
    Receiver.objects.create(name="removed", what="checkpoints")

    page = sign_in(make_user("auditor")).get("/admin/audit/receiver/")

    rows = page.context["cl"].result_list
    told = {row.name: str(page.context["cl"].model_admin.standing(row)[1]) for row in rows}
    assert told == {
        "complete": "has everything",
        "fresh": "on the way",
        "failing": "failing",
        "silent": "silent",
        "removed": "no longer in the file",
    }
    assert all(said in page.content.decode() for said in told.values())


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_auditors_and_operators_see_the_page(webhook: Webhook, post: Post, make_user, sign_in, role: str):
    begun(webhook, File(name="gone", path=Path("/gone")))
    signed()
    post.status = 500
    send(webhook)
    browser = sign_in(make_user(role))

    page = browser.get("/admin/audit/receiver/").content.decode()
    one = browser.get(f"/admin/audit/receiver/{state(webhook).pk}/change/").content.decode()

    assert "It answered 500." in page
    assert "no longer in the file" in page
    assert "webhook" in one
    assert ">failing<" in "".join(one.split())
    assert "key=hidden" not in page + one


def test_nobody_else_sees_the_page(make_user, sign_in, unit):
    assert sign_in(make_user("import-manager", unit)).get("/admin/audit/receiver/").status_code == 403
