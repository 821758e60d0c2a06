"""Repeated calls of a tool answered from memory. Nothing is remembered until somebody asks for it.

Only whoever wrote a tool knows whether it changes nothing and gives the same answer again, so `cached` is called for
each. A tool that changes something, `watch`ed, ends what the others remember.
"""

import inspect
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from functools import wraps
from itertools import count
from threading import Lock
from typing import Any, Final, TypeVar

_MOST: Final = 1_000
_Tool = TypeVar("_Tool", bound=Callable[..., Any])


class Repeats:
    """Answers of tools. One for each conversation or agent; for many threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._answers: OrderedDict[tuple[str, str], tuple[float, Any]] = OrderedDict()
        self._ends: dict[str, frozenset[str]] = {}
        self._made = count(1)
        self._changes = 0

    def cached(
        self,
        tool: _Tool,
        *,
        read_only: bool = True,
        ttl: float = 300,
        ends_on: Sequence[str] = ("edit", "write", "shell"),
    ) -> _Tool:
        """Return a tool that answers a call with the same arguments from memory, for `ttl` seconds.

        One that is not `read_only` is returned as it is. `ends_on` are the names of watched tools, or words in them,
        after which it is asked again. What is raised is not remembered, nor what can be read only once.
        """
        if not read_only:
            return tool
        name = f"{getattr(tool, '__name__', '')} {next(self._made)}"  # others may be called the same
        with self._lock:
            self._ends[name] = frozenset(word.lower() for word in ends_on)
        if _is_async(tool):

            @wraps(tool)
            async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
                key = _make_key(name, args, kwargs)
                found, answer = self._find(key, ttl)
                changes = self._changes
                return answer if found else self._keep(key, await tool(*args, **kwargs), changes)

            return call_async  # type: ignore[return-value]

        @wraps(tool)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            key = _make_key(name, args, kwargs)
            found, answer = self._find(key, ttl)
            changes = self._changes
            return answer if found else self._keep(key, tool(*args, **kwargs), changes)

        return call  # type: ignore[return-value]

    def watch(self, tool: _Tool) -> _Tool:
        """Return a tool after each call of which, failed or not, others are asked again."""
        name = getattr(tool, "__name__", repr(tool))
        if _is_async(tool):

            @wraps(tool)
            async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
                try:
                    return await tool(*args, **kwargs)
                finally:
                    self.called(name)

            return call_async  # type: ignore[return-value]

        @wraps(tool)
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            try:
                return tool(*args, **kwargs)
            finally:
                self.called(name)

        return call  # type: ignore[return-value]

    def called(self, name: str) -> None:
        """Take note that a tool was called: what ends on that is forgotten."""
        with self._lock:
            self._changes += 1
            over = {tool for tool, words in self._ends.items() if any(word in name.lower() for word in words)}
            for key in [key for key in self._answers if key[0] in over]:
                del self._answers[key]

    def _find(self, key: tuple[str, str] | None, ttl: float) -> tuple[bool, Any]:
        with self._lock:
            kept = self._answers.get(key) if key else None
            if kept is None or self._clock() - kept[0] >= ttl:
                return False, None
            return True, kept[1]

    def _keep(self, key: tuple[str, str] | None, answer: Any, changes: int) -> Any:  # noqa: ANN401
        """Keep an answer, and return it. What was asked before something changed may be over: it is not kept."""
        if isinstance(answer, Iterator | AsyncIterator | Awaitable):  # the second who reads it would find nothing
            return answer
        with self._lock:
            if key is not None and changes == self._changes:
                self._answers[key] = self._clock(), answer
                self._answers.move_to_end(key)
                while len(self._answers) > _MOST:
                    self._answers.popitem(last=False)
        return answer


def _is_async(tool: Callable[..., Any]) -> bool:
    """Whether a tool, a function or an object that is called like one, is asynchronous."""
    return inspect.iscoroutinefunction(tool) or inspect.iscoroutinefunction(type(tool).__call__)


def _make_key(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, str] | None:
    """Return what tells a call from others; None for arguments that are no plain data: it is not remembered."""
    try:
        text = json.dumps([list(args), kwargs], sort_keys=True)
        return (name, text) if json.loads(text) == [list(args), kwargs] else None  # {1: ...} is not {"1": ...}
    except (TypeError, ValueError, RecursionError):
        return None


_SHARED: Final = Repeats()
cached = _SHARED.cached
watch = _SHARED.watch
