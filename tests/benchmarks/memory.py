"""The memory of a web worker under many mixed requests."""

from collections.abc import Iterator

from tests.benchmarks import stage
from tests.benchmarks.endpoints import Side, is_offered, one_run, refused, unrecorded
from tests.benchmarks.figures import Figure
from tests.benchmarks.machine import resident_bytes
from tests.benchmarks.options import Options
from tests.benchmarks.servers import serving

RESIDENT, GROWTH = 250, 10
MIB = 1024**2


def measure(options: Options) -> Iterator[Figure]:
    """`many` / 100 requests; grown is what the second four fifths added."""
    stage.empty()
    scene = stage.scene()
    stage.load_customers(options.rows, [scene.north, scene.south])
    wanted = options.many // 100
    sizes, runs, asked = [], [], 0
    with serving("ours") as server:
        side = Side(server, f"Bearer {scene.key}", unit=str(scene.north.pk))
        if not is_offered(side, "mixed"):
            yield Figure("worker after mixed requests", None, "MiB", RESIDENT, note="not offered by this version")
            return
        while asked < wanted:
            runs.append(one_run(side, "mixed", options.connections[0], options, f"m{len(runs)}"))
            asked += runs[-1].load.requests
            sizes.append((asked, max(resident_bytes(worker) for worker in server.workers()) / MIB))
    early = next(size for count, size in sizes if count >= wanted / 5)
    wrong, note = refused(runs) or unrecorded(runs), f"{asked:,} requests, the larger of two workers"
    yield Figure("worker after mixed requests", round(sizes[-1][1]), "MiB", RESIDENT, note=note, wrong=wrong)
    yield Figure("worker: grown after a fifth of them", round(sizes[-1][1] - early, 1), "MiB", GROWTH)
