"""Secrets hidden in a text of a tool, and how many; whoever reads a file that had some is told not to write it."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from loopflow.analysis.redact import redact
from loopflow.chat.narrowing.keys import MARK, tell_apart

_LINE_END: Final = "\n"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[mK]")


class Hidden(NamedTuple):
    """A text without the secrets in it, and how many there were."""

    text: str
    number: int

    @property
    def remark(self) -> str:
        """What whoever reads a file is told below it, "" where nothing is to be said."""
        if not self.number:
            return ""
        secrets = f"{self.number} secret{'' if self.number == 1 else 's'} hidden"
        return f"[loopflow: {secrets}: edit other lines only, never write this file whole]"

    def with_remark(self, shown: str) -> str:
        """Return what is shown of the text, with the remark on a line of its own."""
        if not self.number:
            return shown
        return f"{shown}{'' if shown.endswith(_LINE_END) else _LINE_END}{self.remark}"


def hide(text: str) -> Hidden:
    """Return a text without its secrets: the same object if it has none.

    Where colours stand within secrets, as those of a search do, all of them go.
    """
    found = _hide(text)
    plain = _COLOUR.sub("", text) if "\x1b[" in text else text
    if plain != text and (bare := _hide(plain)).number > found.number:
        return bare
    return found


def hide_together(texts: Sequence[str]) -> list[str]:
    """Return texts without the secrets in them, be it one that goes through several, as the lines of a key do."""
    found = _hide("\n".join(texts))
    if not found.number and not any("\x1b[" in text for text in texts):
        return list(texts)
    lines = found.text.split("\n")
    ends = list(accumulate(text.count("\n") + 1 for text in texts))
    if ends and ends[-1] == len(lines):
        texts = ["\n".join(lines[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    return [tell_apart(hide(text).text) for text in texts]


def _hide(text: str) -> Hidden:
    data = text.encode("utf-8", "surrogatepass")
    safe = redact(data)
    if safe == data:
        return Hidden(text, 0)
    shown = tell_apart(safe.decode("utf-8", "surrogatepass"))
    return Hidden(shown, max(shown.count(MARK) - text.count(MARK), 1))
