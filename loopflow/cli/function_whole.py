"""Parts of `loopflow function` that nothing is left out of: the code that a hash is of, and the closure."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural
from loopflow.cli.function_run import Run
from loopflow.console.console import Console
from loopflow.errors import ExitCode, LoopflowError, UsageError, describe_os_error
from loopflow.function.closure import Closure
from loopflow.function.model import CodeOptimizationContext, CodeStringsMarkdown, FunctionToOptimize
from loopflow.function.working import check_blocks, strip_docstrings
from loopflow.io.writing import write_atomically

WHOLE_PARTS: Final = frozenset({"hashing", "closure"})
_FEW: Final = 3


def write_whole(run: Run, targets: Sequence[FunctionToOptimize]) -> str:
    """Return such a part of functions together as Markdown. Raises LoopflowError where --fit has no room for it."""
    if not targets:
        return ""
    closure = run.workshop.close(targets) if run.given["part"] == "closure" else None
    if closure:
        _tell(closure, run.console)
    blocks = closure.blocks if closure else _hashing(run, targets)
    check_blocks([blocks])
    tokens = run.workshop.tally.count(blocks.markdown)
    if run.fits_all and run.limit is not None and tokens > run.limit:
        what = f"the {run.given['part']} does not fit {run.limit:,} tokens: it needs {tokens:,}"
        raise LoopflowError(what, f"write --fit {tokens}: nothing of it is left out", ExitCode.OVER_BUDGET)
    if closure and run.given["write"] is not None:
        write_files(closure, run.given["write"], run.here)
        run.console.note(f"{plural(len(closure.files), 'file')} written to {escape_name(run.given['write'])}")
        return ""
    return blocks.markdown


def whole_contexts(
    run: Run, contexts: Iterable[CodeOptimizationContext]
) -> Mapping[FunctionToOptimize, CodeStringsMarkdown]:
    """Return such a part of each function."""
    is_closure = run.given["part"] == "closure"
    return {
        each.target: run.workshop.close([each.target]).blocks if is_closure else _hashing(run, [each.target])
        for each in contexts
    }


def write_files(closure: Closure, directory: str, here: str) -> None:
    """Write the files of a closure into a directory that is new, or empty. Raises UsageError, LoopflowError."""
    where = os.path.join(here, directory)
    try:
        if os.path.lexists(where) and (os.path.islink(where) or not os.path.isdir(where) or os.listdir(where)):
            raise UsageError(f"{escape_name(directory)} is no empty directory", "name a new one")
        for path, code in closure.files.items():
            os.makedirs(os.path.dirname(os.path.join(where, path)), exist_ok=True)
            write_atomically(os.path.join(where, path), code, here)
    except OSError as error:
        what = f"{escape_name(directory)} cannot be written: {describe_os_error(error)}"
        raise LoopflowError(what, "name another directory") from error


def _hashing(run: Run, targets: Sequence[FunctionToOptimize]) -> CodeStringsMarkdown:
    workshop = run.workshop
    pieces = workshop.combine([workshop.find(each) for each in targets])
    return strip_docstrings(workshop.builder.render(pieces.read_writable, targets[0].path).markdown)


def _tell(closure: Closure, console: Console) -> None:
    """Say what may be missing, and what is left out."""
    for notes, what in (
        (closure.dynamic, "may be incomplete, since a name is computed"),
        (closure.dropped, "left out"),
    ):
        shown = [f"{escape_name(f'{each.path}:{each.line}')}" for each in notes[:_FEW]]
        more = f" and {len(notes) - _FEW:,} more" if len(notes) > _FEW else ""
        if notes:
            console.note(f"{what}: {', '.join(shown)}{more}")
