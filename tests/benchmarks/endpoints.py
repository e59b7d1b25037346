"""HTTP, side by side: ours with everything on, against the floor, interleaved round by round."""

import http.client
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qs, urlsplit

import orjson
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from apps.audit.models import AuditEvent
from apps.customers.models import Customer
from apps.kernel.trail import Action
from tests.benchmarks import stage
from tests.benchmarks.database import FLOOR
from tests.benchmarks.figures import Figure
from tests.benchmarks.load import Job, Load
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.options import Options
from tests.benchmarks.servers import Server, serving
from tests.database import ROOT

DEPTH = 10_000
WORKLOADS = ("list-exact", "list-capped", "list", "deep", "retrieve", "create", "update", "mixed", "bulk")
WRITES = {"create", "update", "mixed", "bulk"}
BULK_CONNECTIONS = 2
TABLES = {"ours": "customers_customer", "floor": "floor.floor_customer"}

CPU = {
    "list-exact": (0.85, 0.65),
    "list-capped": (0.40, 0.25),
    "list": (0.30, 0.14),
    "deep": (0.25, 0.13),
    "retrieve": (0.50, 0.25),
    "create": (0.65, 0.28),
    "update": (0.65, 0.27),
    "mixed": (0.70, 0.50),
    "bulk": (0.12, 0.06),
}
"""CPU of a request, Python and PostgreSQL together, as a part of the floor's: what is to hold, what is aimed at."""
STATEMENTS = {"list": (3, 2), "retrieve": (2, 1), "create": (4, 2), "update": (4, 2), "bulk": (6, 3)}


@dataclass
class Measured:
    """One run of one workload on one side."""

    load: Load
    python: float
    postgres: float
    statements: float
    recorded: int

    @property
    def cpu(self) -> float:
        return self.python + self.postgres


@dataclass
class Side:
    """A server, who calls it, and what was measured there."""

    server: Server
    authorization: str
    deep: str = ""
    unit: str = ""
    measured: dict[tuple[str, int], list[Measured]] = field(default_factory=dict)

    def get(self, path: str) -> http.client.HTTPResponse:
        client = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        client.request("GET", path, headers={"Authorization": self.authorization})
        return client.getresponse()


def floor_token() -> str:
    command = [sys.executable, "-m", "tests.benchmarks.floor.token"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | FLOOR, capture_output=True, text=True, check=True)
    return f"Token {done.stdout.strip()}"


def copy_to_floor() -> None:
    stage.run("INSERT INTO floor.floor_unit (id, name) SELECT id, name FROM access_unit")
    stage.run(
        f"INSERT INTO floor.floor_customer ({stage.COLUMNS}, closed_at)"
        f" SELECT {stage.COLUMNS}, closed_at FROM customers_customer"
    )
    stage.vacuum("floor.floor_customer")


