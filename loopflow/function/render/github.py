"""Functions as annotations for GitHub, each beside its code; the context itself is for the summary of the step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.function.model import CodeOptimizationContext, FunctionToOptimize, Refused
from loopflow.function.trees import Unread
from loopflow.function.users import Affected, Caller
from loopflow.render.workflow import write_commands

_TITLE: Final = "Function"
_Told: TypeAlias = tuple[Mapping[str, str], str]


@dataclass(frozen=True, slots=True)
class Annotated:
    """All that is annotated: what is over the budget, what is left out, and the rest with its users."""

    made: Sequence[CodeOptimizationContext | Refused]
    notes: Mapping[FunctionToOptimize, str]
    """What became of functions."""
    budget: int | None
    unread: Sequence[Unread]
    callers: Sequence[Caller]
    affected: Sequence[Affected]


def render_github(of: Annotated) -> Iterator[str]:
    """Yield an error for what is over the budget, a warning for what is left out, and a notice for all else."""
    over, left_out, notices = list[_Told](), list[_Told](), list[_Told]()
    for made in of.made:
        path, line = made.target.path, made.target.start
        if of.budget is not None and made.needed > of.budget:
            over.append(_at(path, line, "over the budget", _needs(made)))
        elif isinstance(made, Refused):
            left_out.append(_at(path, line, "left out", made.left_out))
        else:
            notices.append(_at(path, line, of.notes.get(made.target, ""), _needs(made)))
    notices += [
        _at(each.path, each.line, "caller", escape_name(f"{each.qualname or 'the module'}: {each.text}"))
        for each in of.callers
    ]
    for near in of.affected:
        message = f"{escape_name(near.target.name)} reaches what is changed, {near.distance:,} steps away"
        notices.append(_at(near.target.path, near.target.start, "affected", message))
    left_out += [_at(each.path, 1, "left out", each.message) for each in of.unread]
    for command, found in (("error", over), ("warning", left_out), ("notice", notices)):
        yield from write_commands(command, _TITLE, found)


def _at(path: str, line: int, note: str, message: str) -> _Told:
    title = f"{_TITLE}: {note}" if note else _TITLE
    return {"file": escape_name(path), "line": str(line), "title": title}, message


def _needs(made: CodeOptimizationContext | Refused) -> str:
    return f"{escape_name(made.target.name)} needs {made.needed:,} tokens"
