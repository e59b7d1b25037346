"""The load: connections that stay open, each in a thread, all in one process beside the servers.

It reads a `Job` as one line, prepares, says `ready`, waits for `go`, and writes a `Load` as one line.
"""

import http.client
import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

BULK_ROWS = 1_000
ROWS_FOR_EACH = 20
"""Rows that one connection updates in turn, and nobody else."""
LISTS = {
    "list-exact": {"ours": "count=exact", "floor": ""},
    "list-capped": {"ours": "count=capped", "floor": ""},
    "list": {"ours": "", "floor": ""},
}


@dataclass(frozen=True)
class Job:
    """What to ask, of whom, and how long."""

    target: str
    port: int
    path: str
    authorization: str
    workload: str
    connections: int
    seconds: float
    rows: int
    unit: str
    deep: str
    """The query string of the page behind the first 10,000 rows."""
    mark: str
    """Makes the numbers of new rows unique to this run."""


@dataclass
class Load:
    """What came back."""

    seconds: float = 0.0
    requests: int = 0
    writes: int = 0
    refused: int = 0
    first_refusal: str = ""
    statements: float = 0.0
    """For each request, where the server says so."""
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    latencies: list[float] = field(default_factory=list)


def key(number: int) -> str:
    return f"018f0000-0000-7000-8000-{number:012x}"


class Connection:
    """One client: its connection, its rows, and what it has seen."""

    def __init__(self, job: Job, number: int) -> None:
        self.job, self.number = job, number
        self.random = random.Random(number)  # noqa: S311
        self.http = http.client.HTTPConnection("127.0.0.1", job.port, timeout=120)
        self.latencies: list[float] = []
        self.writes = self.refused = self.made = self.turn = self.statements = 0
        self.first_refusal = ""
        self.own = [key(1 + number * ROWS_FOR_EACH + place) for place in range(ROWS_FOR_EACH)]
        self.tags: dict[str, str] = {}
        self.step = getattr(self, job.workload.replace("-", "_"), self.page)

    def ask(self, method: str, path: str, body: object = None, *, tag: str = "") -> http.client.HTTPResponse:
        headers = {"Authorization": self.job.authorization}
        if tag:
            headers["If-Match"] = tag
        content = None
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self.http.request(method, self.job.path + path, content, headers)
        response = self.http.getresponse()
        answer = response.read()
        self.statements += int(response.headers.get("X-Statements", "0"))
        if response.status >= 300:
            self.refused += 1
            self.first_refusal = self.first_refusal or f"{response.status} {answer[:300].decode()}"
        return response

    def prepare(self) -> None:
        """Outside the measured time: the connection, and the versions of the rows that will be changed."""
        self.ask("GET", f"{self.own[0]}/")
        if self.job.workload in {"update", "mixed"} and self.job.target == "ours":
            for row in self.own:
                self.tags[row] = self.ask("GET", f"{row}/").headers["ETag"]

    def run(self, until: float) -> None:
        self.statements = 0
        while (begin := time.monotonic()) < until:
            self.step()
            self.latencies.append(time.monotonic() - begin)

    def page(self) -> None:
        self.list_of(self.job.workload)

    def list_of(self, kind: str) -> None:
        said = LISTS[kind][self.job.target]
        self.ask("GET", f"?status=active&ordering=name{'&' + said if said else ''}")

    def deep(self) -> None:
        self.ask("GET", f"?{self.job.deep}")

    def retrieve(self) -> None:
        self.ask("GET", f"{key(self.random.randrange(1, self.job.rows + 1))}/")

    def customer(self) -> dict[str, str]:
        self.made += 1
        return {
            "unit": self.job.unit,
            "number": f"N-{self.job.mark}-{self.number}-{self.made}",
            "name": f"New customer {self.made}",
            "email": f"new{self.made}@example.org",
            "phone": "+49 30 1234567",
        }

    def create(self) -> None:
        self.writes += 1
        self.ask("POST", "", self.customer())

    def update(self) -> None:
        self.writes += 1
        self.turn += 1
        row = self.own[self.turn % len(self.own)]
        change = {"name": f"Renamed {self.turn}", "phone": f"+49 30 {self.turn:07}"}
        response = self.ask("PATCH", f"{row}/", change, tag=self.tags.get(row, ""))
        self.tags[row] = response.headers.get("ETag", "")

    def mixed(self) -> None:
        """Of ten requests four are lists, four are single rows, one is a new row and one a change."""
        choice = self.random.randrange(10)
        if choice < 4:
            self.list_of("list-capped")
        elif choice < 8:
            self.retrieve()
        elif choice == 8:
            self.create()
        else:
            self.update()

    def bulk(self) -> None:
        self.writes += BULK_ROWS
        rows = [self.customer() for _ in range(BULK_ROWS)]
        if self.job.target == "ours":
            self.ask("POST", "bulk/", {"rows": rows})
        else:
            self.ask("POST", "", rows)


def together(connections: list[Connection], work: Callable[[Connection], Any]) -> None:
    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    job = Job(**json.loads(sys.stdin.readline()))
    connections = [Connection(job, number) for number in range(job.connections)]
    together(connections, Connection.prepare)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begin = time.monotonic()
    together(connections, lambda connection: connection.run(begin + job.seconds))
    load = Load(seconds=time.monotonic() - begin)
    for connection in connections:
        load.latencies += connection.latencies
        load.writes += connection.writes
        load.refused += connection.refused
        load.statements += connection.statements
        load.first_refusal = load.first_refusal or connection.first_refusal
    load.requests = len(load.latencies)
    load.statements /= load.requests
    cuts = statistics.quantiles(load.latencies, n=100, method="inclusive") if load.requests > 1 else load.latencies * 99
    load.p50, load.p95, load.p99 = (round(cuts[place] * 1000, 2) for place in (49, 94, 98))
    load.latencies = []
    sys.stdout.write(json.dumps(asdict(load)) + "\n")


if __name__ == "__main__":
    main()
