"""What is known of functions, for a terminal: lists, reasons, and what was not found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import Terminal
from loopflow.function.model import CodeOptimizationContext, FunctionSource, FunctionToOptimize, Refused

_DIGITS: Final = 12
"""Of a hash."""
NO_NOTES: Final[Mapping[FunctionToOptimize, str]] = MappingProxyType({})


def list_functions(
    made: Iterable[CodeOptimizationContext | Refused],
    *,
    hashes: bool = False,
    notes: Mapping[FunctionToOptimize, str] = NO_NOTES,
) -> Iterator[str]:
    """Yield a line for each function: tokens of what is printed and of both contexts, its hash, its name, a note."""
    made = list(made)
    if not made:
        return
    title = f"{'hash':>{_DIGITS}}  " if hashes else ""
    yield f"{'tokens':>9}  {'to change':>9}  {'to read':>9}  {title}function"
    for each in made:
        numbers, name = _row(each)
        yield (
            "  ".join(f"{number:>9}" for number in numbers)
            + (f"  {_hash(each):>{_DIGITS}}" if hashes else "")
            + f"  {name}"
            + (f"  {notes[each.target]}" if each.target in notes else "")
        )


def _hash(each: CodeOptimizationContext | Refused) -> str:
    return "-" if isinstance(each, Refused) else each.hashing_code_context_hash.rpartition(":")[2][:_DIGITS]


def _row(each: CodeOptimizationContext | Refused) -> tuple[Sequence[str], str]:
    name = escape_name(each.target.name)
    if isinstance(each, Refused):
        return (f"{each.tokens:,}", "-", "-"), f"{name}  ({each.reason.replace('_', ' ')})"
    tokens = each.tokens
    steps = f"  (cut: {', '.join(dict.fromkeys(step.name for step in each.steps))})" if each.steps else ""
    return (f"{tokens.printed:,}", f"{tokens.read_writable:,}", f"{tokens.read_only:,}"), name + steps


def tell_why(context: CodeOptimizationContext, terminal: Terminal) -> Iterator[str]:
    """Yield what each piece is and what brought it: level, how it is mentioned and where, and how it was found."""
    yield terminal.palette.bold(escape_name(context.target.name))
    for title, found in (
        ("what it mentions", [each for each in (*context.helpers, *context.variables) if each.level == 1]),
        ("what that mentions", [each for each in (*context.helpers_of_helpers, *context.variables) if each.level != 1]),
    ):
        if found:
            yield ""
            yield terminal.palette.bold(title)
            yield from map(_why, found)
    if context.steps:
        yield ""
        yield terminal.palette.bold("left out")
        yield from (f"  {step.name}  {escape_name(step.what)}".rstrip() for step in context.steps)
    if context.beyond:
        yield ""
        yield terminal.palette.bold("mentioned there, and not shown")
        yield from (f"  {escape_name(each)}" for each in context.beyond)


def _why(source: FunctionSource) -> str:
    name = escape_name(f"{source.path}:{source.qualname}")
    path, _, by = source.by.rpartition(":")
    where = f"{path.rpartition('/')[2]}:{source.line} in {by or 'the module'}"
    return f"  {name}  {source.kind}; {source.rule}, found by {source.via}; {escape_name(where)}"


def tell_unresolved(contexts: Iterable[CodeOptimizationContext]) -> Iterator[str]:
    """Yield a line for each reference that was not found, and why."""
    for context in contexts:
        for each in context.unresolved:
            place = f"{context.target.path}:{each.line}:{each.column + 1}"
            yield f"{escape_name(place)}: {escape_name(each.text)}: {each.reason}"
