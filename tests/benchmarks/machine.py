"""What the operating system says about processes: CPU time, and memory."""

import os
import platform
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes, their ended children included."""
    ticks = 0
    for pid in pids:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / TICKS


def family(pid: int) -> list[int]:
    """This process and its children."""
    children = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    return [pid, *(int(child) for child in children)]


def resident_bytes(pid: int) -> int:
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE


def described() -> dict[str, str | int]:
    models = [
        line.split(":", 1)[1].strip() for line in (PROC / "cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = next(line for line in (PROC / "meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory.split()[1]) / 1024**2),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }
