"""What is asked of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    subjects: tuple[str, ...]
    workloads: tuple[str, ...]
    connections: tuple[int, ...]
    rounds: int
    seconds: float
    rows: int
    """Customers behind HTTP, as on both sides."""
    many: int
    """Rows of the subjects that ask what size does."""
