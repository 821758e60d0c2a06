"""Figures for Prometheus. Labels come from fixed sets: nothing that is asked becomes one."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from loopflow.service.model import CacheFigures, Priority, TaskStatus

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PREFIX = "loopflow"


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("requests", "Requests.", ["route", "status"], namespace=_PREFIX, registry=registry)
        self._seconds = Histogram(
            "request_seconds", "Time of requests.", ["route"], namespace=_PREFIX, registry=registry, buckets=_SECONDS
        )
        self._hits = Gauge("cache_hits_total", "Counts by level.", ["level"], namespace=_PREFIX, registry=registry)
        self._misses = Gauge("cache_misses_total", "Misses.", ["level"], namespace=_PREFIX, registry=registry)
        self._batches = Histogram(
            "batch_texts",
            "Texts in a pass.",
            namespace=_PREFIX,
            registry=registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self._tokens = Counter("tokens_counted", "Tokens.", ["encoding"], namespace=_PREFIX, registry=registry)
        self._tasks = Gauge("tasks", "Tasks.", ["status", "priority"], namespace=_PREFIX, registry=registry)
        self._task_seconds = Histogram(
            "task_seconds", "Time from creation to end.", namespace=_PREFIX, registry=registry, buckets=_SECONDS
        )
        self._retries = Counter("task_retries", "Tasks to be tried again.", namespace=_PREFIX, registry=registry)
        self._reference_errors = Counter(
            "reference_errors", "References that failed.", ["kind", "code"], namespace=_PREFIX, registry=registry
        )
        self._reference_seconds = Histogram(
            "reference_seconds", "Time of references.", ["kind"], namespace=_PREFIX, registry=registry, buckets=_SECONDS
        )
        self._in_flight = Gauge(
            "in_flight", "Requests that are worked on or wait.", namespace=_PREFIX, registry=registry
        )
        self._store_up = Gauge("store_up", "Whether the database answers.", namespace=_PREFIX, registry=registry)
        self._known: dict[tuple[str, int], Counter] = {}
        self._known_seconds: dict[str, Histogram] = {}
        self._known_tokens: dict[str, Counter] = {}

    def note_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        counter = self._known.get((route, status))
        if counter is None:
            counter = self._known[route, status] = self._requests.labels(route, str(status))
            self._known_seconds.setdefault(route, self._seconds.labels(route))
        counter.inc()
        self._known_seconds[route].observe(seconds)

    def note_batch(self, size: int) -> None:
        """Count a pass of the engine."""
        self._batches.observe(size)

    def note_tokens(self, encoding: str, tokens: int) -> None:
        """Count tokens."""
        counter = self._known_tokens.get(encoding)
        if counter is None:
            counter = self._known_tokens[encoding] = self._tokens.labels(encoding)
        counter.inc(tokens)

    def note_task(self, seconds: float, *, again: bool) -> None:
        """Count a task that ended, or is to be tried again."""
        if again:
            self._retries.inc()
        else:
            self._task_seconds.observe(max(seconds, 0))

    def note_references(self, kind: str, seconds: float, codes: Mapping[str, int]) -> None:
        """Count references of a kind that were resolved together, and how many failed by code."""
        self._reference_seconds.labels(kind).observe(seconds)
        for code, number in codes.items():
            self._reference_errors.labels(kind, code).inc(number)

    def render(self, cache: CacheFigures, tasks: Mapping[tuple[TaskStatus, Priority], int], in_flight: int) -> bytes:
        """Return all of it as text."""
        for level in ("memory", "database", "computed"):
            self._hits.labels(level).set(cache.hits.get(level, 0))
        for level in ("memory", "database"):
            self._misses.labels(level).set(cache.misses.get(level, 0))
        for status in TaskStatus:
            for priority in Priority:
                self._tasks.labels(status.value, priority.name.lower()).set(tasks.get((status, priority), 0))
        self._in_flight.set(in_flight)
        self._store_up.set(cache.store == "up")
        return generate_latest(self._registry)