def deep_page(side: Side, depth: int) -> str:
    """Ours is reached as a client reaches it, by `next`; the floor's by its number."""
    if side.server.target == "floor":
        return f"status=active&ordering=name&page={depth // 50 + 1}"
    path = f"{side.server.path}?status=active&ordering=name&page_size=200"
    for _page in range(depth // 200):
        path = orjson.loads(side.get(path).read())["next"]
    cursor = parse_qs(urlsplit(path).query)["cursor"][0]
    return f"status=active&ordering=name&cursor={cursor}"


def pages(side: Side) -> list[list[str]]:
    """The keys on the first page and on the deep one."""
    queries = ("status=active&ordering=name", side.deep)
    answers = [orjson.loads(side.get(f"{side.server.path}?{query}").read()) for query in queries]
    return [[row["id"] for row in answer["results"]] for answer in answers]


def backends() -> list[int]:
    """The server processes that work for this database, ours here excepted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [pid for (pid,) in cursor.fetchall()]


def one_run(side: Side, workload: str, connections: int, options: Options, mark: str) -> Measured:
    job = Job(
        target=side.server.target,
        port=side.server.port,
        path=side.server.path,
        authorization=side.authorization,
        workload=workload,
        connections=BULK_CONNECTIONS if workload == "bulk" else connections,
        seconds=options.seconds,
        rows=options.rows,
        unit=side.unit,
        deep=side.deep,
        mark=mark,
    )
    recorded = recorded_changes()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as generator:
        generator.stdin.write(json.dumps(asdict(job)) + "\n")
        generator.stdin.flush()
        generator.stdout.readline()
        serving_database = backends()
        place = side.server.log.stat().st_size
        before = side.server.cpu_seconds(), cpu_seconds(serving_database)
        generator.stdin.write("go\n")
        generator.stdin.flush()
        load = Load(**json.loads(generator.stdout.readline()))
        python, postgres = side.server.cpu_seconds() - before[0], cpu_seconds(backends()) - before[1]
    if load.statements == 0:
        asked, sent = side.server.statements_since(place)
        load.statements = sent / max(asked, 1)
    return Measured(
        load, python / load.requests, postgres / load.requests, load.statements, recorded_changes() - recorded
    )


def recorded_changes() -> int:
    customers = ContentType.objects.get_for_model(Customer)
    return AuditEvent.objects.filter(content_type=customers, action__in=(Action.CREATE, Action.UPDATE)).count()


def is_offered(side: Side, workload: str) -> bool:
    """Whether our side knows the parameter or the path yet."""
    if workload == "bulk":
        return side.get(f"{side.server.path}bulk/").status != 404
    if workload in {"list-exact", "list-capped", "mixed"}:
        counted = "exact" if workload == "list-exact" else "capped"
        return side.get(f"{side.server.path}?count={counted}").status == 200
    return True


def measure_all(sides: list[Side], options: Options) -> list[str]:
    """The workloads that were measured; each round asks the one side, then the other."""
    offered = [name for name in WORKLOADS if name in options.workloads and is_offered(sides[0], name)]
    for workload in offered:
        for connections in options.connections:
            if workload == "bulk" and connections != options.connections[0]:
                continue
            for number in range(options.rounds + 1):
                for side in sides:
                    mark = f"{connections}{'abcdefghijklmnopqrstuvwxyz'[number % 26]}"
                    measured = one_run(side, workload, connections, options, mark)
                    if number:  # the first warms both sides up
                        side.measured.setdefault((workload, connections), []).append(measured)
                    if workload in WRITES:
                        stage.restore(TABLES[side.server.target])
    return offered


def refused(runs: list[Measured]) -> str:
    return next((f"{run.load.refused} refused: {run.load.first_refusal}" for run in runs if run.load.refused), "")


def unrecorded(runs: list[Measured]) -> str:
    """Each row that is written is one event; reading writes none."""
    differing = [run for run in runs if run.recorded != run.load.writes]
    return f"{differing[0].load.writes} rows written, {differing[0].recorded} recorded" if differing else ""


def middle(runs: list[Measured], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def of_load(runs: list[Measured], name: str) -> float:
    return statistics.median(getattr(run.load, name) for run in runs)


def note(ours: list[Measured], floor: list[Measured]) -> str:
    parts = []
    for title, runs in (("ours", ours), ("floor", floor)):
        rate = statistics.median(run.load.requests / run.load.seconds for run in runs)
        parts.append(
            f"{title} {middle(runs, 'python') * 1000:.2f}+{middle(runs, 'postgres') * 1000:.2f} ms, {rate:.0f}/s,"
            f" p50/95/99 {of_load(runs, 'p50'):.0f}/{of_load(runs, 'p95'):.0f}/{of_load(runs, 'p99'):.0f} ms"
        )
    return "; ".join(parts)


def figures(offered: list[str], ours: Side, floor: Side, options: Options) -> Iterator[Figure]:
    for workload in (name for name in WORKLOADS if name in options.workloads):
        if workload not in offered:
            yield Figure(f"{workload}: CPU", None, "x floor", *CPU[workload], note="not offered by this version")
            continue
        for connections in options.connections:
            runs, plain = ours.measured.get((workload, connections)), floor.measured.get((workload, connections))
            if not runs or not plain:
                continue
            first = connections == options.connections[0]
            name = f"{workload}: CPU" if first else f"{workload}: CPU, {connections} connections"
            ratio = statistics.median(a.cpu / b.cpu for a, b in zip(runs, plain, strict=True))
            hold, aim = CPU[workload] if first else (None, None)
            wrong = refused(runs) or refused(plain) or unrecorded(runs)
            yield Figure(name, round(ratio, 3), "x floor", hold, aim, note=note(runs, plain), wrong=wrong)
            if first and workload in STATEMENTS:
                sent = middle(runs, "statements")
                plainly = f"floor {middle(plain, 'statements'):.1f}"
                yield Figure(f"{workload}: statements", round(sent, 2), "", *STATEMENTS[workload], note=plainly)


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    scene = stage.scene()
    stage.load_customers(options.rows, [scene.north, scene.south])
    copy_to_floor()
    with serving("ours") as ours, serving("floor") as floor:
        sides = [
            Side(ours, f"Bearer {scene.key}", unit=str(scene.north.pk)),
            Side(floor, floor_token(), unit=str(scene.north.pk)),
        ]
        for side in sides:
            side.deep = deep_page(side, min(DEPTH, options.rows // 4 // 200 * 200))
        if pages(sides[0]) != pages(sides[1]):
            raise SystemExit("The two sides do not list the same rows: nothing was measured.")
        yield from figures(measure_all(sides, options), *sides, options)
