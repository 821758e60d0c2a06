"""Which texts tiktoken counts in any case, since another engine may count them otherwise.

A pattern treats a letter, a digit and a mark each in its own way, so a character that is assigned in one version of
Unicode and not yet in another is split differently by engines that know different versions. Every text with a code
point that is unassigned in the version of the tested tiktoken is therefore counted by the reference. So is a long s
after an apostrophe: to the reference, it may end a contraction, as an "s" does; not every engine agrees.
"""

from bisect import bisect

_LONG_S_CONTRACTED = "'\u017f"
_ASCII = bytes(range(128))


class Gate:
    """Tells which texts are the reference's. It remembers the characters that are everybody's. Threads may share it."""

    def __init__(self) -> None:
        self._edges: list[int] = []
        self._fine: set[str] = set()

    def holds(self, text: str) -> bool:
        """Whether `text` is for the reference alone."""
        if text.isascii():
            return False
        # Without what is ASCII there is mostly next to nothing left, and what follows takes time for each character.
        met = set(text.encode().translate(None, _ASCII).decode())
        new = met - self._fine
        if any(map(self._is_unassigned, new)):
            return True
        self._fine.update(new)
        return _LONG_S_CONTRACTED in text

    def _is_unassigned(self, char: str) -> bool:
        if not self._edges:
            from loopflow.tokens.unassigned import unassigned_edges  # noqa: PLC0415

            self._edges = unassigned_edges()
        return bool(bisect(self._edges, ord(char)) % 2)
