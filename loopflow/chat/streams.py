"""Streams of answers that pass through as they are, while somebody looks on."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

from loopflow.chat.answers import Answer

Look = Callable[[Any, Answer], Answer]
Done = Callable[[Answer], None]


class _Looking:
    """What is known of the answer so far; `done` is told once, at the end or when nobody reads on."""

    def __init__(self, inner: Any, look: Look, done: Done) -> None:  # noqa: ANN401  an SDK's stream
        self._inner = inner
        self._look = look
        self._done: Done | None = done
        self._seen = Answer()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._inner, name)

    def _note(self, event: Any) -> Any:  # noqa: ANN401
        self._seen = self._look(event, self._seen)
        return event

    def _finish(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(self._seen)


class Watched(_Looking):
    """A stream; its other attributes are those of the SDK's own."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:  # noqa: ANN401
        try:
            return self._note(next(self._inner))
        except BaseException:
            self._finish()
            raise

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:  # noqa: ANN401
        self._finish()
        return self._inner.__exit__(*error)

    def close(self) -> None:
        """End it."""
        self._finish()
        self._inner.close()


class AsyncWatched(_Looking):
    """A stream of an asynchronous client."""

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # noqa: ANN401
        try:
            return self._note(await self._inner.__anext__())
        except BaseException:
            self._finish()
            raise

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> Any:  # noqa: ANN401
        self._finish()
        return await self._inner.__aexit__(*error)

    async def close(self) -> None:
        """End it."""
        self._finish()
        await self._inner.close()
