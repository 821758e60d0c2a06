"""Secrets hidden in a text of a tool, and how many; whoever reads a file that had some is told not to write it."""

from typing import Final, NamedTuple

from loopflow.analysis.redact import redact

_MARK: Final = "[redacted:"
_LINE_END: Final = "\n"


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
    """Return a text without its secrets: the same object if it has none."""
    data = text.encode("utf-8", "surrogatepass")
    safe = redact(data)
    if safe == data:
        return Hidden(text, 0)
    shown = safe.decode("utf-8", "surrogatepass")
    return Hidden(shown, max(shown.count(_MARK) - text.count(_MARK), 1))
