"""Processes of a running installation are killed in the middle: nothing is lost and nothing is done twice."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from kombu import Connection

from apps.events.bus import publish_all
from apps.events.models import Relay, Work, WorkQuerySet
from tests.database import addresses
from tests.sample.events import PersonCounted
from tests.sample.models import Effect
from tests.sample.subscribers import DEADLY, SLOW

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("faults"),
]

ROOT = Path(__file__).resolve().parents[2]
COUNT, PEOPLE = 200, 40
RABBIT = os.environ.get("TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")


def rabbit_answers() -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", 5672)) == 0


REAL = RABBIT if rabbit_answers() else "filesystem://"


def until(happened: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, list(Work.objects.values_list("state", "attempts", "last_error").distinct())
        time.sleep(0.02)


class Installation:
    """A relay and a worker with two children, on the test's database and a queue of their own."""

    def __init__(self, broker: str) -> None:
        self.queue = f"test-{uuid4()}"
        self.broker = broker
        self.environment = {
            **os.environ,
            **addresses(),
            "BROKER_URL": broker,
            "BROKER_QUEUE": self.queue,
            "WORK_LEASE": "3",
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def relay(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "relay")

    def worker(self) -> subprocess.Popen[bytes]:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR")
        return self.start(
            "-m", "celery", "-A", "config", "worker", "--concurrency=2", f"--hostname={self.queue}", *quiet
        )

    def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self.broker.startswith("amqp"):
            with Connection(self.broker) as broker, broker.channel() as channel:
                channel.queue_delete(self.queue)
                channel.exchange_delete(self.queue)


@pytest.fixture
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    installation = Installation(getattr(request, "param", REAL))
    yield installation
    installation.close()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def publish_numbers() -> None:
    with transaction.atomic():
        publish_all([PersonCounted(person=f"p-{number % PEOPLE}", number=number) for number in range(COUNT)])


def deliveries() -> WorkQuerySet:
    """Without what the schedules ask for, and publish, meanwhile."""
    return Work.objects.filter(event__name=PersonCounted.name)


def slow_one() -> Work:
    return Work.objects.get(event__payload__number=SLOW)


def slow_one_runs() -> bool:
    return Work.objects.running().filter(event__payload__number=SLOW).exists()


def all_ended() -> bool:
    return not deliveries().unfinished().exists()


def assert_each_was_done_once_and_in_its_order() -> None:
    assert deliveries().filter(state="done").count() == COUNT
    done = list(Effect.objects.order_by("pk").values_list("what", "of"))
    assert len(done) == len(set(done)) == 2 * COUNT
    for person in range(PEOPLE):
        told = [int(what.split()[1]) for what, of in done if of == f"p-{person}" and what.startswith("began")]
        assert told == list(range(person, COUNT, PEOPLE))


def test_a_killed_child_of_the_worker(installation):
    worker = installation.worker()
    installation.relay()
    publish_numbers()
    until(slow_one_runs)

    for child in children(worker):
        os.kill(child, signal.SIGKILL)

    until(all_ended)
    assert_each_was_done_once_and_in_its_order()
    assert slow_one().attempts == 2


@pytest.mark.parametrize(
    "installation", sorted({REAL, "filesystem://"}), ids=lambda url: url.split(":", 1)[0], indirect=True
)
def test_a_killed_worker(installation):
    worker = installation.worker()
    installation.relay()
    publish_numbers()
    until(slow_one_runs)

    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    installation.worker()

    until(all_ended)
    assert_each_was_done_once_and_in_its_order()
    assert slow_one().attempts == 2


def test_a_killed_relay(installation):
    installation.worker()
    relay = installation.relay()
    publish_numbers()
    until(slow_one_runs)

    os.kill(relay.pid, signal.SIGKILL)
    relay.wait()
    installation.relay()

    until(all_ended)
    assert_each_was_done_once_and_in_its_order()
    assert deliveries().exclude(attempts=1).count() == 0


def test_two_relays_and_a_relay_that_is_asked_to_stop(installation):
    installation.worker()
    first, _second = installation.relay(), installation.relay()
    until(lambda: Relay.objects.count() == 2)
    publish_numbers()
    until(slow_one_runs)

    first.terminate()

    assert first.wait(timeout=60) == 0
    assert Relay.objects.count() == 1
    until(all_ended)
    assert_each_was_done_once_and_in_its_order()
    assert deliveries().exclude(attempts=1).count() == 0


def test_work_that_kills_its_process_is_parked_and_the_other_work_is_done(installation):
    installation.worker()
    installation.relay()
    with transaction.atomic():
        publish_all([PersonCounted(person="p-1", number=DEADLY), PersonCounted(person="p-2", number=2)])
    Work.objects.filter(aggregate="p-1").update(max_attempts=3)

    until(all_ended)

    deadly = Work.objects.get(aggregate="p-1")
    assert (deadly.state, deadly.attempts) == ("parked", 3)
    assert deadly.last_error == "The process that ran it ended without a word, in every attempt."
    assert list(Effect.objects.order_by("pk").values_list("what", "of")) == [("began 2", "p-2"), ("ended 2", "p-2")]


def test_a_worker_that_is_asked_to_stop_finishes_what_it_runs(installation):
    worker = installation.worker()
    installation.relay()
    with transaction.atomic():
        publish_all([PersonCounted(person="p-1", number=SLOW)])
    until(slow_one_runs)

    worker.terminate()

    assert worker.wait(timeout=60) == 0
    assert (slow_one().state, slow_one().attempts) == ("done", 1)
