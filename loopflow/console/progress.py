"""How far a run is: one line on standard error, on a terminal only, and only when the run takes a while."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

from loopflow.console.streams import OutputStream

if TYPE_CHECKING:  # --version needs none of the types of a run
    import rich.progress

    from loopflow.model.progress import Progress

PATIENCE_SECONDS = 0.3
_MEGABYTE = 1_000_000


def show_progress(
    stderr: OutputStream, environment: Mapping[str, str], *, wanted: bool
) -> "AbstractContextManager[Progress]":
    """Return a context in which progress is shown, or none where nobody would look: no terminal, CI, pre-commit."""
    if wanted and stderr.is_terminal() and not (environment.get("CI") or environment.get("PRE_COMMIT")):
        return ProgressLine(stderr, environment)
    from loopflow.model.progress import NoProgress  # noqa: PLC0415

    return nullcontext(NoProgress())


class ProgressLine:
    """Files and megabytes that were read, and the time that is left."""

    def __init__(self, stderr: OutputStream, environment: Mapping[str, str]) -> None:
        self._stderr = stderr
        self._environment = environment
        self._begun = time.monotonic()
        self._shown: rich.progress.Progress | None = None
        self._totals = (0, 0)
        self._done = [0, 0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._shown:
            self._shown.stop()

    def start(self, files: int, size: int) -> None:
        """Take note that `files` files of `size` bytes (0 if not known) will be read."""
        self._totals = files, size

    def advance(self, files: int, size: int) -> None:
        """Take note that so many more are done."""
        self._done[0] += files
        self._done[1] += size
        if self._shown is None and time.monotonic() - self._begun > PATIENCE_SECONDS:
            self._show()
        if self._shown:
            by_size = bool(self._totals[1])
            self._shown.update(
                self._shown.task_ids[0],
                completed=self._done[by_size],
                files=f"{self._done[0]:,} of {self._totals[0]:,} files, {self._done[1] / _MEGABYTE:,.0f} MB",
            )

    def _show(self) -> None:
        from rich.console import Console  # noqa: PLC0415  only a long run on a terminal pays for it
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        self._shown = Progress(
            TextColumn("counting"),
            BarColumn(),
            TextColumn("{task.fields[files]}"),
            TimeRemainingColumn(),
            console=Console(file=self._stderr.text, _environ=self._environment),
            transient=True,
            redirect_stdout=False,  # which would change the process's own
            redirect_stderr=False,
        )
        self._shown.add_task("counting", total=self._totals[1] or self._totals[0], files="")
        self._shown.start()  # which can be interrupted, so that `__exit__` must know of it by now
