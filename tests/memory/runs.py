"""Runs to remember, and a graph whose server is killed at a call of one's choice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from loopflow.memory.graph import LocalGraph
from loopflow.memory.model import Failed, MemoryServerError, Run

START = datetime(2025, 5, 7, 22, 30, 45, tzinfo=UTC)
REFS = tuple(f"ERR-7K3QF2A4{chr(65 + number)}X" for number in range(8))


def make_run(number: int, *refs: str, log: str = "app.log", kind: str = "StockError", seconds: int = 60) -> Run:
    """Return the run of a number, in which these failed, each twice."""
    failures = tuple(Failed(ref, kind, 2, log, 3, 5, f"{ref[-2:]}: 3 left, 5 asked") for ref in refs)
    at = START + timedelta(seconds=seconds * number)
    counts = {"critical": len(refs)}
    return Run(
        f"id{number}", at, log, "shop", "ab" * 32, 48_213, 812_440, 5_918, "o200k_base", "test", counts, failures
    )


class Killed:
    """The tools of a graph, of which so many are called; at the next it is killed, before or after that was done."""

    def __init__(self, graph: LocalGraph, calls: int, *, after: bool) -> None:
        self._graph, self._calls, self._after = graph, calls, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:  # noqa: ANN401  what each tool takes
            self._calls -= 1
            if self._calls < 0 and not self._after:
                raise MemoryServerError("killed")
            result = getattr(self._graph, name)(*arguments)
            if self._calls < 0:
                raise MemoryServerError("killed")
            return result

        return call
