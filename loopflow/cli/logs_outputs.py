"""Where what `loopflow logs` makes goes beside standard output, and in which forms."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from loopflow.analysis.names import escape_name
from loopflow.cli.logs import FORMS
from loopflow.console.console import Console
from loopflow.errors import LoopflowError, UsageError
from loopflow.io.writing import write_atomically
from loopflow.logs.model import Digest
from loopflow.logs.records import Kept
from loopflow.logs.render.markdown import Bounds, Document, fit_markdown
from loopflow.logs.running import Reduced
from loopflow.logs.settings import LogSettings
from loopflow.logs.sizes import read_bytes_option
from loopflow.logs.whole import count_all
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.find_config import find_root

if TYPE_CHECKING:  # most runs keep nothing in a directory
    from loopflow.logs.rotating import Rotation

_OF_DIGESTS: Final = frozenset({"markdown", "github"})


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that are asked for, each a form and a path, and where digests are kept."""

    here: str
    reports: tuple[tuple[str, str], ...] = ()
    rotation: "Rotation | None" = None

    def write(self, path: str, text: str, console: Console) -> None:
        """Write a report. Raises LoopflowError where it is impossible."""
        write_atomically(path, text, self.here, console.handles)

    @contextmanager
    def keeping(self, digest: Digest, kept: Sequence[Kept], console: Console) -> Iterator[None]:
        """Keep a digest and originals in the directory when the context ends; where that fails it is said."""
        if self.rotation is None:
            yield
            return
        with ExitStack() as stack:
            originals = _open_originals(kept, stack)  # held: remembering gives them other names
            try:
                yield
            finally:
                _keep(self.rotation, digest, originals, console)


class Forms:
    """Draws a digest in each form. What is bounded is counted as a whole."""

    def __init__(self, reduced: Reduced, counter: TokenCounter) -> None:
        self._reduced = reduced
        self._counter = counter
        self._limit = reduced.digest.fit - reduced.digest.buffer

    def draw(self, form: str) -> Document:
        """Return the document, with the digest that it tells. Raises LoopflowError where too few tokens are allowed."""
        digest = self._reduced.digest
        if form == "json":
            from loopflow.logs.render.json import render_json  # noqa: PLC0415

            return Document(render_json(digest), digest)
        if form == "html":
            from loopflow.logs.render.html import render_html  # noqa: PLC0415

            return Document("".join(render_html(digest)), digest)
        if form == "github":
            from loopflow.logs.render.github import fit_github  # noqa: PLC0415

            return Document(fit_github(digest, self._count, self._limit), digest)
        if form == "markdown":
            return self.draw_markdown()
        return Document(digest.text, digest)

    def draw_markdown(self, most: int | None = None) -> Document:
        """Return the digest as Markdown, in at most so many bytes if that is asked for."""
        return fit_markdown(self._reduced, Bounds(self._count, self._limit, most))

    def _count(self, text: str) -> int:
        [tokens] = count_all(self._counter, [text])
        return tokens


def read_outputs(given: Mapping[str, Any], settings: LogSettings, here: str, stack: ExitStack) -> Outputs:
    """Return what options and settings say of outputs; the directory is open until `stack` ends. Raises UsageError."""
    reports = tuple(_read_report(value) for value in given["report"])
    if given["profile"]:
        for form in (given["format"], *(form for form, _ in reports)):
            if form in _OF_DIGESTS:
                raise UsageError(f"{form} is a form of a digest, and --profile makes none", "take text, json or html")
        if given["output_dir"] is not None:
            raise UsageError("--output-dir keeps digests, and --profile makes none", "leave one of them out")
        return Outputs(here, reports)
    return Outputs(here, reports, _read_rotation(given, settings, here, stack))


def _read_report(value: str) -> tuple[str, str]:
    form, _, path = value.partition(":")
    if form not in FORMS or not path:
        raise UsageError(f"--report {escape_name(value)}", f"write FORM:FILE, with one of {', '.join(FORMS)}")
    return form, path


def _read_rotation(given: Mapping[str, Any], settings: LogSettings, here: str, stack: ExitStack) -> "Rotation | None":
    size = given["max_log_size"]
    most_bytes = read_bytes_option(size, "--max-log-size") if size is not None else settings.max_log_size
    asked = given["output_dir"]
    path = settings.output_dir if asked is None else asked
    if path is None:
        return None
    from loopflow.logs.rotating import Rotation, open_output  # noqa: PLC0415

    root = (find_root(here) or here) if asked is None else ""
    directory = stack.enter_context(open_output(path, here, root))
    return Rotation(directory, most_bytes, given["max_logs"] or settings.max_logs)


def _open_originals(kept: Sequence[Kept], stack: ExitStack) -> list[BinaryIO]:
    archives = [each.archive for each in kept if each.archive and each.archive.finish()]
    return [stack.enter_context(open(archive.path, "rb")) for archive in archives if os.path.exists(archive.path)]


def _keep(rotation: "Rotation", digest: Digest, originals: Sequence[BinaryIO], console: Console) -> None:
    from loopflow.logs.rotating import rotate  # noqa: PLC0415

    try:
        rotate(rotation, digest, originals, datetime.now(UTC))
    except LoopflowError as error:
        console.warn(error.message)
