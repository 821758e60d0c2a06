"""Who uses what was changed, as blocks of Markdown that hold no code of Python's."""

from collections.abc import Iterable, Sequence
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.function.model import FunctionToOptimize, escape_info
from loopflow.function.users import Affected, Caller

MOST_AFFECTED: Final = 50


def write_callers(callers: Sequence[Caller], most: int | None = None) -> str:
    """Return the heads of the functions that call, and the lines, a block a file; "" for none. `most` are shown."""
    shown = list(callers)[:most]
    if not shown:
        return ""
    blocks: list[str] = []
    for path in dict.fromkeys(each.path for each in shown):
        lines: list[str] = []
        for each in (caller for caller in shown if caller.path == path):
            head = f"{each.at}  {each.head}" if each.qualname else "the module"
            if head not in lines:
                lines.append(head)
            if each.line != each.at:
                lines.append(f"{each.line}      {each.text}")
        blocks.append(_fence("\n".join(dict.fromkeys(lines)), f"text:{escape_info(path)}"))
    return "Callers:\n\n" + "\n".join(blocks) + _rest(len(callers) - len(shown))


def write_affected(
    affected: Sequence[Affected], shown: Iterable[FunctionToOptimize] = (), most: int | None = None
) -> str:
    """Return the functions that are affected, by how many steps each is away; those that are `shown` are left out."""
    done = set(shown)
    left = [each for each in affected if each.target not in done]
    listed = left[: MOST_AFFECTED if most is None else min(most, MOST_AFFECTED)]
    if not listed:
        return ""
    lines = [f"{each.distance}  {escape_name(each.target.name)}" for each in listed]
    return "Affected, not shown:\n\n" + _fence("\n".join(lines), "text") + _rest(len(left) - len(listed))


def _fence(text: str, word: str) -> str:
    longest = max((len(run) for run in _runs(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{word}\n{text}\n{fence}\n"


def _runs(text: str) -> Iterable[str]:
    return (part for part in "".join(char if char == "`" else " " for char in text).split())


def _rest(number: int) -> str:
    return f"\nand {number:,} more\n" if number else ""
