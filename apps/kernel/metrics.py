"""Prometheus figures: what each process counts, and gauges that an app measures when somebody looks."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DatabaseError
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

logger = structlog.get_logger(__name__)

Measured = float | Mapping[str, float]

REQUEST_SECONDS = Histogram(
    "steward_http_request_seconds",
    "Time to answer a request.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUEST_QUERIES = Histogram(
    "steward_http_request_queries",
    "Statements sent to the database for a request.",
    ["route"],
    buckets=(0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 100),
)


@dataclass(frozen=True)
class _Gauge(Collector):
    name: str
    title: str
    label: str
    measure: Callable[[], Measured]

    def collect(self) -> Iterable[Metric]:
        try:
            measured = self.measure()
        except DatabaseError as error:
            logger.warning("gauge_not_measured", gauge=self.name, exc_info=error)
            return
        family = GaugeMetricFamily(self.name, self.title, labels=[self.label] if self.label else [])
        for value, number in measured.items() if isinstance(measured, Mapping) else [("", measured)]:
            family.add_metric([value] if self.label else [], number)
        yield family


_measured = CollectorRegistry(auto_describe=False)
_statements: ContextVar[list[int] | None] = ContextVar("statements", default=None)


def gauge(name: str, title: str, *, label: str = "") -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Register a function that measures when `/metrics` is read. With a label it returns a number for each value."""

    def register(measure: Callable[[], Measured]) -> Callable[[], Measured]:
        _measured.register(_Gauge(name, title, label, measure))
        return measure

    return register


def exposition() -> bytes:
    """Every figure as Prometheus text; under several processes their counts are added up."""
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    return bytes(generate_latest(counted)) + bytes(generate_latest(_measured))


@contextmanager
def counting_statements() -> Iterator[list[int]]:
    """Yields a list whose one number grows with each statement sent inside the block."""
    count = [0]
    token = _statements.set(count)
    try:
        yield count
    finally:
        _statements.reset(token)


def count_statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
    """An execute wrapper that stays on the connection: one that comes and goes would take others off with it."""
    count = _statements.get()
    if count is not None:
        count[0] += 1
    return execute(sql, params, many, context)
